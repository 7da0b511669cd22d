// The program itself: what it leaves when it is killed, and what the next one makes of that.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "rm/execute/ledger.hh"
#include "tests/rm/execute/bed.hh"

namespace gyre::rm::execute {
namespace {

using namespace std::chrono_literals;
using Status = Outcome::Status;
using testing::HasSubstr;

struct GyreExec : testing::Test, test::ClientBed {
  pid_t pid = 0;

  ~GyreExec() override {
    if (pid) kill(SIGKILL);
  }
  pid_t spawn(const std::string& log) const {
    const std::string run_dir = directory.path(), ocf_root = directory / "ocf";
    std::vector<const char*> arguments = {GYRE_EXEC, "--run-dir",  run_dir.c_str(),  "--group",
                                          "",        "--ocf-root", ocf_root.c_str(), nullptr};
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    pid_t made = 0;
    EXPECT_EQ(::posix_spawn(&made, GYRE_EXEC, &files, nullptr, const_cast<char**>(arguments.data()),
                            environ),
              0);
    ::posix_spawn_file_actions_destroy(&files);
    return made;
  }
  std::string log() const { return gyre::test::read_file(directory / "log"); }
  void start() { pid = spawn(directory / "log"); }
  int kill(int signal) {
    ::kill(pid, signal);
    return wait();
  }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid, 0), &status, 0);
    return status;
  }
  // In the ledger's entry of what has that key; what it was.
  pid_t change_pid(const std::string& key, pid_t to, std::uint64_t start) const {
    for (const auto& each : std::filesystem::directory_iterator(directory / "exec")) {
      nlohmann::json entry = nlohmann::json::parse(gyre::test::read_file(each.path()));
      if (entry.at("key") != key) continue;
      const pid_t was = entry.at("pid");
      entry["pid"] = to;
      entry["start"] = start;
      gyre::test::write_file(each.path(), entry.dump());
      return was;
    }
    return 0;
  }
  static bool ended(const std::string& process) {
    // Its parent may be one that does not reap it.
    const std::string status = gyre::test::read_file("/proc/" + process + "/status");
    return status.empty() || status.find("State:\tZ") != std::string::npos;
  }
};

TEST_F(GyreExec, KilledAndStartedAnewKillsWhatItsLedgerNames) {
  agent("fast", "exit 0");
  agent("slow", "echo $$ > $here/x; mv $here/x $here/pid; sleep 100");
  start();
  connect();
  until_connected();
  client->run(operation("ran", "slow"));
  client->run(operation("waited", "slow"));
  run(operation("over", "fast"));
  run(recurring("m", "fast", 1h));
  std::string process = content("pid");
  process.pop_back();
  kill(SIGKILL);
  until([&] { return !client->connected(); });
  EXPECT_FALSE(ended(process));
  reports.clear();
  start();
  until_connected(2);
  until_reports(5);
  EXPECT_TRUE(ended(process));
  EXPECT_NE(standings[0].life, standings[1].life);
  EXPECT_EQ(outcome("over").status, Status::done);
  EXPECT_EQ(outcome("ran").status, Status::error);
  EXPECT_THAT(outcome("ran").exit_reason, HasSubstr("lost"));
  EXPECT_EQ(outcome("waited").status, Status::cancelled);
  EXPECT_EQ(outcome("m").status, Status::done);  // what it was
  EXPECT_EQ(reports.size(), 5U);
  for (const Report& each : std::vector(reports)) client->acknowledge(each.serial);
  EXPECT_EQ(run(operation("again", "fast")).rc, 0);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory / "exec"), {}), 1);
}

TEST_F(GyreExec, KillsNobodyElseWhoHasThePidNow) {
  agent("fast", "exit 0");
  agent("slow", ": > $here/runs; sleep 100");
  start();
  connect();
  until_connected();
  client->run(operation("ran", "slow"));
  content("runs");
  run(operation("after", "fast"));  // by now it is written down
  kill(SIGKILL);
  until([&] { return !client->connected(); });
  const pid_t other = ::fork();
  if (other == 0) {
    ::setpgid(0, 0);
    for (;;) ::pause();
  }
  const pid_t agent = change_pid("ran", other, 1);
  start();
  until([&] { return outcome("ran").key == "ran"; });
  EXPECT_EQ(::waitpid(other, nullptr, WNOHANG), 0);
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  ASSERT_GT(agent, 0);
  EXPECT_FALSE(ended(std::to_string(agent)));
  ::kill(-agent, SIGKILL);
}

// It was killed after an agent had begun and before it wrote down which process that is.
TEST_F(GyreExec, FindsAnAgentThatItsLedgerDoesNotName) {
  agent("fast", "exit 0");
  agent("slow", ": > $here/runs; sleep 100");
  start();
  connect();
  until_connected();
  client->run(operation("ran", "slow"));
  content("runs");
  run(operation("after", "fast"));  // by now it is written down
  kill(SIGKILL);
  until([&] { return !client->connected(); });
  const pid_t agent = change_pid("ran", 0, 0);
  ASSERT_GT(agent, 0);
  EXPECT_FALSE(ended(std::to_string(agent)));
  start();
  until([&] { return outcome("ran").key == "ran"; });
  EXPECT_TRUE(ended(std::to_string(agent)));
}

TEST_F(GyreExec, EndsInOrderOnceNothingRuns) {
  agent("slow", ": > $here/runs; until [ -e $here/go ]; do sleep 0.02; done; exit 5");
  start();
  connect();
  until_connected();
  client->run(operation("k", "slow"));
  client->run(operation("next", "slow"));
  content("runs");
  ::kill(pid, SIGTERM);
  gyre::test::write_file(directory / "go", "");
  until_reports(1);
  EXPECT_EQ(wait(), 0);
  EXPECT_FALSE(std::filesystem::exists(directory / "exec.sock"));
  reports.clear();
  start();
  until_reports(2);
  EXPECT_EQ(outcome("k").rc, 5);
  EXPECT_EQ(outcome("next").status, Status::cancelled);
}

TEST_F(GyreExec, RunsOnceForARunDirectory) {
  start();
  connect();
  until_connected();
  const pid_t second = spawn(directory / "second");
  int status = 0;
  ::waitpid(second, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_THAT(gyre::test::read_file(directory / "second"), HasSubstr("another gyre-exec"));
}

TEST_F(GyreExec, MakesWhereAgentsRemember) {
  agent("a", "[ -d $HA_RSCTMP ]");
  ::setenv("HA_RSCTMP", (directory / "memory").c_str(), 1);
  start();
  ::unsetenv("HA_RSCTMP");
  connect();
  until_connected();
  EXPECT_EQ(run(operation("k", "a")).rc, 0);
}

TEST_F(GyreExec, IsToldOfByItsLog) {
  agent("a", "exit 0");
  start();
  connect();
  until_connected();
  run(operation("k", "a"));
  EXPECT_EQ(kill(SIGTERM), 0);
  EXPECT_THAT(log(), HasSubstr("info: r-a: start begins, process "));
  EXPECT_THAT(log(), HasSubstr("info: r-a: start is done, rc 0, in "));
}

}  // namespace
}  // namespace gyre::rm::execute
