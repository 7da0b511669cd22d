// Two controls, side by side: what each sends is delivered to both, in one order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "rm/control/control.hh"
#include "rm/control/members.hh"
#include "rm/control/planning.hh"
#include "rm/control/records.hh"

namespace gyre::rm::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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
      take(two_, self_two_, second_);
      if (order_.empty()) return;
      deliver_next();
    }
  }

  // Of who coordinates, and no more.
  void deliver_digests() {
    for (int message = 0; message < 2; ++message) {
      take(one_, {1, 10, 1}, first_);
      take(two_, self_two_, second_);
      deliver_next();
    }
  }

  void deliver_next() {
    const auto [sender, payload] = std::move(order_.front());
    order_.pop_front();
    const BusMessage message{{1, ++seq_, 0}, sender, payload};
    one_.handle(message, now);
    two_.handle(message, now);
  }

  void take(Control& control, const BusMember& sender, Output& all) {
    Output output = control.take_output();
    for (std::string& each : output.sends) order_.emplace_back(sender, std::move(each));
    for (auto& each : output.writes) all.writes.push_back(std::move(each));
    for (std::string& each : output.cancels) all.cancels.push_back(std::move(each));
    if (!output.fatal.empty()) all.fatal = output.fatal;
    if (output.plan_wanted) control.planned(make_plan(control.cib(), now), now);
  }

  // The second one's process begins anew, beside an executor that goes on.
  void restart_second(std::set<std::string> known = {}, std::set<std::string> moving = {}) {
    two_ = Control({2, "n2", "test", "life-2", std::move(known), std::move(moving)},
                   default_document(), "");
    one_.handle(BusView{{1, ++seq_, 0}, {{1, 10, 1}}, {1}, {1, 2}, true, false}, now);
    self_two_.process = 30;
    const BusView both{{1, ++seq_, 0}, {{1, 10, 1}, self_two_}, {}, {1, 2}, true, false};
    for (Control* each : {&one_, &two_}) {
      BusView view = both;
      view.together = {each == &one_ ? 1u : 2u};
      each->handle(view, now);
    }
    second_ = {};
    run();
  }

  // A monitor of r, at the second node.
  void begin_monitor(const std::string& key) {
    Begin begin;
    begin.view = to_text(one_.view().place);
    begin.epoch = configuration_of(one_.cib());
    begin.node = "n2";
    begin.operation.key = key;
    begin.operation.resource = "r";
    begin.operation.task = "monitor";
    begin.operation.interval = std::chrono::seconds(10);
    order_.emplace_back(BusMember{1, 10, 1}, encode(0, begin));
    run();
    ASSERT_TRUE(is_recorded(one_.cib(), "n2", key));
  }

  Control one_{{1, "n1", "test", "life-1"}, default_document(), ""};
  Control two_{{2, "n2", "test", "life-2"}, default_document(), ""};
  Output first_, second_;
  BusMember self_two_{2, 20, 2};
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
  EXPECT_NE(second_.fatal.find("(/cib/status/node_state[@id=\"1\"]/@odd: \"1\" here, none there"),
            std::string::npos)
      << second_.fatal;
  ASSERT_EQ(second_.writes.size(), written + 1);
  EXPECT_TRUE(second_.writes.back().lost);
}

TEST_F(PairTest, DoNothingWithADocumentThatHasBecomeAnother) {
  two_.cib().child("status").first_child().append_attribute("odd") = "1";
  one_.look_again();
  deliver_digests();
  one_.ask(AttributeChange{"n1", "colour", "blue"});
  run();
  EXPECT_NE(one_.document().text().find("colour"), std::string::npos);
  EXPECT_EQ(two_.document().text().find("colour"), std::string::npos);
  EXPECT_NE(second_.fatal.find("/@odd"), std::string::npos) << second_.fatal;
}

TEST_F(PairTest, BeginAnewAlsoWhereNobodyCanSayAnyMoreWhatDiffers) {
  two_.cib().child("status").first_child().append_attribute("odd") = "1";
  one_.look_again();
  deliver_digests();
  two_.handle(BusView{{2, 0, 0}, {{2, 20, 2}}, {2}, {2}, true, false}, now);
  take(two_, {2, 20, 2}, second_);
  EXPECT_NE(second_.fatal.find("nobody could say"), std::string::npos) << second_.fatal;
}

TEST_F(PairTest, SayWhatDiffersOfADocumentInManyPieces) {
  std::uint64_t noise = 1;
  for (Control* each : {&one_, &two_}) {
    noise = 1;
    pugi::xml_node state = each->cib().child("status").first_child();
    for (int i = 0; i < 40'000; ++i)
      state.append_child("noise").append_attribute("of") =
          std::to_string(noise = noise * 6364136223846793005u + 1442695040888963407u).c_str();
  }
  two_.cib().child("status").first_child().last_child().append_attribute("odd") = "1";
  one_.look_again();
  run();
  EXPECT_NE(second_.fatal.find("/noise[40000]/@odd"), std::string::npos) << second_.fatal;
}

// A view overtook what a node that came back tells of itself.
TEST_F(PairTest, TellAgainWhatRunsHereIfNobodyCouldHearIt) {
  const BusMember first{1, 10, 1}, second{2, 30, 3};
  two_ = Control({2, "n2", "test", "life-3"}, default_document(), "");
  one_.handle(BusView{{1, ++seq_, 0}, {first}, {1}, {1, 2}, true, false}, now);
  const BusView both{{1, ++seq_, 0}, {first, second}, {}, {1, 2}, true, false};
  for (Control* each : {&one_, &two_}) {
    BusView view = both;
    view.together = {each == &one_ ? 1u : 2u};
    each->handle(view, now);
  }
  while (!one_.settled() || !two_.settled()) {
    take(one_, first, first_);
    take(two_, second, second_);
    ASSERT_FALSE(order_.empty());
    deliver_next();
  }
  take(two_, second, second_);
  two_.handle(BusView{{2, 0, 0}, {second}, {2}, {2}, true, false}, now);
  for (take(two_, second, second_); !order_.empty(); take(two_, second, second_)) {
    const auto [sender, payload] = std::move(order_.front());
    order_.pop_front();
    two_.handle(BusMessage{{2, ++seq_, 0}, sender, payload}, now);
  }
  EXPECT_STREQ(state_of_node(two_.cib(), 2).attribute("join").value(), "member");
}

TEST_F(PairTest, SayWhetherTheirSideWasQuorateAndNotWhetherBothAre) {
  const BusMember one{1, 10, 1}, two{2, 20, 2};
  two_.handle(BusView{{2, 0, 0}, {two}, {2}, {2}, false, false}, now);
  two_.handle(BusView{{3, 0, 0}, {two}, {2}, {1, 2}, true, false}, now);
  two_.take_output();
  two_.handle(BusView{{3, 0, 1}, {one, two}, {2}, {1, 2}, true, false}, now);
  const Output output = two_.take_output();
  ASSERT_EQ(output.sends.size(), 1u);
  const auto said = decode(output.sends.front());
  ASSERT_TRUE(said && std::holds_alternative<Hello>(said->message));
  EXPECT_FALSE(std::get<Hello>(said->message).quorate);
}

TEST_F(PairTest, ComeBackWithTheOthersDocument) {
  two_.cib().child("status").first_child().append_attribute("odd") = "1";
  one_.look_again();
  run();
  ASSERT_NE(second_.fatal, "");
  restart_second();
  EXPECT_EQ(second_.fatal, "");
  EXPECT_TRUE(two_.settled());
  EXPECT_EQ(one_.document().text(), two_.document().text());
}

// The executor would go on with them, and what came of them would be thrown away.
TEST_F(PairTest, EndWhatRecursAndStandsNowhereAnyMore) {
  begin_monitor("1:1:0:x");
  begin_monitor("2:1:0:x");
  EXPECT_THAT(second_.cancels, ElementsAre("1:1:0:x")) << "the other one has its place";
  one_.ask(Cleanup{.failures_only = false});
  run();
  EXPECT_THAT(second_.cancels, ElementsAre("1:1:0:x", "2:1:0:x"));
  EXPECT_THAT(first_.cancels, IsEmpty());
}

// Or it would be looked for at the other node before it has come there. What the others know goes
// on before their eyes.
TEST_F(PairTest, SayWhatRunsHereOnceNothingMovesFromHereThatNobodyKnows) {
  for (const bool known : {false, true}) {
    if (!known)
      one_.cib().child("status").find_child_by_attribute("id", "2").attribute("executor") =
          "another";
    restart_second({"7:1:0:x"}, {"7:1:0:x"});
    const auto join = [&] { return state_of_node(one_.cib(), 2).attribute("join").value(); };
    EXPECT_STREQ(join(), known ? "member" : "down");
    Outcome over;
    over.key = "7:1:0:x";
    two_.finished(over);
    run();
    EXPECT_STREQ(join(), "member");
  }
}

TEST_F(PairTest, EndWhatAnEarlierLifeLeftAndNobodyKnowsAndNothingElse) {
  begin_monitor("1:1:0:x");
  restart_second({"1:1:0:x", "7:1:0:x"});
  EXPECT_THAT(second_.cancels, ElementsAre("7:1:0:x"));
  EXPECT_TRUE(is_recorded(two_.cib(), "n2", "1:1:0:x"));
}

}  // namespace
}  // namespace gyre::rm::control
