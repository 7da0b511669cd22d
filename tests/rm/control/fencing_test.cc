// Nodes that have to be fenced: with which device, by whom, and what counts as success.
#include "rm/control/fencing.hh"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rm/cib/difference.hh"
#include "rm/cib/difference_xml.hh"
#include "rm/control/fence_records.hh"
#include "rm/control/members.hh"
#include "tests/rm/control/lost_node.hh"

namespace gyre::rm::control {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Fencing, ComesBeforeWhatRanThereIsStartedElsewhere) {
  LostNode lost(configuration(device("d1", "port=3|pcmk_host_list=n1 n3")));
  EXPECT_THAT(lost.side.fencings(), ElementsAre("n1: reboot n3 with d1"));
  const Operation& asked = lost.side.fencing(1);
  EXPECT_EQ(asked.standard, "stonith");
  EXPECT_EQ(asked.type, "fence_test");
  EXPECT_EQ(asked.timeout, std::chrono::seconds(60));
  EXPECT_THAT(asked.parameters, Contains(std::pair("pcmk_host_list", "n1 n3")));
  EXPECT_THAT(asked.parameters, Contains(std::pair("port", "3")));
  EXPECT_THAT(lost.side.begun(), IsEmpty());
  EXPECT_THAT(lost.history(), ElementsAre("pending"));
  lost.side.outcome(1, 0);
  EXPECT_THAT(lost.history(), ElementsAre("success"));
  EXPECT_THAT(lost.history("delegate"), ElementsAre("n1"));
  EXPECT_EQ(lost.state("expected"), "down");
  EXPECT_FALSE(state_of_node(lost.side.cib(), 3).child("lrm"));
  EXPECT_THAT(lost.side.begun(), ElementsAre(AnyOf("n1: start", "n2: start")));
  EXPECT_THAT(lost.side.fencings(), IsEmpty());
}

TEST(Fencing, IsNotBegunAgainWhileItIsUnderWay) {
  LostNode lost(configuration(device("d1")));
  for (int i = 0; i < 3; ++i) {
    lost.side.control(1).look_again();
    lost.side.run();
  }
  EXPECT_EQ(lost.side.fencings().size(), 1u);
  EXPECT_THAT(lost.side.begun(), IsEmpty());
  EXPECT_THAT(lost.history(), ElementsAre("pending"));
}

TEST(Fencing, GoesOnWithTheNextDevice) {
  LostNode lost(configuration(device("d1") + device("d2")));
  EXPECT_THAT(lost.side.fencings(), ElementsAre("n1: reboot n3 with d1"));
  lost.side.outcome(1, 1);
  ASSERT_THAT(lost.side.fencings(), ElementsAre("n2: reboot n3 with d2"));
  EXPECT_THAT(lost.side.begun(), IsEmpty());
  lost.side.outcome(2, 0);
  EXPECT_THAT(lost.history(), ElementsAre("success"));
  EXPECT_THAT(lost.side.begun(), ElementsAre(AnyOf("n1: start", "n2: start")));
}

TEST(Fencing, IsTriedAgainEverLater) {
  LostNode lost(configuration(device("d1")));
  std::vector<std::int64_t> after;
  std::int64_t before = lost.side.now;
  std::string who;
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(lost.side.fencings().size(), 1u);
    const std::uint32_t node = lost.side.fencings()[0][1] - '0';
    who += std::to_string(node);
    lost.side.outcome(node, 1, Outcome::Status::timed_out);
    while (lost.side.fencings().empty()) lost.side.wait(1);
    after.push_back(lost.side.now - std::exchange(before, lost.side.now));
  }
  EXPECT_THAT(after, ElementsAre(1, 2, 4, 8));
  EXPECT_EQ(who, "1212") << "somebody else may have more luck";
  EXPECT_THAT(lost.history(), ElementsAre("failed", "failed", "failed", "failed", "pending"));
  EXPECT_THAT(lost.side.notices(1), Contains(HasSubstr("reboot by d1 on n1: timed out")));
  EXPECT_THAT(lost.side.begun(), IsEmpty());
}

// The node that is asked is there, but its manager hangs: it says nothing, and does not leave.
TEST(Fencing, IsAskedOfAnotherIfNobodySaysInTimeWhatCameOfIt) {
  LostNode lost(configuration(device("d1", "pcmk_reboot_timeout=30s|pcmk_delay_max=15s")));
  ASSERT_THAT(lost.side.fencings(), ElementsAre("n1: reboot n3 with d1"));
  lost.side.wait(30 + 15 + 19);
  EXPECT_EQ(lost.side.fencings().size(), 1u);
  lost.side.wait(2);
  ASSERT_THAT(lost.side.fencings(), ElementsAre("n1: reboot n3 with d1", "n2: reboot n3 with d1"));
  EXPECT_THAT(lost.side.begun(), IsEmpty()) << "nobody knows what came of it";
  EXPECT_THAT(lost.side.notices(1), Contains(HasSubstr("n1 did not say in time")));
  lost.side.outcome(1, 0);
  EXPECT_THAT(lost.history(), ElementsAre("pending")) << "what it says now is of another try";
  lost.side.outcome(2, 0);
  EXPECT_THAT(lost.history(), ElementsAre("success"));
  EXPECT_THAT(lost.side.begun(), ElementsAre(AnyOf("n1: start", "n2: start")));
}

TEST(Fencing, MayTakeLongerOfADeviceThatIsAskedForOthersFirst) {
  Ordered side(configuration(device("d1", "pcmk_reboot_timeout=30s"), "",
                             option("concurrent-fencing", "true")),
               4);
  side.view();
  side.kill(3);
  side.kill(4);
  side.view();
  ASSERT_EQ(side.fencings().size(), 2u);
  std::vector<std::int64_t> until;
  for (const auto& each : side.cib().select_nodes("//fence_attempt"))
    until.push_back(each.node().attribute("until").as_llong() - side.now);
  EXPECT_THAT(until, ElementsAre(50, 100));
}

TEST(Fencing, IsTriedSeldomOnceItHasFailedOften) {
  LostNode lost(configuration(device("d1"), "", option("stonith-max-attempts", "2")));
  for (int i = 0; i < 2; ++i) {
    lost.side.outcome(static_cast<std::uint32_t>(lost.side.fencings().at(0)[1] - '0'), 1);
    if (i == 0) lost.side.wait(1);
  }
  lost.side.wait(600);
  EXPECT_THAT(lost.side.fencings(), IsEmpty());
  lost.side.wait(300);
  EXPECT_EQ(lost.side.fencings().size(), 1u);
}

TEST(Fencing, WaitsForADeviceThatCan) {
  LostNode lost(configuration(device("d1", "pcmk_host_list=n1,n2")));
  EXPECT_THAT(lost.side.fencings(), IsEmpty());
  EXPECT_THAT(lost.history(), ElementsAre("failed"));
  EXPECT_THAT(lost.side.notices(1), ElementsAre(HasSubstr("no fence device can")));
  EXPECT_THAT(lost.side.notices(1), ElementsAre(HasSubstr("stonith_admin --confirm n3")));
  EXPECT_THAT(lost.side.begun(), IsEmpty());
  // Somebody mends it: nobody waits for the next try.
  lost.side.wait(100);
  const Document& now = lost.side.control(1).document();
  Document to = std::get<Document>(Document::load(now.text()));
  to.configuration().select_node("//nvpair[@name='pcmk_host_list']").node().attribute("value") =
      "n3";
  Version version = now.version();
  ++version.epoch;
  version.num_updates = 0;
  to.set_version(version);
  lost.side.control(1).ask(Configure{"root", "test", "now", to_text(difference(now, to))});
  lost.side.run();
  EXPECT_EQ(lost.side.fencings().size(), 1u);
}

// What came of it nobody knows: that is no success.
TEST(Fencing, GoesOnWhenWhoWasAtItIsLost) {
  LostNode lost(configuration(device("d1"), "", option("no-quorum-policy", "ignore")), 4);
  ASSERT_EQ(lost.side.fencings().size(), 1u);
  const std::uint32_t first = lost.side.fencings()[0][1] - '0';
  lost.side.kill(first);
  lost.side.view();
  lost.side.wait(1);
  EXPECT_THAT(lost.side.begun(), IsEmpty());
  const auto again = lost.side.fencings();
  ASSERT_FALSE(again.empty());
  EXPECT_THAT(again[0], Not(HasSubstr(fmt::format("n{}: ", first))));
}

// It told those who were with it then, whose document does not count now.
TEST(Fencing, GoesOnWhenWhoWasAtItWasElsewhere) {
  LostNode lost(configuration(device("d1")));
  const pugi::xml_node attempt =
      lost.side.cib().select_node("//fence_attempt[@status='pending']").node();
  ASSERT_EQ(attempt.attribute("delegate").value(), std::string("n1"));
  lose_steps_of(lost.side.cib(), lost.side.self(2), {});
  EXPECT_EQ(attempt.attribute("status").value(), std::string("pending"));
  lose_steps_of(lost.side.cib(), lost.side.self(1), {});
  EXPECT_EQ(attempt.attribute("status").value(), std::string("unknown"));
  EXPECT_FALSE(is_being_fenced(lost.side.cib(), "n3"));
}

TEST(Fencing, IsTakenUpByTheNextCoordinator) {
  LostNode lost(configuration(device("d1") + device("d2")), 4);
  lost.side.outcome(1, 1);
  ASSERT_THAT(lost.side.fencings(), ElementsAre("n2: reboot n3 with d2"));
  lost.side.kill(1);
  lost.side.view();
  EXPECT_THAT(lost.side.fencings(), Contains("n2: reboot n3 with d2"));
  EXPECT_EQ(lost.history().front(), "pending");
  lost.side.outcome(2, 0);
  EXPECT_EQ(lost.history().front(), "success");
  EXPECT_EQ(lost.state("expected"), "down");
}

// It may be hit in its next life: nothing is begun there before that is known.
TEST(Fencing, OfANodeThatComesBackMeanwhileIsWaitedFor) {
  LostNode lost(configuration(device("d1")));
  ASSERT_THAT(lost.side.fencings(), ElementsAre("n1: reboot n3 with d1"));
  lost.side.start(3);
  lost.side.view();
  EXPECT_THAT(lost.side.begun(), IsEmpty());
  lost.side.outcome(1, 0);
  EXPECT_EQ(lost.state("crmd"), "online");
  EXPECT_EQ(lost.state("expected"), "member");
  EXPECT_EQ(lost.side.fatal(3), "") << "it was not this life";
  EXPECT_THAT(lost.side.begun(), ElementsAre("n3: start"));
  EXPECT_THAT(lost.side.fencings(), IsEmpty());
}

TEST(Fencing, ThatHitsTheNextLifeAsWellIsEnough) {
  LostNode lost(configuration(device("d1")));
  lost.side.start(3);
  lost.side.view();
  lost.side.silence(3);
  lost.side.outcome(1, 0);
  EXPECT_THAT(lost.side.begun(), IsEmpty());
  lost.side.kill(3);
  lost.side.view();
  EXPECT_THAT(lost.side.fencings(), IsEmpty());
  EXPECT_THAT(lost.history(), ElementsAre("success"));
  EXPECT_EQ(lost.state("expected"), "down");
  EXPECT_THAT(lost.side.begun(), ElementsAre(AnyOf("n1: start", "n2: start")));
}

TEST(Fencing, IsForgottenOnceTheNodeNeedsItNoMore) {
  LostNode lost(configuration(device("d1") + device("d2")));
  lost.side.start(3);
  lost.side.view();
  lost.side.outcome(1, 1);
  EXPECT_THAT(lost.side.fencings(), IsEmpty());
  EXPECT_THAT(lost.history(), ElementsAre("failed"));
  EXPECT_THAT(lost.history("exit-reason"), ElementsAre("it is not to be fenced any more"));
  lost.side.wait(100);
  EXPECT_THAT(lost.history(), ElementsAre("failed"));
}

// A stop that failed: the node takes part still when its fencing succeeds.
TEST(Fencing, CountsOnceTheNodeHasLeft) {
  Ordered side(configuration(device("d1", "pcmk_host_list=n3")));
  side.view();
  side.begun();
  side.let_fail("n3: stop");
  side.control(1).ask(AttributeChange{"n3", "standby", "on", true});
  side.run();
  ASSERT_EQ(side.fencings().size(), 1u);
  const std::uint32_t node = side.fencings()[0][1] - '0';
  EXPECT_NE(node, 3u);
  side.begun();
  side.outcome(node, 0);
  EXPECT_NE(side.fatal(3).find("fenced"), std::string::npos);
  EXPECT_THAT(side.begun(), IsEmpty());
  side.control(1).look_again();
  side.run();
  EXPECT_THAT(side.fencings(), IsEmpty());
  side.kill(3);
  side.view();
  EXPECT_THAT(side.fencings(), IsEmpty());
  EXPECT_EQ(state_of_node(side.cib(), 3).attribute("expected").value(), std::string("down"));
  EXPECT_THAT(side.begun(), ElementsAre(AnyOf("n1: start", "n2: start")));
}

TEST(Fencing, NeedsAQuorum) {
  Ordered side(configuration(device("d1")));
  side.view();
  side.kill(3);
  side.view(false);
  EXPECT_THAT(side.fencings(), IsEmpty());
  side.view(true);
  EXPECT_EQ(side.fencings().size(), 1u);
}

TEST(Fencing, OfANodeWithoutItsResourceManagerWaitsForThatToComeBack) {
  Ordered side(configuration(device("d1")));
  side.view();
  side.kill(3);
  side.view(true, {1, 2, 3});
  side.wait(9);
  EXPECT_THAT(side.fencings(), IsEmpty());
  side.wait(1);
  EXPECT_THAT(side.fencings(), ElementsAre("n1: reboot n3 with d1"));
  // It comes back after all, and what ran there with it; the device is at it all the same.
  side.start_process(3);
  side.view();
  side.outcome(1, 0);
  side.kill(3);
  side.view();
  EXPECT_THAT(side.fencings(), IsEmpty()) << "it is the same life: once is enough";
}

TEST(Fencing, IsWhatAPersonSays) {
  LostNode lost(configuration(device("d1")));
  ASSERT_EQ(lost.side.fencings().size(), 1u);
  lost.side.control(2).ask(Confirm{"n3", lost.side.now});
  lost.side.run();
  EXPECT_THAT(lost.history(), ElementsAre("success"));
  EXPECT_THAT(lost.history("device"), ElementsAre("manual_ack"));
  EXPECT_EQ(lost.side.begun().size(), 1u);
  lost.side.outcome(1, 1);
  EXPECT_THAT(lost.history(), ElementsAre("success"));
  EXPECT_THAT(lost.side.fencings(), IsEmpty());
}

TEST(Fencing, FollowsTheTopology) {
  LostNode lost(configuration(
      device("d1") + device("d2") + device("d3"),
      topology(level(2, R"(target="n3")", "d3") + level(1, R"(target="n3")", "d1,d2") +
               level(1, R"(target-pattern="n.")", "d3"))));
  const auto expect = [&](const std::string& what, int rc) {
    ASSERT_EQ(lost.side.fencings().size(), 1u);
    EXPECT_EQ(lost.side.fencings()[0].substr(4), what);
    lost.side.outcome(static_cast<std::uint32_t>(lost.side.fencings()[0][1] - '0'), rc);
  };
  expect("off n3 with d1", 0);
  expect("off n3 with d2", 1);
  expect("reboot n3 with d3", 1);
  EXPECT_THAT(lost.history(), ElementsAre("failed"));
  lost.side.wait(1);
  expect("off n3 with d1", 0);
  expect("off n3 with d2", 0);
  expect("on n3 with d1", 1);
  EXPECT_THAT(lost.side.begun(), IsEmpty());
  expect("on n3 with d2", 1);
  EXPECT_THAT(lost.history(), ElementsAre("failed", "success")) << "it was off";
  EXPECT_EQ(lost.side.begun().size(), 1u);
}

TEST(Fencing, RemembersTheLastOfEachNode) {
  LostNode lost(configuration(device("d1", "pcmk_host_list=n1")));
  lost.side.wait(3000);
  EXPECT_EQ(lost.history().size(), fence_events_max);
}

// Which device, and by whom.
class ChoiceTest : public testing::Test {
 protected:
  std::string choose(const std::string& text, std::vector<std::string> nodes = {"n1", "n2"},
                     const std::string& target = "n3") {
    auto document = std::get<Document>(Document::load(text));
    for (std::uint32_t node = 1; node <= 3; ++node) {
      add_to_configuration(document.cib(), node, fmt::format("n{}", node));
      arrive(document.cib(), node, fmt::format("n{}", node));
      take_part(document.cib(), node, {});
    }
    const auto step = next_step(document.cib(), {target, "reboot", std::move(nodes), 0});
    if (!step) return "none";
    timeout = step->operation.timeout;
    return step->node + ": " + step->operation.task + " with " + step->operation.resource;
  }
  std::chrono::milliseconds timeout{};
};

TEST_F(ChoiceTest, IsOfDevicesThatCan) {
  const auto with = [&](const std::string& parameters) {
    return choose(configuration(device("d", parameters)));
  };
  EXPECT_EQ(with(""), "n1: reboot with d");
  EXPECT_EQ(with("pcmk_host_list=n1 n2"), "none");
  EXPECT_EQ(with("pcmk_host_list=n1,N3"), "n1: reboot with d");
  EXPECT_EQ(with("pcmk_host_map=n1:1;n3:2,3"), "n1: reboot with d");
  EXPECT_EQ(with("pcmk_host_map=n1:n3;n2:4"), "none");
  EXPECT_EQ(with("pcmk_host_check=none|pcmk_host_list=n1"), "n1: reboot with d");
  EXPECT_EQ(with("pcmk_host_check=dynamic-list"), "n1: reboot with d");
  EXPECT_EQ(with("pcmk_host_check=static-list"), "none");
}

TEST_F(ChoiceTest, IsOfDevicesThatMayRun) {
  const std::string disabled =
      R"(<primitive id="d" class="stonith" type="fence_test"><meta_attributes id="m">)"
      R"(<nvpair id="t" name="target-role" value="Stopped"/></meta_attributes></primitive>)";
  EXPECT_EQ(choose(configuration(disabled)), "none");
  std::string text = configuration(device("d"));
  const auto ban = [](const std::string& node) {
    return fmt::format(R"(<rsc_location id="b-{0}" rsc="d" node="{0}" score="-INFINITY"/>)", node);
  };
  text.insert(text.find("<rsc_location"), ban("n1"));
  EXPECT_EQ(choose(text), "n2: reboot with d");
  text.insert(text.find("<rsc_location"), ban("n2"));
  EXPECT_EQ(choose(text), "none");
}

TEST_F(ChoiceTest, IsTheTargetOnlyIfThereIsNobodyElse) {
  const std::string text = configuration(device("d"));
  EXPECT_EQ(choose(text, {"n1", "n2", "n3"}, "n1"), "n2: reboot with d");
  EXPECT_EQ(choose(text, {"n1"}, "n1"), "n1: reboot with d");
  EXPECT_EQ(choose(text, {}), "none");
}

TEST_F(ChoiceTest, KnowsHowLongADeviceMayTake) {
  choose(configuration(device("d", "pcmk_reboot_timeout=90s")));
  EXPECT_EQ(timeout, std::chrono::seconds(90));
  choose(configuration(device("d"), "", option("stonith-timeout", "2min")));
  EXPECT_EQ(timeout, std::chrono::minutes(2));
}

TEST_F(ChoiceTest, TakesTheTopologyThatNamesTheTargetOrTheFirstThatFits) {
  const std::string devices = device("d1") + device("d2");
  const auto with = [&](const std::string& levels) {
    return choose(configuration(devices, topology(levels)));
  };
  EXPECT_EQ(with(level(1, R"(target="n1")", "d2")), "n1: reboot with d1");
  EXPECT_EQ(with(level(1, R"(target-pattern="n[34]")", "d2")), "n1: reboot with d2");
  EXPECT_EQ(with(level(1, R"(target-pattern="n.")", "d1") + level(2, R"(target="n3")", "d2")),
            "n1: reboot with d2");
  EXPECT_EQ(with(level(1, R"(target-attribute="#uname" target-value="n3")", "d2")),
            "n1: reboot with d2");
  EXPECT_EQ(with(level(1, R"(target="n3")", "gone") + level(2, R"(target="n3")", "d2")),
            "n1: reboot with d2")
      << "a level whose device is not there is passed over";
}

}  // namespace
}  // namespace gyre::rm::control
