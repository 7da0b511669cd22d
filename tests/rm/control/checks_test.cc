// What the model looks at while fencing is on: timelines that are good, and each of the bad ones.
#include "tests/rm/control/checks.hh"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gyre::rm::model {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ChecksTest : public testing::Test {
 protected:
  ChecksTest() {
    checks_.set_rules({{{"r", 1}, {promoted("r"), 1}}, {{promoted("r"), "q"}}, {}, {"r"}});
    see(1, {1, 2, 3});
    see(2, {1, 2, 3});
  }
  void see(std::uint32_t node, const std::vector<std::uint32_t>& members, bool quorate = true) {
    BusView view;
    for (const std::uint32_t each : members) view.members.push_back({each, 1, 1});
    view.quorate = quorate;
    checks_.sees(node, view);
  }
  static Operation operation(const std::string& task, const std::string& key = "k") {
    Operation of;
    of.key = key;
    of.resource = "r";
    of.task = task;
    return of;
  }
  static Operation probe() { return operation("monitor", "probe"); }
  Operation telling(const std::string& kind, const std::string& of) {
    Operation told = operation("notify");
    told.parameters = {{"CRM_meta_notify_type", kind}, {"CRM_meta_notify_operation", of}};
    return told;
  }
  void told(std::uint32_t node, const std::string& of) { checks_.begins(node, telling("pre", of)); }
  void promote(std::uint32_t node) {
    told(node, "promote");
    checks_.begins(node, operation("promote"));
    checks_.succeeded(node, operation("promote"));
  }
  // A person said so after half a second.
  void say_confirmed() {
    auto document = control::default_document();
    pugi::xml_node event =
        document.cib().child("status").append_child("fence_history").append_child("fence_event");
    for (const auto& [name, value] : {std::pair("target", "n2"),
                                      {"status", "success"},
                                      {"client", "a person"},
                                      {"completed", "1700000005"}})
      event.append_attribute(name) = value;
    checks_.fencings(control::Control({1, "n1", "test", "life"}, std::move(document), ""));
  }
  static Operation fencing(const std::string& key, const std::string& target) {
    Operation of = operation("reboot", key);
    of.target = target;
    return of;
  }
  void run(std::uint32_t node) {
    told(node, "stop");
    told(node, "demote");
    checks_.begins(node, operation("start"));
    checks_.succeeded(node, operation("start"));
  }
  void wait(Duration time) {
    const Time until = timeline_.now() + time;
    while (timeline_.step(until)) continue;
  }
  // A document that says that n2 was fenced by these, the last ones first.
  void say_fenced(const std::vector<std::pair<std::string, std::string>>& attempts) {
    auto document = control::default_document();
    pugi::xml_node event =
        document.cib().child("status").append_child("fence_history").append_child("fence_event");
    event.append_attribute("target") = "n2";
    event.append_attribute("status") = "success";
    for (const auto& [action, key] : attempts) {
      pugi::xml_node attempt = event.append_child("fence_attempt");
      attempt.append_attribute("action") = action.c_str();
      attempt.append_attribute("key") = key.c_str();
    }
    checks_.fencings(control::Control({1, "n1", "test", "life"}, std::move(document), ""));
  }
  const std::vector<std::string>& violations() const { return checks_.violations(); }

  Timeline timeline_;
  Checks checks_{timeline_, {.fences = true}};
};

TEST_F(ChecksTest, S2ANodeThatIsNotSeenMustBeOffFirst) {
  run(1);
  see(2, {2, 3});
  checks_.died(1, "r");  // as nobody there can know
  run(2);
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("S2")));
}

TEST_F(ChecksTest, S3NothingIsStartedWhereTheGroupSaysThatNothingMayBe) {
  control::Control control({1, "n1", "test", "life"}, control::default_document(), "");
  control.handle(BusView{{1, 0, 0}, {{1, 1, 1}}, {1}, {1}, true}, 0);
  int number = 0;
  const auto begun = [&](const char* task, bool lease, std::optional<bool> may_act) {
    checks_.begun(control, true, lease, may_act,
                  {operation(task, std::to_string(++number) + "-000000000001")});
    return violations().size();
  };
  EXPECT_EQ(begun("start", true, true) + begun("start", true, std::nullopt), 0u);
  EXPECT_EQ(begun("start", false, false), 0u) << "it is told that it may not";
  EXPECT_EQ(begun("stop", true, false), 0u);
  EXPECT_EQ(begun("start", true, false), 1u);
  EXPECT_EQ(begun("migrate_to", true, false), 2u);
  EXPECT_THAT(violations(), Each(HasSubstr("S3")));
}

TEST_F(ChecksTest, S7WhatWasGivenUpIsNotBegun) {
  auto document = control::default_document();
  pugi::xml_node history = document.cib().child("status").append_child("fence_history");
  pugi::xml_node attempt = history.append_child("fence_event").append_child("fence_attempt");
  attempt.append_attribute("key") = "given-up";
  attempt.append_attribute("status") = "unknown";
  checks_.fencings(control::Control({1, "n1", "test", "life"}, std::move(document), ""));
  checks_.begins(1, fencing("another", "n2"));
  EXPECT_THAT(violations(), IsEmpty());
  checks_.begins(1, fencing("given-up", "n2"));
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("S7")));
}

TEST_F(ChecksTest, S10WhatDiedIsUpAsFarAsAnybodyKnowsUntilItIsMissed) {
  Operation monitor = operation("monitor");
  monitor.interval = 11s;
  using Event = std::function<void(Checks&)>;
  const auto dies = [](Checks& checks) { checks.died(1, "r"); };
  const auto is_demoted = [](Checks& checks) { checks.demoted(1, "r"); };
  const auto is_missed = [](Checks& checks) { checks.missed(1, "r"); };
  const auto is_off = [](Checks& checks) { checks.lost(1); };
  const auto is_found = [&](Checks& checks) { checks.found(1, monitor, false); };
  for (const auto& [end, word] : {std::pair<Event, Event>(dies, is_missed),
                                  {dies, is_off},
                                  {is_demoted, is_missed},
                                  {is_demoted, is_found}}) {
    Checks checks(timeline_, {});
    checks.set_rules({{}, {{promoted("r"), "then"}}, {}, {}});
    for (const char* task : {"start", "promote"}) checks.succeeded(1, operation(task));
    end(checks);
    wait(1min);
    Operation of = operation("start");
    of.resource = "then";
    checks.begins(1, of);
    word(checks);
    wait(9s);
    checks.begins(1, of);
    EXPECT_THAT(checks.violations(), IsEmpty());
    wait(1s);
    checks.begins(1, of);
    EXPECT_EQ(checks.violations().size(), 1u);
  }
}

TEST_F(ChecksTest, S2IsKeptBehindAFencing) {
  run(1);
  see(2, {2, 3});
  checks_.lost(1);
  run(2);
  EXPECT_THAT(violations(), IsEmpty());
  EXPECT_EQ(checks_.counts().at("S2"), 2u);
}

TEST_F(ChecksTest, S2IsKeptBehindAStop) {
  run(1);
  checks_.begins(1, operation("stop"));
  checks_.succeeded(1, operation("stop"));
  see(2, {2, 3});
  run(2);
  EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ChecksTest, S4WhoLostQuorumStops) {
  run(1);
  see(1, {1}, false);
  wait(50s);
  checks_.lost_quorum(1);
  EXPECT_THAT(violations(), IsEmpty()) << "it may take its time";
  see(1, {1}, false);
  wait(30s);
  checks_.lost_quorum(1);
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("S4")));
}

TEST_F(ChecksTest, S4IsKeptByAStopByQuorumAndByWhatCannotStop) {
  run(1);
  see(1, {1}, false);
  wait(50s);
  see(1, {1, 2}, true);
  see(1, {1}, false);
  wait(50s);
  checks_.lost_quorum(1);
  EXPECT_THAT(violations(), IsEmpty()) << "it had a quorum in between";
  checks_.failed(1, operation("stop"));
  wait(50s);
  checks_.lost_quorum(1);
  EXPECT_THAT(violations(), IsEmpty()) << "that is for S9 to say";
  checks_.forgiven();
  checks_.succeeded(1, operation("stop"));
  checks_.lost_quorum(1);
  EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ChecksTest, S6ASuccessIsANodeThatWasOff) {
  checks_.lost(2);
  wait(1s);
  checks_.begins(1, fencing("k1", "n2"));
  say_fenced({{"reboot", "k1"}});
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("S6"))) << "it was off before that only";
}

TEST_F(ChecksTest, S6IsKeptByANodeThatWasOffSinceOrIsOnAgain) {
  checks_.begins(1, fencing("k1", "n2"));
  wait(1s);
  checks_.lost(2);
  wait(1s);
  checks_.begins(1, fencing("k2", "n2"));
  say_fenced({{"off", "k1"}, {"on", "k2"}});
  EXPECT_THAT(violations(), IsEmpty());
  EXPECT_EQ(checks_.counts().at("S6"), 1u);
}

TEST_F(ChecksTest, S7ANodeIsFencedTwiceForOneFaultAtMost) {
  for (int i = 0; i < 2; ++i) checks_.switched_off(2, "k");
  checks_.fault(2);
  for (int i = 0; i < 2; ++i) checks_.switched_off(2, "k");
  checks_.fault(1);
  EXPECT_THAT(violations(), IsEmpty());
  checks_.switched_off(2, "k");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("S7")));
}

TEST_F(ChecksTest, S9AFailedStopIsFencedOrForgiven) {
  checks_.failed(1, operation("stop"));
  checks_.lost(1);
  checks_.failed(2, operation("stop"));
  checks_.forgiven();
  checks_.failed(3, operation("start"));
  checks_.failed(3, operation("stop"));
  checks_.begins(3, operation("monitor"));  // nobody knows of that any more
  checks_.failed(3, operation("stop"));
  checks_.succeeded(3, operation("stop"));  // after all: nothing is left to be fenced for
  checks_.no_failed_stop_is_left();
  EXPECT_THAT(violations(), IsEmpty());
  EXPECT_EQ(checks_.counts().at("S9"), 1u);
  checks_.failed(2, operation("stop"));
  checks_.no_failed_stop_is_left();
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("S9")));
}

TEST_F(ChecksTest, S1NoMoreArePromotedThanMayBe) {
  run(1);
  promote(1);
  EXPECT_THAT(violations(), IsEmpty());
  checks_.begins(1, operation("demote"));
  checks_.failed(1, operation("demote"));
  checks_.begins(2, operation("promote"));
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("S1: r promoted"))) << "it was not demoted";
}

TEST_F(ChecksTest, S1IsKeptBehindADemoteOrAStop) {
  checks_.set_rules({{{promoted("r"), 1}}, {}, {}, {}});
  for (const char* task : {"demote", "stop"}) {
    run(1);
    promote(1);
    checks_.begins(1, operation("demote"));
    checks_.begins(1, operation(task));
    checks_.succeeded(1, operation(task));
    run(2);
    promote(2);
    checks_.lost(2);
  }
  EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ChecksTest, S1WhatMovesIsAtOneNodeAtATime) {
  run(1);
  checks_.begins(1, operation("migrate_to"));
  checks_.moved(1, 2, "r");
  checks_.begins(2, operation("migrate_from"));
  checks_.succeeded(2, operation("migrate_from"));
  EXPECT_THAT(violations(), IsEmpty());
  checks_.begins(1, operation("start"));
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("S1"))) << "it is at n2 now";
  checks_.moved(2, 3, "r");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("S1"), HasSubstr("came from n2 to n3")));
}

TEST_F(ChecksTest, S10AnInstanceIsPromotedWhereItIsUpAndStoppedOnceItIsDemoted) {
  run(1);
  promote(1);
  checks_.begins(1, operation("stop"));
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("before it was demoted")));
  checks_.missed(2, "r");
  wait(11s);
  checks_.begins(2, operation("promote"));
  EXPECT_THAT(violations(), Contains(HasSubstr("where it is not up")));
}

TEST_F(ChecksTest, S10NobodyIsDemotedUnderWhoNeedsThat) {
  checks_.set_rules({{{"q", 1}, {promoted("r"), 1}}, {{promoted("r"), "q"}}, {}, {}});
  Operation q = operation("start");
  q.resource = "q";
  checks_.begins(1, q);
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("q is started before r promoted is up")));
  run(1);
  promote(1);
  checks_.begins(1, q);
  checks_.succeeded(1, q);
  checks_.begins(1, operation("demote"));
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("q is started"), HasSubstr("q is up")));
}

TEST_F(ChecksTest, S10WhoWantsToKnowIsToldBeforeItChanges) {
  run(1);
  promote(1);
  checks_.begins(1, telling("post", "promote"));
  checks_.begins(1, telling("post", "demote"));
  EXPECT_THAT(violations(), IsEmpty());
  checks_.begins(1, operation("demote"));
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("was not told on n1 of its demote")));
}

TEST_F(ChecksTest, S10WhoIsToldOfAFencingInBetweenIsToldOfItsOwnStopStill) {
  run(1);
  Operation of = telling("post", "stop");
  of.parameters.emplace_back("CRM_meta_notify_key_operation", "stonith");
  checks_.begins(1, of);
  checks_.begins(1, operation("stop"));
  EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ChecksTest, WhoLeavesRunsNothingAndIsNotFenced) {
  run(1);
  checks_.left(1);
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("n1 leaves, and r runs there")));
  see(3, {1, 2, 3});
  checks_.left(3);
  wait(1s);
  checks_.begins(2, fencing("k", "n3"));
  checks_.switched_off(3, "k");
  EXPECT_THAT(violations(), Contains(HasSubstr("S7: n3 is fenced, and had left in order")));
}

TEST_F(ChecksTest, WhoLeavesMayBeFencedForWhatCameBetween) {
  see(3, {1, 2, 3});
  checks_.left(3);
  wait(1s);
  checks_.fault(1);
  checks_.begins(2, fencing("k", "n3"));
  checks_.switched_off(3, "k");
  EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ChecksTest, S6APersonIsRightOnlyOfANodeThatIsOff) {
  wait(1s);
  checks_.booted(2);
  wait(10s);
  say_confirmed();
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("S6")));
}

TEST_F(ChecksTest, S6IsKeptByAPersonWhoKeepsItOff) {
  checks_.booted(2);
  wait(1s);
  checks_.lost(2);
  wait(9s);
  checks_.booted(2);
  say_confirmed();
  EXPECT_THAT(violations(), IsEmpty());
  EXPECT_EQ(checks_.counts().at("S6 confirmed"), 1u);
}

// Of a lie only that is left out which nobody could know.
TEST_F(ChecksTest, WhatIsHiddenCountsOnceItIsFound) {
  run(1);
  checks_.hidden(1, "r");
  run(2);
  EXPECT_THAT(violations(), IsEmpty()) << "it was said not to run on n1";
  checks_.lost(2);
  Operation again = probe();
  again.interval = 10s;
  checks_.found(1, again, false);
  run(2);
  EXPECT_THAT(violations(), IsEmpty()) << "what recurs has nothing new to say";
  checks_.lost(2);
  checks_.found(1, probe(), false);
  run(2);
  EXPECT_THAT(violations(), Contains(HasSubstr("S1")));
}

// An agent has lied. Others may be promoted while the monitor that says so is on its way only.
TEST_F(ChecksTest, S1WhatNobodyKnewToBePromotedCountsOnceItIsSaid) {
  Operation monitor = operation("monitor");
  monitor.interval = 10s;
  for (const std::string lie : {"monitor", "stop", "demote"})
    for (const int words : {0, 1, 2}) {
      Checks checks(timeline_, {});
      checks.set_rules({{{promoted("r"), 1}}, {}, {}, {}});
      checks.begins(1, operation("promote"));
      checks.succeeded(1, operation("promote"));
      lie == "monitor" ? checks.hidden(1, "r") : checks.succeeded(1, operation(lie));
      checks.begins(1, operation("start"));
      checks.succeeded(1, operation("start"));
      for (int word = 0; word < words; ++word) checks.found(1, monitor, true);
      checks.begins(2, operation("promote"));
      EXPECT_EQ(checks.violations().size(), words == 2 ? 1u : 0u) << lie << ", " << words;
    }
}

TEST_F(ChecksTest, S1APromotionThatCameToNothingCountsUntilItIsLookedAt) {
  for (const bool looked : {false, true}) {
    Checks checks(timeline_, {});
    checks.set_rules({{{promoted("r"), 1}}, {}, {}, {}});
    checks.begins(1, operation("promote"));
    checks.failed(1, operation("promote"));
    if (looked) checks.found(1, probe(), false);
    checks.begins(2, operation("promote"));
    EXPECT_EQ(checks.violations().size(), looked ? 0u : 1u);
  }
}

// What could not be stopped is none of quorum's.
TEST_F(ChecksTest, S4WhatCannotBeStoppedStaysThoughFailuresAreForgotten) {
  for (const bool stops : {false, true}) {
    Checks checks(timeline_, {.fences = true});
    checks.set_rules({{{"r", 1}}, {}, {}, {}});
    checks.begins(1, operation("start"));
    checks.succeeded(1, operation("start"));
    BusView alone;
    alone.members = {{1, 1, 1}};
    checks.sees(1, alone);
    if (stops) checks.begins(1, operation("stop"));
    if (stops) checks.failed(1, operation("stop"));
    checks.forgiven();
    wait(2min);
    checks.lost_quorum(1);
    EXPECT_EQ(checks.violations().size(), stops ? 0u : 1u);
  }
}

// Nor what waits until that has stopped.
TEST_F(ChecksTest, S4WhatIsToStopBehindWhatCannotStays) {
  for (const bool stops : {false, true}) {
    Checks checks(timeline_, {.fences = true});
    checks.set_rules({{{"r", 1}}, {{"r", "s"}, {"s", "t"}}, {}, {}});
    checks.begins(1, operation("start"));
    checks.succeeded(1, operation("start"));
    Operation last = operation("stop");
    last.resource = "t";
    if (stops) checks.begins(1, last);
    if (stops) checks.failed(1, last);
    BusView alone;
    alone.members = {{1, 1, 1}};
    checks.sees(1, alone);
    wait(2min);
    checks.lost_quorum(1);
    EXPECT_EQ(checks.violations().size(), stops ? 0u : 1u);
  }
}

TEST_F(ChecksTest, WhoIsSaidToRunMayBeRestartedWhereTheOtherCannotBeSeen) {
  run(1);
  checks_.pretended(2, "r");
  checks_.away(1);
  run(2);
  EXPECT_THAT(violations(), Not(Contains(HasSubstr("S1"))));
  checks_.lost(2);
  run(2);
  EXPECT_THAT(violations(), Contains(HasSubstr("S1"))) << "once";
}

}  // namespace
}  // namespace gyre::rm::model
