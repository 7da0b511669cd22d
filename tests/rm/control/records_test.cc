// What the document's status says of an operation that was begun, and of what came of it.
#include "rm/control/records.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rm/control/control.hh"
#include "rm/control/members.hh"

namespace gyre::rm::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RecordsTest : public testing::Test {
 protected:
  RecordsTest() {
    arrive(cib_, 1, "n1");
    take_part(cib_, 1, {});
  }

  void begin(const std::string& task, int number, std::int64_t interval_s = 0, int expected = 0) {
    record_begin(cib_, begin_of(task, number, interval_s, expected));
  }
  static Begin begin_of(const std::string& task, int number, std::int64_t interval_s = 0,
                        int expected = 0) {
    Begin begin;
    begin.node = "n1";
    begin.operation.resource = "r";
    begin.operation.task = task;
    begin.operation.key = key(number, expected);
    begin.operation.interval = std::chrono::seconds(interval_s);
    begin.operation.parameters = {{"CRM_meta_notify_type", "pre"},
                                  {"CRM_meta_notify_operation", "start"}};
    begin.cancelled_task = task == "cancel" ? "monitor" : "";
    return begin;
  }
  Came came(int number, int rc, Outcome::Status status = Outcome::Status::done, int expected = 0) {
    Result result{"n1", {}};
    result.outcome.key = key(number, expected);
    result.outcome.rc = rc;
    result.outcome.status = status;
    return record_result(cib_, result);
  }
  static std::string key(int number, int expected = 0) {
    return std::to_string(number) + ":1:" + std::to_string(expected) + ":cluster";
  }
  std::vector<std::string> records() const {
    std::vector<std::string> ids;
    for (const auto& each : cib_.select_nodes("//lrm_rsc_op"))
      ids.emplace_back(each.node().attribute("id").value());
    return ids;
  }
  std::string of(const char* id, const char* attribute) const {
    for (const auto& each : cib_.select_nodes("//lrm_rsc_op"))
      if (each.node().attribute("id").value() == std::string(id))
        return each.node().attribute(attribute).value();
    return "none";
  }
  std::string failures() const {
    for (const auto& each : cib_.select_nodes("//transient_attributes//nvpair"))
      if (std::string_view(each.node().attribute("name").value()).starts_with("fail-count"))
        return std::string(each.node().attribute("name").value()) + "=" +
               each.node().attribute("value").value();
    return "";
  }

  Document document_ = default_document();
  pugi::xml_node cib_ = document_.cib();
};

TEST_F(RecordsTest, IsUnderWayUntilItIsDone) {
  EXPECT_FALSE(is_under_way(cib_, "n1", "r"));
  begin("start", 1);
  EXPECT_TRUE(is_under_way(cib_, "n1", "r"));
  EXPECT_FALSE(is_under_way(cib_, "n1", "other"));
  EXPECT_THAT(begun_on(cib_, "n1"), ElementsAre(key(1)));
  ASSERT_EQ(under_way(cib_).size(), 1u);
  EXPECT_EQ(under_way(cib_)[0].task, "start");
  EXPECT_EQ(came(1, 0), Came::expected);
  EXPECT_FALSE(is_under_way(cib_, "n1", "r"));
  EXPECT_THAT(under_way(cib_), IsEmpty());
  EXPECT_EQ(of("r_last_0", "rc-code"), "0");
  EXPECT_EQ(of("r_last_0", "op-status"), "0");
}

TEST_F(RecordsTest, OfANodeThatIsAwayItIsUnderWayStillOfOneThatIsGoneItIsNot) {
  begin("start", 1);
  depart(cib_, 1, true);
  EXPECT_EQ(under_way(cib_).size(), 1u);
  depart(cib_, 1, false);
  EXPECT_THAT(under_way(cib_), IsEmpty());
}

TEST_F(RecordsTest, AnOutcomeCountsOnceAndOnlyOfWhatWasBegunLast) {
  EXPECT_EQ(came(1, 0), Came::unasked);
  begin("start", 1);
  EXPECT_EQ(came(1, 0), Came::expected);
  EXPECT_EQ(came(1, 0), Came::unasked);
  begin("stop", 2);
  EXPECT_EQ(came(1, 1), Came::unasked);
  EXPECT_EQ(of("r_last_0", "operation"), "stop");
}

TEST_F(RecordsTest, AFailureIsKeptAndCounted) {
  begin("stop", 1);
  EXPECT_EQ(came(1, 1), Came::failed);
  EXPECT_THAT(records(), ElementsAre("r_last_0", "r_last_failure_0"));
  EXPECT_EQ(failures(), "fail-count-r#stop_0=INFINITY");
}

TEST_F(RecordsTest, AProbeThatFindsSomethingElseIsCountedNowhere) {
  begin("monitor", 1, 0, 7);
  EXPECT_EQ(came(1, 0, Outcome::Status::done, 7), Came::failed);
  EXPECT_EQ(failures(), "");
}

TEST_F(RecordsTest, OfARecurringOneTheLastSuccessStays) {
  begin("monitor", 1, 10);
  EXPECT_EQ(came(1, 0), Came::expected);
  EXPECT_EQ(came(1, 7), Came::failed);
  EXPECT_EQ(of("r_monitor_10000", "rc-code"), "0");
  EXPECT_EQ(of("r_last_failure_0", "rc-code"), "7");
  EXPECT_EQ(failures(), "fail-count-r#monitor_10000=1");
  EXPECT_FALSE(is_under_way(cib_, "n1", "r"));
}

// Its agent goes on being asked, and who plans would begin another beside it again and again.
TEST_F(RecordsTest, ARecurringOneThatFailsAtOnceStays) {
  begin("monitor", 1, 10);
  EXPECT_EQ(came(1, 7), Came::failed);
  EXPECT_THAT(records(), ElementsAre("r_monitor_10000", "r_last_failure_0"));
  EXPECT_THAT(recurring_on(cib_, "n1"), ElementsAre(key(1)));
  EXPECT_EQ(came(1, 0), Came::expected);
  EXPECT_EQ(of("r_monitor_10000", "rc-code"), "0");
}

TEST_F(RecordsTest, AFailureIsNoRecordOfWhatRecurs) {
  begin("monitor", 1, 10);
  came(1, 7);
  begin("cancel", 2, 10);
  EXPECT_THAT(records(), ElementsAre("r_last_failure_0"));
  EXPECT_THAT(recurring_on(cib_, "n1"), IsEmpty());
  EXPECT_FALSE(is_recorded(cib_, "n1", key(1)));
}

TEST_F(RecordsTest, WhatMayChangeItEndsWhatRecurs) {
  begin("start", 1);
  came(1, 0);
  begin("monitor", 2, 10);
  came(2, 0);
  EXPECT_THAT(ended_by(cib_, begin_of("monitor", 3, 20)), IsEmpty());
  EXPECT_THAT(ended_by(cib_, begin_of("monitor", 3, 10)), ElementsAre(key(2))) << "its place";
  EXPECT_THAT(ended_by(cib_, begin_of("monitor", 3)), IsEmpty()) << "a probe";
  EXPECT_THAT(ended_by(cib_, begin_of("cancel", 3, 20)), IsEmpty());
  EXPECT_THAT(ended_by(cib_, begin_of("cancel", 3, 10)), ElementsAre(key(2)));
  EXPECT_THAT(ended_by(cib_, begin_of("stop", 3)), ElementsAre(key(2)));
  begin("stop", 3);
  EXPECT_THAT(records(), ElementsAre("r_last_0"));
  EXPECT_EQ(came(2, 0, Outcome::Status::cancelled), Came::unasked) << "nothing new";
}

TEST_F(RecordsTest, ACancelForgetsWhatItCancelsAndNothingElse) {
  begin("monitor", 1, 10);
  begin("monitor", 2, 20);
  begin("cancel", 3, 10);
  EXPECT_THAT(records(), ElementsAre("r_monitor_20000"));
}

// A stop that was never begun, for the lease was lost: the start that its record took the place of
// may hold still.
TEST_F(RecordsTest, WhatWasNeverBegunLeavesNothingThatIsKnown) {
  begin("start", 1);
  came(1, 0);
  begin("stop", 2);
  EXPECT_EQ(came(2, 0, Outcome::Status::cancelled), Came::failed)
      << "what waits for it must not go on";
  EXPECT_FALSE(cib_.select_node("//lrm_resource"));
  EXPECT_EQ(failures(), "");
}

TEST_F(RecordsTest, OfANotificationNothingStays) {
  begin("start", 1);
  came(1, 0);
  begin("notify", 2);
  EXPECT_THAT(records(), ElementsAre("r_last_0", "r_pre_notify_start_0"));
  EXPECT_EQ(came(2, 1), Came::expected);
  EXPECT_THAT(records(), ElementsAre("r_last_0"));
}

TEST_F(RecordsTest, WhereItMovesNowThatItOnceCameSaysNothing) {
  begin("migrate_from", 1);
  came(1, 0);
  begin("stop", 2);
  came(2, 0);
  Begin move = begin_of("migrate_to", 3);
  move.node = "n2";
  move.operation.parameters = {{"CRM_meta_migrate_source", "n2"},
                               {"CRM_meta_migrate_target", "n1"}};
  arrive(cib_, 2, "n2");
  record_begin(cib_, move);
  EXPECT_THAT(records(), ElementsAre("r_last_0", "r_migrate_to_0"));
}

TEST_F(RecordsTest, AnOutcomeHasItsPlaceAmongAll) {
  cib_.attribute("epoch") = 2;
  cib_.attribute("num_updates") = 3;
  begin("start", 1);
  came(1, 0);
  EXPECT_EQ(of("r_last_0", "order"), std::to_string((2LL << 32) + 3));
}

}  // namespace
}  // namespace gyre::rm::control
