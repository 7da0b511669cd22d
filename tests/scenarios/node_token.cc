// What the model of the token has found (tests/models/token_test.cc).
#include "tests/scenarios/node_scenario.hh"

namespace gyre::test {
namespace {

using std::chrono::milliseconds;

// With seqno_unchanged_const 1 the token was held at the visit that raised its aru, and the visit
// that let it go took the aru for seen twice: a safe message was delivered that a member lacked.
TEST_F(Scenario, HeldAtTheVisitThatRaisedTheAru_NothingIsStableBeforeAllHaveIt) {
  TestNode::Options options;
  options.parameters.seqno_unchanged = 1;
  open(3, kind_network, options);
  std::vector<std::byte> late;
  totem::Seq seq{};
  bool came_late = false, raised = false, cut = true;
  loses = [&](const Passing& frame) {
    if (frame.sender() == 3 && (frame.data()->flags & totem::wire::Data::safe)) {
      seq = frame.data()->seq;
      if (frame.to == 0 && late.empty()) {
        late.assign(frame.frame.begin(), frame.frame.end());
        return true;
      }
      return frame.to == 1 && cut;
    }
    const auto token = frame.token();
    if (!token || seq == totem::Seq::none || token->seq < seq) return false;
    if (frame.from == 1 && !came_late) {  // node 0 has passed the token on without it, once
      inject(0, Lane::data, late);
      came_late = true;
    }
    raised |= came_late && frame.from == 0 && token->aru >= seq;
    return false;
  };
  ASSERT_TRUE(run_until([&] { return ring(0).counters().holds > 0; }));
  send(2, "safe", totem::Guarantee::safe);
  ASSERT_TRUE(run_until([&] { return raised; }));
  run(milliseconds(60));
  ASSERT_EQ(count(1, "3: safe"), 0u);
  EXPECT_EQ(count(0, "3: safe"), 0u) << "node 1 lacks it";
  cut = false;
  ASSERT_TRUE(run_until(
      [&] { return count(0, "3: safe") + count(1, "3: safe") + count(2, "3: safe") == 3; }));
}

}  // namespace
}  // namespace gyre::test
