#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rm/execute/fence_agent.hh"

namespace gyre::rm::execute {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::Not;
using testing::Pair;

Operation fencing(Parameters parameters = {}, const std::string& task = "reboot") {
  Operation made;
  made.key = "key";
  made.resource = "power";
  made.standard = "stonith";
  made.type = "fence_x";
  made.task = task;
  made.target = "n2";
  made.parameters = std::move(parameters);
  return made;
}

TEST(FenceSteps, GoByWhatTheAgentSaysOfItself) {
  const auto of = [](const std::string& inner) {
    return fence_agent_of("<?xml version=\"1.0\"?><resource-agent>" + inner + "</resource-agent>");
  };
  EXPECT_EQ(of("<parameters><parameter name='plug'/><parameter name='port'/></parameters>"),
            FenceAgent{});
  EXPECT_EQ(of("<parameters><parameter name='plug'/></parameters><actions><action name='on'/>"
               "</actions>"),
            (FenceAgent{"plug", false}));
  EXPECT_EQ(of("<parameters/><actions><action name='reboot'/></actions>"),
            (FenceAgent{"none", true}));
  for (const char* none : {"", "usage: fence_x", "<a", "<resource-agent/>"})
    EXPECT_EQ(fence_agent_of(none), FenceAgent{}) << none;
}

TEST(FenceSteps, AskTheAgentWithoutAnySecret) {
  const Operation question = question_of(fencing({{"passwd", "s3cret"}}));
  EXPECT_EQ(question.task, "meta-data");
  EXPECT_EQ(question.type, "fence_x");
  EXPECT_EQ(question.target, "");
  EXPECT_TRUE(question.parameters.empty());
}

TEST(FenceSteps, SayWhomToFenceByTheArgumentThatTheAgentTakes) {
  const auto parameters = [](Parameters of) {
    return steps_of(fencing(std::move(of)), {"vm", true}).front().parameters;
  };
  EXPECT_THAT(parameters({{"a", "1"}}), Contains(Pair("pcmk_host_argument", "vm")));
  EXPECT_THAT(parameters({{"pcmk_host_argument", "x"}}),
              Not(Contains(Pair("pcmk_host_argument", "vm"))));
  EXPECT_THAT(parameters({{"plug", "7"}}), Not(Contains(Pair("pcmk_host_argument", "vm"))));
}

TEST(FenceSteps, AreOffAndThenOnWhereTheAgentKnowsOfNoReboot) {
  const auto tasks = [](const Operation& of, const FenceAgent& agent) {
    std::string all;
    for (const Operation& step : steps_of(of, agent)) all += step.task + "@" + step.target + " ";
    return all;
  };
  EXPECT_EQ(tasks(fencing(), {"port", true}), "reboot@n2 ");
  EXPECT_EQ(tasks(fencing(), {"port", false}), "off@n2 on@n2 ");
  EXPECT_EQ(tasks(fencing({}, "off"), {"port", false}), "off@n2 ");
  EXPECT_EQ(tasks(fencing({{"pcmk_reboot_action", "off"}}), {"port", false}), "reboot@n2 ");
}

TEST(FenceSteps, WaitSoThatOneOfTwoComesFirst) {
  const auto delay = [](Parameters parameters, std::uint64_t chance) {
    return delay_of(fencing(std::move(parameters)), chance);
  };
  EXPECT_EQ(delay({}, 7), 0ms);
  EXPECT_EQ(delay({{"pcmk_delay_base", "2s"}}, 7), 2s);
  EXPECT_EQ(delay({{"pcmk_delay_base", "n1:5s;n2:1s"}}, 7), 1s);
  EXPECT_EQ(delay({{"pcmk_delay_base", "n1:5s"}}, 7), 0ms);
  EXPECT_EQ(delay({{"pcmk_delay_base", "2s"}, {"pcmk_delay_max", "5s"}}, 3007), 2007ms);
  EXPECT_EQ(delay({{"pcmk_delay_max", "5s"}}, 4999), 4999ms);
  EXPECT_EQ(delay({{"pcmk_delay_base", "5s"}, {"pcmk_delay_max", "2s"}}, 7), 5s);
  EXPECT_EQ(delay_of(fencing({{"pcmk_delay_base", "2s"}}, "on"), 0), 0ms);
}

}  // namespace
}  // namespace gyre::rm::execute
