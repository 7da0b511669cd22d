#include "rm/execute/fence_device.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace gyre::rm::execute {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Operation operation(const std::string& task, Parameters parameters = {}) {
  Operation made;
  made.key = "key";
  made.resource = "power";
  made.standard = "stonith";
  made.type = "fence_x";
  made.task = task;
  made.parameters = std::move(parameters);
  return made;
}

Operation fencing(Parameters parameters = {}, const std::string& task = "off") {
  Operation made = operation(task, std::move(parameters));
  made.target = "n2";
  return made;
}

Surroundings surroundings() {
  return {"/ocf", "/commands", "/run/here", {"LANG=C"}, "/agents"};
}

Command command_for(const Operation& what) {
  return std::get<Command>(fence_command_of(what, surroundings(), false));
}

std::string told(const Operation& what) {
  return command_for(what).input;
}

Result answer_to(const Operation& what, bool started = false) {
  return std::get<Result>(fence_command_of(what, surroundings(), started));
}

TEST(FenceDevice, IsToldAllOnItsInputAndNothingElsewhere) {
  const Command command =
      command_for(fencing({{"passwd", "s3cret"}, {"ip", "10.0.0.1"}, {"CRM_meta_timeout", "1"}}));
  EXPECT_EQ(command.path, "/agents/fence_x");
  EXPECT_EQ(command.task, "");
  EXPECT_EQ(command.input, "action=off\nnodename=n2\nport=n2\npasswd=s3cret\nip=10.0.0.1\n");
  for (const std::string& each : command.environment) {
    EXPECT_THAT(each, Not(HasSubstr("s3cret")));
    EXPECT_THAT(each, Not(HasSubstr("n2")));
  }
  EXPECT_THAT(command.environment, testing::Contains("LANG=C"));
}

TEST(FenceDevice, IsAskedForAnActionByAnotherName) {
  EXPECT_EQ(told(fencing({{"pcmk_off_action", "cut"}, {"pcmk_reboot_action", "cycle"}})),
            "action=cut\nnodename=n2\nport=n2\n");
  EXPECT_EQ(told(fencing({{"pcmk_reboot_action", "off"}}, "reboot")),
            "action=off\nnodename=n2\nport=n2\n");
  EXPECT_EQ(told(fencing({{"action", "reboot"}, {"nodename", "n7"}})),
            "action=off\nnodename=n2\nport=n2\n");
  EXPECT_EQ(told(operation("start", {{"pcmk_monitor_action", "status"}})), "action=status\n");
}

TEST(FenceDevice, IsToldThePortThatItsMapNames) {
  const auto port = [](const std::string& map) {
    const std::string text = told(fencing({{"pcmk_host_map", map}}));
    const auto at = text.find("port=");
    return text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(port("n1:1;n2:2,3;n3:4"), "port=2,3");
  EXPECT_EQ(port("n1=1 n2=out 7"), "port=out");
  EXPECT_EQ(port("n1:1\tN2:a:b"), "port=a:b");
  EXPECT_EQ(port("n2:a\\ b\\;c"), "port=a b;c");
  EXPECT_EQ(port("n22:1;n:2"), "port=n2");
  EXPECT_EQ(port("n2:;n2"), "port=n2");
  EXPECT_EQ(port("n2:1\\"), "port=1\\");
}

TEST(FenceDevice, IsToldWhomByTheParameterThatItHasForThat) {
  EXPECT_EQ(told(fencing({{"pcmk_host_argument", "vm"}})), "action=off\nnodename=n2\nvm=n2\n");
  EXPECT_EQ(told(fencing({{"pcmk_host_argument", "none"}})), "action=off\nnodename=n2\n");
  EXPECT_EQ(told(fencing({{"port", "7"}, {"pcmk_host_map", "n2:1"}})),
            "action=off\nnodename=n2\nport=7\n");
  EXPECT_EQ(told(fencing({{"port", "dynamic"}, {"pcmk_host_map", "n2:1"}})),
            "action=off\nnodename=n2\nport=1\n");
  EXPECT_EQ(told(fencing({{"plug", "7"}})), "action=off\nnodename=n2\nplug=7\n");
}

TEST(FenceDevice, IsMonitoredWithoutAnyNode) {
  Operation recurring = operation("monitor", {{"ip", "1"}, {"pcmk_host_list", "n1 n2"}});
  recurring.interval = std::chrono::seconds(10);
  EXPECT_EQ(told(recurring), "action=monitor\nip=1\n");
  EXPECT_EQ(told(operation("start", {{"ip", "1"}, {"port", "dynamic"}})), "action=monitor\nip=1\n");
  EXPECT_EQ(told(operation("meta-data")), "action=metadata\n");
}

TEST(FenceDevice, IsWhereItWasStarted) {
  EXPECT_EQ(answer_to(operation("monitor")).rc, ocf_not_running);
  EXPECT_EQ(answer_to(operation("monitor")).status, Outcome::Status::done);
  EXPECT_EQ(std::get<Command>(fence_command_of(operation("monitor"), surroundings(), true)).input,
            "action=monitor\n");
  EXPECT_EQ(answer_to(operation("stop"), true).rc, ocf_ok);
  EXPECT_EQ(answer_to(operation("promote")).status, Outcome::Status::not_supported);
}

TEST(FenceDevice, HasAnAgentOfItsDirectory) {
  for (const char* type : {"", "../fence_x", "fence_x/../../sh", "external/ssh", "sh"}) {
    Operation what = fencing();
    what.type = type;
    EXPECT_EQ(answer_to(what).status, Outcome::Status::not_installed) << type;
  }
}

TEST(FenceDevice, IsToldNoLineThatAParameterSmugglesIn) {
  for (const Parameters& each :
       {Parameters{{"ip", "1\naction=on"}}, Parameters{{"ip\naction", "on"}},
        Parameters{{"ip", std::string("1\0", 2)}}, Parameters{{"", "x"}}, Parameters{{"a=b", "x"}},
        Parameters{{"pcmk_off_action", "off\nport=n1"}},
        Parameters{{"pcmk_host_map", "n2:1\\\nport=n1"}}, Parameters{{"passwd", "s3cret\r"}}}) {
    const Result result = answer_to(fencing(each));
    EXPECT_EQ(result.status, Outcome::Status::error);
    EXPECT_EQ(result.rc, ocf_failed);
    EXPECT_THAT(result.exit_reason, AllOf(HasSubstr("one line"), Not(HasSubstr("s3cret"))));
  }
}

TEST(FenceDevice, IsTriedAsOftenAsItSays) {
  EXPECT_EQ(tries_of(fencing()), 2);
  EXPECT_EQ(tries_of(fencing({{"pcmk_off_retries", "5"}})), 5);
  EXPECT_EQ(tries_of(fencing({{"pcmk_reboot_retries", "5"}})), 2);
  EXPECT_EQ(tries_of(operation("start", {{"pcmk_monitor_retries", "3"}})), 3);
  EXPECT_EQ(tries_of(fencing({{"pcmk_off_retries", "0"}})), 1);
  EXPECT_EQ(tries_of(fencing({{"pcmk_off_retries", "-4"}})), 1);
  EXPECT_EQ(tries_of(fencing({{"pcmk_off_retries", "many"}})), 2);
  EXPECT_LE(tries_of(fencing({{"pcmk_off_retries", "2000000000"}})), 100);
  Operation other = operation("start");
  other.standard = "ocf";
  EXPECT_EQ(tries_of(other), 1);
}

TEST(FenceDevice, SaysOnlyWhetherItSucceeded) {
  Result result;
  result.rc = 7;
  result.complaints = "first\nno power\n";
  EXPECT_EQ(fence_result_of(operation("monitor"), result).rc, ocf_failed);
  EXPECT_EQ(fence_result_of(operation("monitor"), result).exit_reason, "no power");
  result.exit_reason = "said";
  EXPECT_EQ(fence_result_of(operation("monitor"), result).exit_reason, "said");
  result.rc = 0;
  result.exit_reason.clear();
  EXPECT_EQ(fence_result_of(operation("monitor"), result).exit_reason, "");
}

TEST(FenceDevice, TellsNoPassword) {
  Result result;
  result.rc = 1;
  result.exit_reason = result.output = result.complaints = "-p s3cret, 's3cret' at 1, *";
  const Operation what =
      fencing({{"Passwd", "s3cret"}, {"ip", "1"}, {"snmp_priv_passwd", "*"}, {"passwd", ""}});
  const Result hidden = fence_result_of(what, result);
  for (const std::string& text : {hidden.exit_reason, hidden.output, hidden.complaints})
    EXPECT_EQ(text, "-p *, '*' at 1, *");
}

}  // namespace
}  // namespace gyre::rm::execute
