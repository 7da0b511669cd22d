// What of a plan may be begun, and when.
#include "rm/control/transition.hh"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gyre::rm::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Planned {
  int id;
  std::vector<int> after = {};
  bool only_a_mark = false;
};

Transition transition(const std::vector<Planned>& actions) {
  std::string text = "<transition_graph>";
  for (const Planned& each : actions) {
    text += fmt::format("<synapse><action_set><{} id=\"{}\"/></action_set><inputs>",
                        each.only_a_mark ? "pseudo_event" : "rsc_op", each.id);
    for (const int first : each.after)
      text += fmt::format("<trigger><rsc_op id=\"{}\"/></trigger>", first);
    text += "</inputs></synapse>";
  }
  return Transition(text + "</transition_graph>");
}

std::vector<int> ready(Transition& of) {
  std::vector<int> ids;
  for (const pugi::xml_node action : of.take_ready())
    ids.push_back(action.attribute("id").as_int());
  return ids;
}

TEST(Transition, OfNothingIsFinished) {
  Transition none, empty = transition({});
  EXPECT_TRUE(none.finished());
  EXPECT_TRUE(empty.finished());
  EXPECT_THAT(ready(empty), IsEmpty());
}

TEST(Transition, WaitsForAllThatComesBefore) {
  Transition of = transition({{1}, {2}, {3, {1, 2}}, {4, {3}}});
  EXPECT_THAT(ready(of), ElementsAre(1, 2));
  EXPECT_THAT(ready(of), IsEmpty()) << "each is ready once";
  of.done(1);
  EXPECT_THAT(ready(of), IsEmpty());
  of.done(1);
  EXPECT_THAT(ready(of), IsEmpty()) << "done twice is done once";
  of.done(2);
  EXPECT_THAT(ready(of), ElementsAre(3));
  of.done(3);
  of.done(4);
  EXPECT_TRUE(of.finished());
}

TEST(Transition, PassesOverMarks) {
  Transition of = transition({{1, {}, true}, {2, {1}}, {3, {2}, true}, {4, {3}, true}, {5, {4}}});
  EXPECT_THAT(ready(of), ElementsAre(2));
  of.done(2);
  EXPECT_THAT(ready(of), ElementsAre(5));
  EXPECT_FALSE(of.finished());
  of.done(5);
  EXPECT_TRUE(of.finished());
}

TEST(Transition, KnowsWhatItIsOf) {
  const Transition of(
      R"(<transition_graph><synapse><action_set><crm_event id="1" operation="stonith" )"
      R"(on_node="n3"/></action_set><inputs/></synapse></transition_graph>)");
  EXPECT_TRUE(of.has("stonith", "n3"));
  EXPECT_FALSE(of.has("stonith", "n2"));
  EXPECT_FALSE(of.has("start", "n3"));
}

TEST(Transition, WhatIsNotInThePlanIsNotWaitedFor) {
  Transition of = transition({{1, {9}}});
  EXPECT_THAT(ready(of), ElementsAre(1));
  of.done(9);
  EXPECT_FALSE(of.finished());
}

TEST(Transition, WhoLeavesHasDoneAllThatIsToBeDoneThere) {
  Transition of(
      R"(<transition_graph><synapse><action_set><crm_event id="1" operation="do_shutdown" )"
      R"(on_node="n1"/></action_set></synapse><synapse><action_set><rsc_op id="2" )"
      R"(operation="monitor" on_node="n1"/></action_set></synapse><synapse><action_set><rsc_op )"
      R"(id="3" operation="monitor" on_node="n2"/></action_set></synapse></transition_graph>)");
  EXPECT_THAT(ready(of), ElementsAre(2, 3));
  of.done(2);
  EXPECT_THAT(ready(of), ElementsAre(1));
}

// What was promoted there may be found promoted still.
TEST(Transition, NobodyIsPromotedBeforeItIsKnownWhoIs) {
  const auto action = [](int id, const char* task, const char* resource, int interval = 0,
                         int after = 0) {
    return fmt::format(
        R"(<synapse><action_set><rsc_op id="{}" operation="{}" on_node="n1"><primitive id="{}"/>)"
        R"(<attributes CRM_meta_interval="{}"/></rsc_op></action_set><inputs><trigger>)"
        R"(<rsc_op id="{}"/></trigger></inputs></synapse>)",
        id, task, resource, interval, after);
  };
  Transition of("<transition_graph>" + action(1, "promote", "a:1") + action(2, "monitor", "a:0") +
                action(3, "monitor", "b:0") + action(4, "monitor", "a:2", 10'000, 1) +
                action(5, "start", "c", 0, 1) + action(6, "monitor", "a:3", 0, 5) +
                "</transition_graph>");
  EXPECT_THAT(ready(of), ElementsAre(2, 3));
  of.done(2);
  EXPECT_THAT(ready(of), ElementsAre(1)) << "and waits for no probe that would wait for it";
}

}  // namespace
}  // namespace gyre::rm::control
