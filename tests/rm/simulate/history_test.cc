#include "rm/simulate/history.hh"

#include <gmock/gmock.h>

namespace gyre::rm::simulate {

using testing::ElementsAre;

struct History : testing::Test {
  History() { document.load_string("<cib num_updates='4'><status/></cib>"); }

  pugi::xml_node cib() { return document.document_element(); }
  pugi::xml_node state() { return node_state(cib(), "1", "n1"); }
  pugi::xml_node of_a() { return resource_record(state(), {"a", "ocf", "pacemaker", "Dummy"}); }
  std::vector<std::string> recorded() {
    std::vector<std::string> ids;
    for (pugi::xml_node operation : of_a().children())
      ids.push_back(operation.attribute("id").value() + std::string(" ") +
                    operation.attribute("transition-magic").value() + std::string(" ") +
                    operation.attribute("call-id").value());
    return ids;
  }
  pugi::xml_document document;
};

constexpr const char* uuid = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

TEST_F(History, KeepsTheLastOfEachKind) {
  record(of_a(), "a", {.task = "start", .now = 7});
  record(of_a(), "a", {.task = "monitor", .interval_ms = 10000, .rc = 8, .expected_rc = 8});
  record(of_a(), "a", {.task = "stop"});
  record(of_a(), "a", {.task = "migrate_to", .source = "n1", .target = "n2"});
  record(of_a(), "a", {.task = "notify", .notification = "pre_notify_start"});
  const std::string end = std::string(":") + uuid;
  EXPECT_THAT(recorded(), ElementsAre("a_last_0 0:0;3:-1:0" + end + " 3",
                                      "a_monitor_10000 0:8;2:-1:8" + end + " 2",
                                      "a_migrate_to_0 0:0;4:-1:0" + end + " 4",
                                      "a_pre_notify_start_0 0:0;5:-1:0" + end + " 5"));
  EXPECT_STREQ(of_a().first_child().attribute("operation_key").value(), "a_stop_0");
  EXPECT_STREQ(
      of_a().find_child_by_attribute("id", "a_migrate_to_0").attribute("migrate_target").value(),
      "n2");
}

TEST_F(History, KeepsAFailureApart) {
  record(of_a(), "a", {.task = "monitor", .interval_ms = 10, .rc = 7, .exit_reason = "gone"});
  const std::string end = std::string(":") + uuid;
  EXPECT_THAT(recorded(), ElementsAre("a_last_failure_0 0:7;1:-1:0" + end + " 1"));
  record(of_a(), "a", {.task = "stop", .rc = 1});
  EXPECT_THAT(recorded(), ElementsAre("a_last_failure_0 0:1;2:-1:0" + end + " 2",
                                      "a_last_0 0:1;2:-1:0" + end + " 2"));
}

TEST_F(History, CountsFailures) {
  EXPECT_THAT(count_failure(state(), "a#stop_0", 9),
              ElementsAre("fail-count-a#stop_0=value++", "last-failure-a#stop_0=9"));
  count_failure(state(), "a#stop_0", 10);
  const pugi::xml_node pairs = state().child("transient_attributes").child("instance_attributes");
  EXPECT_STREQ(
      pairs.find_child_by_attribute("name", "fail-count-a#stop_0").attribute("value").value(), "2");
  EXPECT_STREQ(
      pairs.find_child_by_attribute("name", "last-failure-a#stop_0").attribute("value").value(),
      "10");
  pairs.first_child().attribute("value").set_value("INFINITY");
  count_failure(state(), "a#stop_0", 11);
  EXPECT_STREQ(pairs.first_child().attribute("value").value(), "INFINITY");
}

TEST_F(History, MakesNoStateWhereThereIsNoStatus) {
  document.load_string("<cib/>");
  EXPECT_FALSE(state());
}

TEST_F(History, CountsUpdates) {
  count_update(cib());
  EXPECT_STREQ(cib().attribute("num_updates").value(), "5");
}

TEST(OperationResult, IsRead) {
  int parts = 0;
  const auto result = parse_operation_result("a_b:0_monitor_20000@n.1=7", parts);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->resource, "a_b:0");
  EXPECT_EQ(result->task, "monitor");
  EXPECT_EQ(result->interval_ms, 20000);
  EXPECT_EQ(result->node, "n.1");
  EXPECT_EQ(result->rc, 7);
  EXPECT_EQ(parse_operation_result("a_migrate_to_0@n=1", parts)->task, "migrate_to");
}

TEST(OperationResult, IsRefused) {
  int parts = 0;
  for (const char* text : {"", "foo", "a_monitor_0@n", "a_monitor_0=7", "a_monitor_x@n=7",
                           "a_monitor_0@n=x", "_monitor_0@n=1", "a_monitor_0@=7", "a@n=1",
                           "a_monitor_-1@n=1", "a_monitor_99999999999999999999@n=1"})
    EXPECT_FALSE(parse_operation_result(text, parts)) << text;
}

}  // namespace gyre::rm::simulate
