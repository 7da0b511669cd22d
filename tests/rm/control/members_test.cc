// What the document says of a node that comes, goes, and stays behind without its process.
#include "rm/control/members.hh"

#include <gtest/gtest.h>

#include "rm/control/control.hh"

namespace gyre::rm::control {
namespace {

class MembersTest : public testing::Test {
 protected:
  std::string_view state(const char* name) const {
    return state_of_node(cib_, 1).attribute(name).value();
  }
  bool has_history() const { return state_of_node(cib_, 1).child("lrm"); }
  void take_part_with_history(OwnHistory::What what = OwnHistory::What::told) {
    arrive(cib_, 1, "n1");
    take_part(cib_, 1, {"", "boot", what, "<node_state><lrm id=\"1\"/><other/></node_state>"});
  }

  Document document_ = default_document();
  pugi::xml_node cib_ = document_.cib();
};

TEST_F(MembersTest, TakesPartOnceItsHistoryIsKnown) {
  arrive(cib_, 1, "n1");
  EXPECT_EQ(state("uname"), "n1");
  EXPECT_EQ(state("join"), "down");
  EXPECT_FALSE(takes_part(cib_, 1, "boot"));
  take_part_with_history();
  EXPECT_TRUE(takes_part(cib_, 1, "boot"));
  EXPECT_FALSE(takes_part(cib_, 1, "another boot"));
  EXPECT_TRUE(has_history());
  EXPECT_FALSE(state_of_node(cib_, 1).child("other")) << "only what is a node's own to tell";
}

TEST_F(MembersTest, KeepsTheHistoryThatIsKnown) {
  take_part_with_history();
  arrive(cib_, 1, "n1");
  take_part(cib_, 1, {"", "boot", OwnHistory::What::kept, ""});
  EXPECT_TRUE(has_history());
  take_part(cib_, 1, {"", "boot", OwnHistory::What::nothing, ""});
  EXPECT_FALSE(has_history());
}

// A source that is forgotten with a move that was under way, or done: it may be at the target.
TEST_F(MembersTest, WhatMayHaveMovedIsLookedForWhereItWent) {
  const auto known_after = [](const std::string& records, auto&&... departs) {
    Document document = default_document();
    const auto told = [&](std::uint32_t node, const std::string& resource) {
      arrive(document.cib(), node, "n" + std::to_string(node));
      take_part(document.cib(), node,
                {"", "boot", OwnHistory::What::told,
                 "<node_state><lrm><lrm_resources><lrm_resource id=\"r\">" + resource +
                     "</lrm_resource></lrm_resources></lrm></node_state>"});
    };
    told(1, records);
    told(2, "<lrm_rsc_op operation=\"monitor\" rc-code=\"7\"/>");
    if constexpr (sizeof...(departs) > 0)
      depart(document.cib(), 1, departs...);
    else
      take_part(document.cib(), 1, {"", "another", OwnHistory::What::nothing, ""});
    return !state_of_node(document.cib(), 2)
                .child("lrm")
                .child("lrm_resources")
                .first_child()
                .empty();
  };
  const std::string move = "<lrm_rsc_op operation=\"migrate_to\" migrate_target=\"n2\" ";
  EXPECT_FALSE(known_after(move + "op-status=\"-1\" call-id=\"-1\"/>"));
  EXPECT_FALSE(known_after(move + "op-status=\"0\" call-id=\"5\"/>"));
  EXPECT_TRUE(known_after(move + "op-status=\"0\" call-id=\"5\"/>"
                                 "<lrm_rsc_op operation=\"start\" call-id=\"6\"/>"))
      << "it was here again since";
  const std::string moved = move + "op-status=\"0\" call-id=\"5\"/>";
  EXPECT_FALSE(known_after(moved, false)) << "what the source knows does not count any more";
  EXPECT_TRUE(known_after(moved, true)) << "it is away only";
}

// Or it would be taken at its word, though it may run something still.
TEST_F(MembersTest, WhoIsGoneBeforeItWasLetGoIsNotLeaving) {
  for (const bool let : {false, true})
    for (const bool in_ring : {false, true}) {
      arrive(cib_, 1, "n1");
      take_part(cib_, 1,
                {"", "boot", OwnHistory::What::told,
                 "<node_state><transient_attributes><instance_attributes><nvpair "
                 "name=\"shutdown\"/></instance_attributes></transient_attributes></node_state>"});
      if (let) let_go(cib_, 1);
      depart(cib_, 1, in_ring);
      EXPECT_EQ(state_of_node(cib_, 1).select_nodes(".//nvpair[@name='shutdown']").size(),
                let ? 1u : 0u);
    }
}

TEST_F(MembersTest, WithoutItsNodeItIsGone) {
  take_part_with_history();
  depart(cib_, 1, false);
  EXPECT_EQ(state("in_ccm"), "false");
  EXPECT_EQ(state("crmd"), "offline");
  EXPECT_EQ(state("expected"), "member");
  EXPECT_TRUE(has_history()) << "for its fencing";
  EXPECT_FALSE(takes_part(cib_, 1, "boot"));
}

// It may have acted on another side since, and what it says when it comes back counts.
TEST_F(MembersTest, WhoeverDidNotComeAlongIsOutOfSight) {
  take_part_with_history();
  const std::uint32_t self = 2, both[] = {1, 2};
  lose_sight(cib_, both);
  EXPECT_TRUE(takes_part(cib_, 1, "boot"));
  lose_sight(cib_, {&self, 1});
  EXPECT_FALSE(takes_part(cib_, 1, "boot"));
  EXPECT_TRUE(has_history()) << "as far as it is known";
}

TEST_F(MembersTest, WithItsNodeInTheRingItIsAway) {
  take_part_with_history();
  depart(cib_, 1, true);
  EXPECT_TRUE(is_away(cib_, 1));
  EXPECT_TRUE(has_history());
  depart(cib_, 1, true);
  EXPECT_TRUE(is_away(cib_, 1));
  EXPECT_TRUE(has_history()) << "as long as it is";
}

TEST_F(MembersTest, OfANodeThatWasGoneNobodyKnowsWhatRuns) {
  take_part_with_history();
  depart(cib_, 1, false);
  depart(cib_, 1, true);
  EXPECT_TRUE(is_away(cib_, 1));
  EXPECT_FALSE(has_history());
}

// All processes have died, and one has come back: what runs on the others it cannot know.
TEST_F(MembersTest, AConfiguredNodeWithoutAStateIsAway) {
  depart(cib_, 1, true);
  EXPECT_FALSE(state_of_node(cib_, 1)) << "not configured: it has nothing to do with us";
  EXPECT_TRUE(add_to_configuration(cib_, 1, "n1"));
  depart(cib_, 1, false);
  EXPECT_FALSE(state_of_node(cib_, 1));
  depart(cib_, 1, true);
  EXPECT_TRUE(is_away(cib_, 1));
  EXPECT_EQ(state("uname"), "n1");
}

TEST_F(MembersTest, WhoWasLetGoIsNotAway) {
  take_part_with_history();
  let_go(cib_, 1);
  depart(cib_, 1, true);
  EXPECT_FALSE(is_away(cib_, 1));
  EXPECT_EQ(state("expected"), "down");
}

TEST_F(MembersTest, IsDownIfAPersonSaysSoUnlessItIsThere) {
  EXPECT_FALSE(confirm_down(cib_, "n1"));
  take_part_with_history();
  EXPECT_FALSE(confirm_down(cib_, "n1"));
  depart(cib_, 1, true);
  EXPECT_TRUE(confirm_down(cib_, "n1"));
  EXPECT_FALSE(is_away(cib_, 1));
  EXPECT_EQ(state("expected"), "down");
  EXPECT_FALSE(has_history());
}

TEST_F(MembersTest, IsConfiguredOnce) {
  EXPECT_TRUE(add_to_configuration(cib_, 1, "n1"));
  EXPECT_FALSE(add_to_configuration(cib_, 1, "n1"));
  EXPECT_TRUE(add_to_configuration(cib_, 1, "renamed"));
  EXPECT_FALSE(add_to_configuration(cib_, 1, "renamed"));
}

}  // namespace
}  // namespace gyre::rm::control
