// What a changed fact costs: messages, and actions on what it does not touch. Two nodes whose
// agents do at once what they are asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "rm/cib/difference_xml.hh"
#include "rm/control/control.hh"
#include "rm/control/planning.hh"

namespace gyre::rm::control {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* text = R"(<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9"
 admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>
<cluster_property_set id="o"><nvpair id="o1" name="stonith-enabled" value="false"/>
</cluster_property_set></crm_config><nodes/><resources>
<primitive id="a" class="ocf" provider="heartbeat" type="Dummy"><instance_attributes id="ai">
<nvpair id="af" name="fake" value="1"/></instance_attributes>
<operations><op id="am" name="monitor" interval="10s"/></operations></primitive>
<primitive id="b" class="ocf" provider="heartbeat" type="Dummy"/>
<primitive id="c" class="ocf" provider="heartbeat" type="Dummy"/>
<primitive id="d" class="ocf" provider="heartbeat" type="Dummy"/></resources><constraints>
<rsc_location id="l1" rsc="a" node="n1" score="100"/>
<rsc_location id="l2" rsc="b" node="n1" score="100"/>
<rsc_location id="l3" rsc="c" node="n2" score="100"/>
<rsc_location id="l4" rsc="d" node="n2" score="100"/></constraints></configuration>
<status/></cib>)";

Document document() {
  return std::get<Document>(Document::load(text));
}

class CostTest : public testing::Test {
 protected:
  static constexpr std::int64_t now = 1'700'000'000;

  struct Node {
    BusMember member;
    Control control;
    std::set<std::string> runs;
  };

  // All runs where it is to run, and nothing is under way.
  void SetUp() override {
    for (Node& each : nodes_)
      each.control.handle(
          BusView{{1, 0, 0}, {{1, 10, 1}, {2, 20, 2}}, {each.member.node}, {1, 2}, true, false},
          now);
    run();
    ASSERT_THAT(nodes_[0].runs, UnorderedElementsAre("a", "b"));
    ASSERT_THAT(nodes_[1].runs, UnorderedElementsAre("c", "d"));
    forget();
  }

  void forget() { messages_.clear(), actions_.clear(); }

  void run() {
    for (;;) {
      while (take(nodes_[0]) || take(nodes_[1])) continue;
      if (order_.empty()) return;
      const auto [sender, payload] = std::move(order_.front());
      order_.pop_front();
      for (Node& each : nodes_) each.control.handle(BusMessage{{1, seq_, 0}, sender, payload}, now);
      ++seq_;
    }
  }

  bool take(Node& node) {
    Output output = node.control.take_output();
    for (std::string& each : output.sends) {
      ++messages_[decode(each)->message.index()];
      order_.emplace_back(node.member, std::move(each));
    }
    for (const auto& each : output.writes) node.control.kept(each.lineage, each.version);
    for (const auto& each : output.begun) node.control.finished(act(node, each.operation));
    if (output.plan_wanted) node.control.planned(make_plan(node.control.cib(), now), now);
    return !output.writes.empty() || !output.begun.empty() || output.plan_wanted ||
           !output.sends.empty();
  }

  Outcome act(Node& node, const Operation& operation) {
    actions_.insert(operation.resource);
    if (operation.task == "start") node.runs.insert(operation.resource);
    if (operation.task == "stop") node.runs.erase(operation.resource);
    const bool missing = operation.task == "monitor" && !node.runs.contains(operation.resource);
    Outcome outcome;
    outcome.key = operation.key;
    outcome.rc = missing ? 7 : 0;
    return outcome;
  }

  template <typename M>
  std::size_t sent() {
    return messages_[Message(M()).index()];
  }

  void configure(const std::function<void(pugi::xml_node cib)>& edit) {
    auto changed = std::get<Document>(Document::load(nodes_[0].control.document().text()));
    edit(changed.cib());
    raise_epoch(changed);
    const auto to_it = difference(nodes_[0].control.document(), changed);
    nodes_[0].control.ask(Configure{"root", "test", "now", to_text(to_it)});
    run();
  }

  std::array<Node, 2> nodes_{
      Node{{1, 10, 1}, Control({1, "n1", "test", "life-1"}, document(), "0.0.0_1"), {}},
      Node{{2, 20, 2}, Control({2, "n2", "test", "life-2"}, document(), "0.0.0_1"), {}}};
  std::deque<std::pair<BusMember, std::string>> order_;
  std::uint64_t seq_ = 1;
  std::map<std::size_t, std::size_t> messages_;  // by kind
  std::set<std::string> actions_;                // resources that an agent was asked about
};

TEST_F(CostTest, AnAttributeIsOneMessageAndNoAction) {
  nodes_[1].control.ask(AttributeChange{"n2", "colour", "blue"});
  run();
  EXPECT_EQ(sent<AttributeChange>(), 1u);
  EXPECT_EQ(messages_.size(), 1u) << "and nothing else is said";
  EXPECT_THAT(actions_, IsEmpty());
}

TEST_F(CostTest, AParameterIsOneMessageAndTouchesItsResourceOnly) {
  configure([](pugi::xml_node cib) {
    cib.find_node([](pugi::xml_node each) {
         return std::string_view(each.attribute("id").value()) == "af";
       })
        .attribute("value") = "2";
  });
  EXPECT_EQ(sent<Configure>(), 1u);
  EXPECT_EQ(sent<Kept>(), 2u) << "each member says once that its disk has it";
  EXPECT_THAT(actions_, UnorderedElementsAre("a"));
  EXPECT_EQ(sent<Begin>(), sent<Result>());
  EXPECT_EQ(sent<Begin>(), 3u) << "stop, start, monitor";
}

TEST_F(CostTest, AStandbyIsOneMessageAndTouchesWhatRunsThereOnly) {
  nodes_[0].control.ask(AttributeChange{"n2", "standby", "on", false});
  run();
  EXPECT_EQ(sent<AttributeChange>(), 1u);
  EXPECT_THAT(actions_, UnorderedElementsAre("c", "d"));
  EXPECT_THAT(nodes_[0].runs, UnorderedElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(sent<Begin>(), 4u) << "a stop and a start of each";
}

}  // namespace
}  // namespace gyre::rm::control
