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

// What it does when it is not asked for its metadata, with what it is told in $here/told.
void fence_agent(const test::ClientBed& bed, const std::string& body,
                 const std::string& metadata = "") {
  bed.agent("fence_x",
            "echo run >> $here/runs; cat > $here/told.$$\n"
            "if grep -q ^action=metadata $here/told.$$; then\n  echo asked >> $here/asked\n"
            "  echo '" +
                metadata +
                "'; exit 0\nfi\nmv $here/told.$$ $here/told\n"
                "head -n 1 $here/told >> $here/actions\n" +
                body);
}

TEST_F(FenceAgent, TellsAFenceAgentAllOnItsInput) {
  fence_agent(*this, R"sh([ $# = 0 ] || exit 2
    ! env | grep -q s3cret || exit 3
    mv $here/told $here/input)sh");
  start();
  EXPECT_EQ(run(of_device("k", "off", "n2")).rc, 0);
  const std::string input = content("input");
  EXPECT_THAT(input, StartsWith("action=off\nnodename=n2\nport=n2\npasswd=s3cret\nip=xxx"));
  EXPECT_THAT(input, EndsWith("x\n"));
  EXPECT_GT(input.size(), 100'000U);
  EXPECT_THAT(log.str(), HasSubstr("r-fence_x: off of n2 is done, rc 0"));
}

TEST_F(FenceAgent, TriesAFenceAgentThatFailsAgain) {
  fence_agent(*this, R"sh([ -e $here/once ] && exit 0
    : > $here/once; echo "login with s3cret refused" >&2; exit 7)sh");
  start();
  EXPECT_EQ(run(of_device("k", "reboot", "n2")).rc, 0);
  EXPECT_TRUE(std::filesystem::exists(directory / "once"));
  EXPECT_THAT(log.str(), HasSubstr("login with * refused"));
}

TEST_F(FenceAgent, SaysWhyAFenceAgentFailedWithoutItsPassword) {
  fence_agent(*this, "echo one >> $here/tries; echo \"login with s3cret refused\" >&2; exit 7");
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

TEST_F(FenceAgent, AsksAFenceAgentOnceWhatItCanDo) {
  fence_agent(*this, "",
              "<resource-agent><parameters><parameter name=\"plug\"/></parameters>"
              "<actions><action name=\"off\"/></actions></resource-agent>");
  start();
  EXPECT_EQ(run(of_device("1", "reboot", "n2")).rc, 0);
  EXPECT_EQ(content("actions"), "action=off\naction=on\n");
  EXPECT_THAT(content("told"), HasSubstr("\nplug=n2\n"));
  EXPECT_EQ(run(of_device("2", "reboot", "n3")).rc, 0);
  EXPECT_EQ(content("asked"), "asked\n");
  run(of_device("3", "start"));  // from here on it may be another
  EXPECT_EQ(run(of_device("4", "off", "n2")).rc, 0);
  EXPECT_EQ(content("asked"), "asked\nasked\n");
}

TEST_F(FenceAgent, CountsANodeThatWasOffAsFencedButOneThatWasNotAsNot) {
  const char* const no_reboot = "<resource-agent><actions/></resource-agent>";
  fence_agent(*this,
              "grep -q ^action=$(cat $here/fails) $here/told && echo burnt >&2 && exit 1\n"
              "exit 0",
              no_reboot);
  start();
  gyre::test::write_file(directory / "fails", "on");
  const Outcome off = run(of_device("1", "reboot", "n2"));
  EXPECT_EQ(off.status, Status::done);
  EXPECT_EQ(off.rc, 0);
  EXPECT_EQ(off.exit_reason, "it was off, but not on again: burnt");
  EXPECT_EQ(content("actions"), "action=off\naction=on\naction=on\n");
  EXPECT_EQ(run(of_device("2", "on", "n2")).rc, 1);
  gyre::test::write_file(directory / "fails", "off");
  EXPECT_EQ(run(of_device("3", "reboot", "n2")).rc, 1);
}

TEST_F(FenceAgent, WaitsBeforeItFencesAsTheDeviceSays) {
  fence_agent(*this, "");
  start();
  Operation later = of_device("later", "off", "n2");
  later.parameters = {{"pcmk_delay_base", "n1:0;n2:500ms"}};
  client->run(later);
  client->run(of_device("sooner", "off", "n3"));
  until_reports(2);
  EXPECT_EQ(reports[0].outcome.key, "sooner");
  EXPECT_EQ(reports[1].outcome.key, "later");
  EXPECT_EQ(reports[1].outcome.rc, 0);
}

TEST_F(FenceAgent, IsNotThereToBeAsked) {
  start();
  EXPECT_EQ(run(of_device("k", "off", "n2")).status, Status::not_installed);
}

}  // namespace
}  // namespace gyre::rm::execute
