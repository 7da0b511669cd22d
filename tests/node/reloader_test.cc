// What of a changed corosync.conf counts without a restart, and why a file is refused.
#include "node/reloader.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "node/key_map.hh"
#include "tests/node/temporary.hh"

namespace gyre::node {
namespace {

using testing::HasSubstr;

class Reloads : public testing::Test {
 protected:
  static std::string text(const std::string& totem = "", const std::string& more = "") {
    return "totem {\n  version: 2\n  transport: udpu\n" + totem +
           "}\nnodelist {\n  node {\n    nodeid: 7\n    ring0_addr: 127.0.0.1\n  }\n}\n" + more;
  }
  std::string logging(const std::string& to_logfile, const std::string& file) const {
    return "logging {\n  to_syslog: no\n  to_stderr: no\n  to_logfile: " + to_logfile +
           "\n  logfile: " + file + "\n}\n";
  }
  // What is in force, as if the daemon had started with it.
  void in_force(const std::string& content) { config = parse_config(content, config.file); }
  // Why the file is refused with this content, if it is.
  std::string refused(const std::string& content) {
    test::write_file(config.file, content);
    return reloader.read().refused;
  }

  test::TemporaryDirectory directory;
  Config config = parse_config(text(), directory / "ring.conf");
  Admission admission;
  LogWriter writer{{.to_stderr = false, .to_syslog = false, .logfile = {}}, false};
  KeyMap key_map{{.config = config, .local = {}, .admission = admission, .names = {}}};
  Reloader reloader{
      {.config = config, .admission = admission, .writer = writer, .key_map = key_map}};
};

TEST_F(Reloads, ALogThatCannotBeOpenedIsRefusedEvenIfItWasNamedBefore) {
  const std::string file = directory / "nowhere/log";
  in_force(text("", logging("no", file)));
  EXPECT_THAT(refused(text("", logging("yes", file))),
              HasSubstr("logging.logfile: " + file + ": No such file or directory"));
  test::write_file(directory / "nowhere", "no directory");
  in_force(text("", logging("yes", file)));
  EXPECT_THAT(refused(text("", logging("yes", file))), HasSubstr("Not a directory"));
}

TEST_F(Reloads, NoLogIsLeftBehindIfAnotherNodeRefuses) {
  const std::string file = directory / "log";
  EXPECT_EQ(refused(text("", logging("yes", file))), "");
  reloader.end(false);
  EXPECT_FALSE(std::filesystem::exists(file));

  EXPECT_EQ(refused(text("", logging("yes", file))), "");
  reloader.end(true);
  writer.write(LogLevel::info, "kept");
  writer.flush();
  EXPECT_EQ(refused(text("", logging("yes", file))), "");
  reloader.end(false);
  EXPECT_THAT(test::read_file(file), HasSubstr("kept"));
}

// The daemon would not start with it any more.
TEST_F(Reloads, ANodelistWithoutThisNodeIsRefused) {
  std::string moved = text();
  moved.replace(moved.find("127.0.0.1"), 9, "192.0.2.7");
  EXPECT_THAT(refused(moved), HasSubstr(directory / "ring.conf:6: "));
  Reloader eight({.config = config,
                  .admission = admission,
                  .writer = writer,
                  .key_map = key_map,
                  .nodeid = 8});
  test::write_file(config.file, text());
  EXPECT_THAT(eight.read().refused, HasSubstr("no node has --nodeid 8"));
}

}  // namespace
}  // namespace gyre::node
