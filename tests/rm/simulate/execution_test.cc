#include "rm/simulate/execution.hh"

#include <gmock/gmock.h>

#include "tests/rm/show/small_cluster.hh"

namespace gyre::rm::simulate {

using schedule::Action;
using schedule::Kind;
using schedule::Resource;
using testing::ElementsAre;

struct Executed : testing::Test {
  Executed() {
    status.load_string(
        "<cib><status><node_state id='n1' uname='n1'><lrm id='n1'><lrm_resources>"
        "<lrm_resource id='c'/></lrm_resources></lrm></node_state>"
        "<node_state id='n2' uname='n2' in_ccm='true'><lrm id='n2'/></node_state></status></cib>");
    cluster.cib = status.document_element();
    cluster.now = 9;
  }
  std::vector<std::string> run(const std::vector<OperationResult>& failures = {}) {
    done = carry_out(cluster, steps, failures);
    std::vector<std::string> keys;
    for (const Done& each : done) keys.push_back(each.action->key);
    return keys;
  }
  std::string recorded(const char* node, const char* resource) {
    const pugi::xml_node of = cluster.cib.child("status")
                                  .find_child_by_attribute("uname", node)
                                  .child("lrm")
                                  .child("lrm_resources")
                                  .find_child_by_attribute("id", resource);
    std::string text;
    for (pugi::xml_node operation : of.children())
      text += std::string(operation.attribute("id").value()) + '=' +
              operation.attribute("operation").value() + ' ';
    return text;
  }

  pugi::xml_document status;  // apart from where the resources' elements are
  show::SmallCluster cluster{"n1", "n2"};
  Resource& a = cluster.add("a");
  std::vector<schedule::Step> steps;
  std::vector<Done> done;
};

TEST_F(Executed, WhatBecomesPossibleIsDoneInTheSameTurnOnlyIfItStandsBehind) {
  Action& first = cluster.act("first", &a);
  Action& second = cluster.act("second", &a);
  Action& third = cluster.act("third", &a);
  for (Action* action : {&first, &second, &third}) action->pseudo = true;
  Action& other = cluster.act("other", &a);
  other.pseudo = true;
  steps = {{&third, {&second}}, {&first, {}}, {&second, {&first}}, {&other, {}}};
  EXPECT_THAT(run(), ElementsAre("a_first_0", "a_second_0", "a_other_0", "a_third_0"));
}

TEST_F(Executed, ResultsStandInTheStatus) {
  Action& probe = cluster.act("monitor", &a, &cluster.node(0));
  probe.target_rc = 7;
  Action& start = cluster.act("start", &a, &cluster.node(0));
  Action& reload = cluster.act("reload-agent", &a, &cluster.node(1));
  Action& forget = cluster.act("clear_failcount", &a, &cluster.node(1));
  steps = {{&probe, {}}, {&start, {&probe}}, {&reload, {}}, {&forget, {}}};
  run();
  EXPECT_EQ(recorded("n1", "a"), "a_last_0=start ");
  EXPECT_EQ(recorded("n2", "a"), "a_last_0=start ");
  EXPECT_STREQ(cluster.cib.attribute("num_updates").value(), "3");
  EXPECT_STREQ(cluster.cib.select_node("//lrm_rsc_op").node().attribute("op-digest").value(),
               "f2317cad3d54cec5d7d7aa7d0bf35cf8");  // of no parameters
}

TEST_F(Executed, AnInstanceIsCalledByTheNameThatItIsKnownBy) {
  Resource& clone = cluster.add_clone("cl", "c");
  Resource& unknown = cluster.add_clone("dl", "d");
  Action& start = cluster.act("start", clone.children[1], &cluster.node(1));
  Action& other = cluster.act("start", unknown.children[1], &cluster.node(1));
  steps = {{&start, {}}, {&other, {}}};
  run();
  EXPECT_EQ(done[0].name, "c");
  EXPECT_EQ(done[1].name, "d:1");
  EXPECT_EQ(recorded("n2", "c"), "c_last_0=start ");
  EXPECT_EQ(recorded("n2", "d"), "d_last_0=start ");
}

TEST_F(Executed, AFencedNodeIsGoneWithAllThatItRan) {
  Action& fence = cluster.act("stonith", nullptr, &cluster.node(1));
  fence.key = "stonith-n2-reboot";
  steps = {{&fence, {}}};
  run();
  const pugi::xml_node state = cluster.cib.child("status").last_child();
  EXPECT_STREQ(state.attribute("in_ccm").value(), "false");
  EXPECT_STREQ(state.attribute("expected").value(), "down");
  EXPECT_FALSE(state.first_child());
}

TEST_F(Executed, UnfencingLeavesANodeAlone) {
  Action& fence = cluster.act("stonith", nullptr, &cluster.node(1));
  fence.key = "stonith-n2-on";
  steps = {{&fence, {}}};
  run();
  EXPECT_STREQ(cluster.cib.child("status").last_child().attribute("in_ccm").value(), "true");
}

TEST_F(Executed, AFailureEndsWhatIsNotAlreadyUnderWay) {
  Resource& clone = cluster.add_clone("cl", "c");
  Action& start = cluster.act("start", clone.children[0], &cluster.node(0));
  Action& running = cluster.act("running", &clone);
  running.pseudo = true;
  Action& monitor = cluster.act("monitor", clone.children[0], &cluster.node(0));
  steps = {{&start, {}}, {&running, {&start}}, {&monitor, {&start}}};
  EXPECT_THAT(run({{"c", "start", "n1", 0, 1}}), ElementsAre("c:0_start_0", "cl_running_0"));
  EXPECT_EQ(done[0].failed, 1);
  EXPECT_THAT(done[0].counted,
              ElementsAre("fail-count-c#start_0=value++", "last-failure-c#start_0=9"));
  EXPECT_EQ(recorded("n1", "c"), "c_last_failure_0=start c_last_0=start ");
}

}  // namespace gyre::rm::simulate
