// CVE-2019-12779's kind: a link, a FIFO or a file that stands where the daemon is about to make its
// own. Nothing behind it is touched, nobody waits for it, and what comes of it is said.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "node/daemon.hh"
#include "node/record.hh"
#include "node/state_directory.hh"
#include "tests/node/temporary.hh"
#include "transport/shm/handshake.hh"

namespace gyre::node {
namespace {

class Planted : public testing::Test {
 protected:
  void SetUp() override { test::write_file(victim, "precious"); }
  // Each of what can be laid there, under that name; `make` is what the daemon does then.
  void lay(const std::string& name, const std::function<void()>& make) {
    const std::string path = directory / name;
    for (const auto& [what, put] :
         std::initializer_list<std::pair<const char*, std::function<int()>>>{
             {"link", [&] { return ::symlink(victim.c_str(), path.c_str()); }},
             {"link to nothing",
              [&] { return ::symlink((directory / "nothing").c_str(), path.c_str()); }},
             {"hard link", [&] { return ::link(victim.c_str(), path.c_str()); }},
             {"FIFO", [&] { return ::mkfifo(path.c_str(), 0666); }},
             {"directory", [&] { return ::mkdir(path.c_str(), 0777); }}}) {
      SCOPED_TRACE(what);
      std::filesystem::remove_all(path);
      ASSERT_EQ(put(), 0);
      make();
      EXPECT_EQ(test::read_file(victim), "precious");
      EXPECT_FALSE(std::filesystem::exists(directory / "nothing"));
    }
    std::filesystem::remove_all(path);
  }
  template <typename Make>
  static void refused(Make make) {
    try {
      make();
      ADD_FAILURE() << "it was taken";
    } catch (const std::exception& error) {
      EXPECT_STRNE(error.what(), "");
    }
  }

  test::TemporaryDirectory directory;
  const std::string victim = directory / "victim";
};

TEST_F(Planted, AtTheStateAsideIsTakenAway) {
  const StateDirectory state(directory.path());
  lay("ringid.new", [&] {
    if (std::filesystem::is_directory(std::filesystem::symlink_status(directory / "ringid.new")))
      return refused([&] { state.replace("ringid", "new"); });
    state.replace("ringid", "new");
    EXPECT_EQ(test::read_file(directory / "ringid"), "new");
  });
}

TEST_F(Planted, AtTheStateIsReplacedAndNeverWaitedFor) {
  const StateDirectory state(directory.path());
  lay("ringid", [&] {
    const auto type = std::filesystem::symlink_status(directory / "ringid").type();
    if (type == std::filesystem::file_type::directory)
      return refused([&] { state.replace("ringid", "new"); });
    if (type == std::filesystem::file_type::symlink)
      refused([&] { static_cast<void>(state.read("ringid", 100)); });
    else
      static_cast<void>(state.read("ringid", 100));
    state.replace("ringid", "new");
    EXPECT_EQ(state.read("ringid", 100), "new");
  });
}

TEST_F(Planted, AtTheRecordGetsNothing) {
  lay("record", [&] {
    const FileRecorder recorder(directory / "record", NodeId{1}, 7, 1 << 20);
    std::filesystem::remove(directory / "record.0000000000000007");
  });
}

TEST_F(Planted, AtTheSocketIsNoSocket) {
  lay("gyre.sock", [&] { refused([&] { const shm::Listener listener(directory.path()); }); });
  EXPECT_NO_THROW(shm::Listener{directory.path()});
}

TEST_F(Planted, AtThePidIsNotWritten) {
  lay("gyred.pid", [&] { refused([&] { const PidFile pid(directory.path()); }); });
  EXPECT_NO_THROW(PidFile{directory.path()});
}

}  // namespace
}  // namespace gyre::node
