// Agents of fence devices, written for the test, run by gyre-exec.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/rm/execute/executor_bed.hh"

namespace gyre::rm::execute {
namespace {

using namespace std::chrono_literals;
using Status = Outcome::Status;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using FenceAgent = ExecutorTest;

Operation of_device(const std::string& key, const std::string& task,
                    const std::string& target = "") {
  Operation made = test::ClientBed::operation(key, "fence_x", task);
  made.standard = "stonith";
  made.provider.clear();
  made.target = target;
  made.parameters = {{"passwd", "s3cret"}, {"ip", std::string(100'000, 'x')}};
  return made;
}

TEST_F(FenceAgent, TellsAFenceAgentAllOnItsInput) {
  agent("fence_x", R"sh([ $# = 0 ] || exit 2
    ! env | grep -q s3cret || exit 3
    cat > $here/x; mv $here/x $here/input)sh");
  start();
  EXPECT_EQ(run(of_device("k", "off", "n2")).rc, 0);
  const std::string input = content("input");
  EXPECT_THAT(input, StartsWith("action=off\nnodename=n2\nport=n2\npasswd=s3cret\nip=xxx"));
  EXPECT_THAT(input, EndsWith("x\n"));
  EXPECT_GT(input.size(), 100'000U);
  EXPECT_THAT(log.str(), HasSubstr("r-fence_x: off of n2 is done, rc 0"));
}

TEST_F(FenceAgent, TriesAFenceAgentThatFailsAgain) {
  agent("fence_x", R"sh([ -e $here/once ] && exit 0
    : > $here/once; echo "login with s3cret refused" >&2; exit 7)sh");
  start();
  EXPECT_EQ(run(of_device("k", "reboot", "n2")).rc, 0);
  EXPECT_TRUE(std::filesystem::exists(directory / "once"));
  EXPECT_THAT(log.str(), HasSubstr("login with * refused"));
}

TEST_F(FenceAgent, SaysWhyAFenceAgentFailedWithoutItsPassword) {
  agent("fence_x", "echo one >> $here/tries; echo \"login with s3cret refused\" >&2; exit 7");
  start();
  const Outcome outcome = run(of_device("k", "off", "n2"));
  EXPECT_EQ(outcome.rc, 1);
  EXPECT_EQ(outcome.exit_reason, "login with * refused");
  EXPECT_EQ(gyre::test::read_file(directory / "tries"), "one\none\n");
  EXPECT_THAT(log.str(), Not(HasSubstr("s3cret")));
  EXPECT_EQ(run(of_device("probe", "monitor")).rc, ocf_not_running);
}

TEST_F(FenceAgent, KnowsWhichFenceDevicesItHasStarted) {
  agent("fence_x", "grep -q ^action=monitor && [ ! -e $here/down ]");
  start();
  EXPECT_EQ(run(of_device("1", "monitor")).rc, ocf_not_running);
  EXPECT_EQ(run(of_device("2", "start")).rc, 0);
  EXPECT_EQ(run(of_device("3", "monitor")).rc, 0);
  gyre::test::write_file(directory / "down", "");
  EXPECT_EQ(run(of_device("4", "monitor")).rc, 1);
  EXPECT_EQ(run(of_device("5", "stop")).rc, 0);
  EXPECT_EQ(run(of_device("6", "monitor")).rc, ocf_not_running);
  EXPECT_EQ(run(of_device("7", "start")).rc, 1);
  EXPECT_EQ(run(of_device("8", "monitor")).rc, ocf_not_running);
}

TEST_F(FenceAgent, AsksAFenceDeviceThatItHasNotStarted) {
  agent("fence_x", "exit 0");
  start();
  EXPECT_EQ(run(of_device("k", "on", "n2")).rc, 0);
  EXPECT_EQ(run(of_device("probe", "monitor")).rc, ocf_not_running);
}

TEST_F(FenceAgent, KillsAFenceAgentWhoseTimeIsOver) {
  agent("fence_x", "echo one >> $here/tries; echo $$ > $here/x; mv $here/x $here/pid; sleep 100");
  start();
  Operation what = of_device("k", "start");
  what.timeout = 1s;
  client->run(what);
  const std::string pid = content("pid");
  until_reports(1);
  EXPECT_EQ(reports[0].outcome.status, Status::timed_out);
  until([&] { return !alive(pid); });
  EXPECT_EQ(gyre::test::read_file(directory / "tries"), "one\n");
  EXPECT_EQ(run(of_device("probe", "monitor")).rc, ocf_not_running);
}

}  // namespace
}  // namespace gyre::rm::execute
