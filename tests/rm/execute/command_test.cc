#include "rm/execute/command.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace gyre::rm::execute {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

Operation operation() {
  Operation made;
  made.key = "key";
  made.resource = "d:1";
  made.standard = "ocf";
  made.provider = "heartbeat";
  made.type = "Dummy";
  made.task = "monitor";
  made.interval = std::chrono::seconds(10);
  return made;
}

Surroundings surroundings() {
  return {"/ocf", "/commands", "/run/here", {}};
}

Command command_for(const Operation& what, const Surroundings& around = surroundings()) {
  return std::get<Command>(command_of(what, around));
}

Result refusal_of(const Operation& what) {
  return std::get<Result>(command_of(what, surroundings()));
}

TEST(Command, IsTheAgentAndItsTaskInTheEnvironmentOfOcf) {
  Operation what = operation();
  what.parameters = {{"ip", "10.0.0.1"}, {"CRM_meta_on_node", "n1"}, {"crm_feature_set", "3.16.2"}};
  const Command command = command_for(what);
  EXPECT_EQ(command.path, "/ocf/resource.d/heartbeat/Dummy");
  EXPECT_EQ(command.task, "monitor");
  EXPECT_THAT(
      command.environment,
      UnorderedElementsAre(
          "OCF_RA_VERSION_MAJOR=1", "OCF_RA_VERSION_MINOR=1", "OCF_ROOT=/ocf",
          "OCF_EXIT_REASON_PREFIX=ocf-exit-reason:", "OCF_RESOURCE_INSTANCE=d:1",
          "OCF_RESOURCE_TYPE=Dummy", "OCF_RESOURCE_PROVIDER=heartbeat", "OCF_RESKEY_ip=10.0.0.1",
          "OCF_RESKEY_crm_feature_set=3.16.2", "OCF_RESKEY_CRM_meta_on_node=n1",
          "OCF_RESKEY_CRM_meta_name=monitor", "OCF_RESKEY_CRM_meta_interval=10000",
          "OCF_RESKEY_CRM_meta_timeout=20000", "HA_SBIN_DIR=/commands", "GYRE_RUN_DIR=/run/here",
          "PATH=/commands:/usr/sbin:/usr/bin:/sbin:/bin"));
}

TEST(Command, TellsAProbeAsTheClusterNamesIt) {
  Operation what = operation();
  what.interval = {};
  EXPECT_THAT(command_for(what).environment, Contains("OCF_RESKEY_CRM_meta_interval=0"));
  what.parameters = {{"CRM_meta_name", "another"}};
  EXPECT_THAT(command_for(what).environment, Contains("OCF_RESKEY_CRM_meta_name=another"));
}

TEST(Command, TellsTheCheckLevelUnderItsOwnNameToo) {
  Operation what = operation();
  what.parameters = {{"OCF_CHECK_LEVEL", "10"}};
  const Command command = command_for(what);
  EXPECT_THAT(command.environment, Contains("OCF_CHECK_LEVEL=10"));
  EXPECT_THAT(command.environment, Contains("OCF_RESKEY_OCF_CHECK_LEVEL=10"));
}

TEST(Command, InheritsWhatIsNotForUsAlone) {
  Surroundings around = surroundings();
  around.environment = {"HA_LOGFACILITY=daemon", "PATH=/bin",       "NOTIFY_SOCKET=/n",
                        "OCF_RESKEY_ip=other",   "WATCHDOG_USEC=1", "LISTEN_FDS=1",
                        "OCF_CHECK_LEVEL=3",     "without"};
  const Command command = command_for(operation(), around);
  EXPECT_THAT(command.environment, Contains("HA_LOGFACILITY=daemon"));
  EXPECT_THAT(command.environment, Contains("PATH=/commands:/bin"));
  for (const char* each : {"NOTIFY", "OCF_RESKEY_ip", "WATCHDOG", "LISTEN", "OCF_CHECK", "without"})
    EXPECT_THAT(command.environment, Not(Contains(StartsWith(each))));
}

TEST(Command, LeavesAnAgentWithoutResourceNameless) {
  Operation what = operation();
  what.resource.clear();
  EXPECT_THAT(command_for(what).environment, Not(Contains(StartsWith("OCF_RESOURCE_INSTANCE"))));
}

TEST(Command, LetsNoParameterChangeWhatOcfSays) {
  Operation what = operation();
  what.parameters = {{"x=y", "1"}};
  EXPECT_THAT(refusal_of(what).exit_reason, HasSubstr("parameter"));
  what.parameters = {{"", "1"}};
  EXPECT_EQ(refusal_of(what).status, Outcome::Status::error);
  what.parameters = {{"a", std::string("1\0OCF_ROOT=/x", 13)}};
  EXPECT_EQ(refusal_of(what).status, Outcome::Status::error);
}

TEST(Command, IsOfAnAgentInsideTheDirectoryOfAgents) {
  for (const std::string& name : {std::string("../x"), std::string("a/b"), std::string(),
                                  std::string(".."), std::string("a\0b", 3)}) {
    Operation what = operation();
    what.type = name;
    EXPECT_EQ(refusal_of(what).status, Outcome::Status::error) << name;
    what = operation();
    what.provider = name;
    EXPECT_EQ(refusal_of(what).status, Outcome::Status::error) << name;
  }
  Operation what = operation();
  what.task.clear();
  EXPECT_EQ(refusal_of(what).status, Outcome::Status::error);
}

TEST(Command, IsOfClassOcf) {
  for (const char* standard : {"systemd", "lsb", "service", ""}) {
    Operation what = operation();
    what.standard = standard;
    const Result result = refusal_of(what);
    EXPECT_EQ(result.status, Outcome::Status::not_supported);
    EXPECT_EQ(result.rc, ocf_not_supported);
    EXPECT_THAT(result.exit_reason, HasSubstr(standard));
  }
}

TEST(Command, ThatCannotBeExecutedSaysWhy) {
  EXPECT_EQ(not_executed("/a", ENOENT).status, Outcome::Status::not_installed);
  EXPECT_EQ(not_executed("/a", ENOENT).rc, ocf_not_installed);
  EXPECT_EQ(not_executed("/a", EACCES).rc, ocf_not_permitted);
  EXPECT_EQ(not_executed("/a", E2BIG).rc, ocf_failed);
  EXPECT_THAT(not_executed("/a", E2BIG).exit_reason, HasSubstr("/a: Argument list too long"));
}

}  // namespace
}  // namespace gyre::rm::execute
