// What of a changed corosync.conf counts without a restart, and why a file is refused.
#include "node/reloader.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/node/reloading.hh"

namespace gyre::node {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Reloads : public testing::Test, protected test::Reloading {
 protected:
  Reloads() : Reloading(text()) {}

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
  std::string key(const std::string& name) {
    const CmapValue* value = key_map.icmap().find(name);
    return value ? cmap_text(*value) : "";
  }
};

TEST_F(Reloads, WhatCanChangeCountsWhenItIsApplied) {
  const std::string next =
      text("  join: 77\n  window_size: 40\n", "own {\n  key: 1\n}\nuidgid {\n  uid: 4242\n}\n");
  ASSERT_EQ(refused(next), "");
  EXPECT_EQ(config.timers.join, milliseconds(50));
  reloader.end(false);
  reloader.end(true);  // of what was forgotten
  EXPECT_EQ(config.timers.join, milliseconds(50));
  EXPECT_EQ(key("own.key"), "");

  test::write_file(config.file, next);
  const Reloader::Reading reading = reloader.read();
  EXPECT_EQ(reading.timers.join, milliseconds(77));
  reloader.end(true);
  EXPECT_EQ(config.timers.join, milliseconds(77));
  EXPECT_EQ(config.timers.global_window, 0u);
  EXPECT_EQ(key("own.key"), "1");
  EXPECT_EQ(key("runtime.config.totem.join"), "77");
  EXPECT_EQ(key("uidgid.config.uid.4242"), "1");
  EXPECT_THAT(admission.uids(), testing::Contains(4242u));
  EXPECT_THAT(reloader.fixed(), ElementsAre("totem.window_size"));
}

TEST_F(Reloads, WhoeverTracksItHearsHowItEnds) {
  EXPECT_EQ(key("config.reload_status"), "") << "there was none";
  ASSERT_EQ(refused(text("  join: 77\n")), "");
  EXPECT_EQ(key("config.reload_in_progress"), "1");
  reloader.end(true);
  EXPECT_EQ(key("config.reload_in_progress"), "0");
  EXPECT_EQ(key("config.reload_status"), "1");
  EXPECT_EQ(key("config.reload_error_message"), "");
  const std::string why = refused(text("  version: 3\n"));
  reloader.end(false);
  EXPECT_EQ(key("config.reload_in_progress"), "0");
  EXPECT_EQ(key("config.reload_status"), "7");
  EXPECT_EQ(key("config.reload_error_message"), why);
  ASSERT_EQ(refused(text()), "");
  reloader.end(false);
  EXPECT_EQ(key("config.reload_error_message"), "nothing changed: the log says why");
}

TEST_F(Reloads, NoTimerChangesIfTheTokenIsWrittenOtherwise) {
  for (const char* token : {"  token: 5000\n", "  consensus: 9000\n"}) {
    ASSERT_EQ(refused(text(std::string(token) + "  join: 77\n")), "");
    reloader.end(true);
    EXPECT_EQ(config.timers.join, milliseconds(50));
    EXPECT_EQ(config.timers.token_loss, milliseconds(3000));
    EXPECT_EQ(config.timers.consensus, milliseconds(3600));
    const std::string name = std::string("totem.") + (token[2] == 't' ? "token" : "consensus");
    EXPECT_THAT(reloader.fixed(), UnorderedElementsAre(name, "totem.join"));
    EXPECT_EQ(key("totem.join"), "");
  }
}

TEST_F(Reloads, AFileThatIsWrongIsRefusedAndChangesNothing) {
  ASSERT_EQ(refused(text("  join: 77\n")), "");
  EXPECT_THAT(refused(text("  version: 3\n")), HasSubstr(config.file + ":4: "));
  reloader.end(true);
  EXPECT_EQ(config.timers.join, milliseconds(50));
  std::filesystem::remove(config.file);
  EXPECT_THAT(reloader.read().refused, HasSubstr(config.file));
}

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
  EXPECT_THAT(eight.read().refused, HasSubstr("no node has --nodeid 8"));
}

// It is not asked for again, from whichever name server.
TEST_F(Reloads, TheNodelistOfTheStartNeedNotBeFoundAgain) {
  std::string elsewhere = text();
  elsewhere.replace(elsewhere.find("127.0.0.1"), 9, "192.0.2.7");
  in_force(elsewhere);
  EXPECT_EQ(refused(elsewhere + "own {\n  key: 1\n}\n"), "");
}

}  // namespace
}  // namespace gyre::node
