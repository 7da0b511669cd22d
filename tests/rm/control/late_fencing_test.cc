// Fencings whose delegate hangs or is lost, and nodes that are back before that is over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rm/control/lost_node.hh"

namespace gyre::rm::control {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// n1 tries it in vain, and n2, which is asked then, hangs.
struct HungDelegate : LostNode {
  HungDelegate() : LostNode(configuration(device("d1"))) {
    side.outcome(1, 1);
    side.hang(2);
    side.wait(2);
  }
};

TEST(LateFencing, IsBegunByWhoWakesBeforeItIsGivenUp) {
  for (const auto& [hangs, begun] :
       {std::pair(5, "n2: reboot n3 with d1"), {12, "n1: reboot n3 with d1"}}) {
    HungDelegate hung;
    hung.side.wait(hangs);
    hung.side.wake(2);
    EXPECT_THAT(hung.side.fencings(), ElementsAre(begun));
  }
}

TEST(LateFencing, IsNotBegunByWhoHungBehindItsOwnWordTooLong) {
  HungDelegate hung;
  hung.side.wake(2, false);
  hung.side.wait(12);
  EXPECT_THAT(hung.side.fencings(), IsEmpty()) << "n2 has taken it";
  hung.side.wake(2);
  EXPECT_THAT(hung.side.fencings(), Not(Contains(HasSubstr("n2:"))));
}

// It was off, and is on again by itself; what the last step came to nobody knows.
TEST(LateFencing, WhoIsBackBeforeItIsOverIsBegunThingsOnAgain) {
  LostNode lost(
      configuration(device("d1") + device("d2"), topology(level(1, "target=\"n3\"", "d1,d2"))));
  for (const std::uint32_t node : {1, 2, 1}) lost.side.outcome(node, 0);
  lost.side.start(3);
  lost.side.view();
  ASSERT_THAT(lost.side.fencings(), ElementsAre("n2: on n3 with d2"));
  EXPECT_THAT(lost.side.begun(), IsEmpty());
  lost.side.kill(2);
  lost.side.view();
  EXPECT_THAT(lost.history(), ElementsAre("success", "pending"));
  lost.side.outcome(1, 0);  // of n2
  EXPECT_THAT(lost.side.begun(), ElementsAre("n3: start"));
}

}  // namespace
}  // namespace gyre::rm::control
