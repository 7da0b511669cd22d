// Two controls, side by side: what each sends is delivered to both, in one order.
#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "rm/control/control.hh"
#include "rm/control/planning.hh"

namespace gyre::rm::control {
namespace {

class PairTest : public testing::Test {
 protected:
  static constexpr std::int64_t now = 1'700'000'000;

  // Both are there from the beginning.
  void SetUp() override {
    BusView view{{1, 0, 0}, {{1, 10, 1}, {2, 20, 2}}, {}, {1, 2}, true, false};
    for (Control* each : {&one_, &two_}) {
      view.together = {each == &one_ ? 1u : 2u};
      each->handle(view, now);
    }
    run();
    ASSERT_TRUE(one_.settled() && two_.settled());
  }

  // Until there is nothing left to be delivered.
  void run() {
    for (;;) {
      take(one_, {1, 10, 1}, first_);
      take(two_, {2, 20, 2}, second_);
      if (order_.empty()) return;
      const auto [sender, payload] = std::move(order_.front());
      order_.pop_front();
      const BusMessage message{{1, ++seq_, 0}, sender, payload};
      one_.handle(message, now);
      two_.handle(message, now);
    }
  }

  void take(Control& control, const BusMember& sender, Output& all) {
    Output output = control.take_output();
    for (std::string& each : output.sends) order_.emplace_back(sender, std::move(each));
    for (auto& each : output.writes) all.writes.push_back(std::move(each));
    if (!output.fatal.empty()) all.fatal = output.fatal;
    if (output.plan_wanted) control.planned(make_plan(control.cib(), now), now);
  }

  Control one_{{1, "n1", "test", "life-1"}, default_document(), ""};
  Control two_{{2, "n2", "test", "life-2"}, default_document(), ""};
  Output first_, second_;
  std::deque<std::pair<BusMember, std::string>> order_;
  std::uint64_t seq_ = 0;
};

TEST_F(PairTest, HaveOneDocument) {
  EXPECT_EQ(one_.document().text(), two_.document().text());
  EXPECT_TRUE(one_.coordinates());
  EXPECT_FALSE(two_.coordinates());
}

TEST_F(PairTest, LookWhetherItIsStillTheSame) {
  one_.look_again();
  run();
  EXPECT_EQ(first_.fatal + second_.fatal, "");
}

TEST_F(PairTest, BeginAnewWithADocumentThatHasBecomeAnother) {
  two_.cib().child("status").first_child().append_attribute("odd") = "1";
  const std::size_t written = second_.writes.size();
  one_.look_again();
  run();
  EXPECT_EQ(first_.fatal, "");
  EXPECT_NE(second_.fatal.find("another than the coordinator's"), std::string::npos);
  ASSERT_EQ(second_.writes.size(), written + 1);
  EXPECT_TRUE(second_.writes.back().lost);
}

}  // namespace
}  // namespace gyre::rm::control
