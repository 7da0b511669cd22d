#include "rm/simulate/injection.hh"

#include <gmock/gmock.h>

#include "tests/rm/show/small_cluster.hh"

namespace gyre::rm::simulate {

using testing::ElementsAre;

struct Injected : testing::Test {
  static pugi::xml_node load(pugi::xml_document& document) {
    document.load_string(
        "<cib><configuration><crm_config/></configuration><status>"
        "<node_state id='n1' uname='n1' in_ccm='true' crmd='online' join='member'>"
        "<lrm id='n1'/><transient_attributes id='n1'/></node_state></status></cib>");
    return document.document_element();
  }
  Injected() {
    cluster.add("a");
    cluster.by_id.emplace(cluster.resources.front().id, &cluster.resources.front());
    cluster.now = 9;
  }
  pugi::xml_node status() { return document.document_element().child("status"); }
  std::string state(const char* node, const char* attribute) {
    return status().find_child_by_attribute("uname", node).attribute(attribute).value();
  }
  show::SmallCluster cluster{"n1"};
  pugi::xml_document document;
  Injection injection{cluster, load(document)};
};

TEST_F(Injected, NodesComeAndGo) {
  injection.node_up("n9");
  EXPECT_EQ(state("n9", "join"), "member");
  EXPECT_TRUE(injection.node_fail("n1"));
  EXPECT_EQ(state("n1", "in_ccm") + state("n1", "crmd"), "falseonline");
  EXPECT_TRUE(injection.node_down("n1"));
  EXPECT_EQ(state("n1", "crmd") + state("n1", "expected"), "offlinedown");
  EXPECT_FALSE(status().first_child().first_child());  // with its state goes what it ran
  EXPECT_FALSE(injection.node_down("nobody"));
  EXPECT_FALSE(injection.node_fail("nobody"));
  EXPECT_EQ(injection.lines().front(), "Bringing node n9 online");
}

TEST_F(Injected, QuorumAndWatchdog) {
  injection.quorum("0");
  injection.watchdog("1");
  injection.watchdog("0");
  EXPECT_STREQ(document.document_element().attribute("have-quorum").value(), "0");
  EXPECT_STREQ(
      document.select_node("//nvpair[@name='have-watchdog']").node().attribute("value").value(),
      "0");
  EXPECT_THAT(injection.lines(),
              ElementsAre("Setting quorum: 0", "Setting watchdog: 1", "Setting watchdog: 0"));
}

TEST_F(Injected, Tickets) {
  injection.ticket("t", "granted", true);
  injection.ticket("t", "standby", true);
  injection.ticket("t", "standby", false);
  const pugi::xml_node ticket = status().child("tickets").first_child();
  EXPECT_STREQ(ticket.attribute("granted").value(), "true");
  EXPECT_STREQ(ticket.attribute("standby").value(), "false");
  EXPECT_FALSE(ticket.next_sibling());
  EXPECT_THAT(injection.lines(),
              ElementsAre("Granting ticket t", "Making ticket t standby", "Activating ticket t"));
}

TEST_F(Injected, AFailureIsCounted) {
  EXPECT_EQ(injection.operation("a_monitor_10@n1=7"), "");
  EXPECT_THAT(injection.lines(),
              ElementsAre("Injecting a_monitor_10@n1=7 into the configuration",
                          "Injecting attribute fail-count-a#monitor_10=value++ into /node_state "
                          "'n1'",
                          "Injecting attribute last-failure-a#monitor_10=9 into /node_state "
                          "'n1'"));
}

TEST_F(Injected, AProbeThatFindsNothingIsNoFailure) {
  EXPECT_EQ(injection.operation("a_monitor_0@n1=7"), "");
  EXPECT_EQ(injection.lines().size(), 1U);
}

TEST_F(Injected, NonsenseIsRefused) {
  EXPECT_EQ(injection.operation("foo"), "Invalid operation spec: foo.  Only found 1 fields");
  EXPECT_EQ(injection.operation("b_stop_0@n1=1"), "Invalid resource name: b");
  EXPECT_EQ(injection.operation("a_stop_0@n7=1"), "There is no node n7");
  EXPECT_FALSE(document.select_node("//lrm_rsc_op"));
}

}  // namespace gyre::rm::simulate
