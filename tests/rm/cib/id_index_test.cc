#include "rm/cib/id_index.hh"

#include <gtest/gtest.h>

namespace gyre::rm {
namespace {

class IdIndexTest : public testing::Test {
 protected:
  IdIndexTest() {
    document_.load_string(
        "<c><deep><deep><s id='x' n='1'/></deep><s id='y' id-ref='x'/></deep>"
        "<s id-ref='x' n='2'/><s id-ref='y' n='3'/><s id-ref='z'/><t id-ref='x'/><s id='x'/></c>");
    ids_ = IdIndex(document_.document_element());
  }
  // The n-th child that has the name.
  pugi::xml_node resolved(const char* name, int n) {
    auto element = document_.document_element().child(name);
    while (n-- > 0) element = element.next_sibling(name);
    return ids_.resolve(element);
  }
  pugi::xml_document document_;
  IdIndex ids_;
};

TEST_F(IdIndexTest, FindsTheFirstWithTheIdWhereverItStands) {
  EXPECT_STREQ(resolved("s", 0).attribute("n").value(), "1");
}

TEST_F(IdIndexTest, LeavesWhatIsNoReference) {
  const auto deep = document_.document_element().child("deep");
  EXPECT_EQ(ids_.resolve(deep), deep);
}

TEST_F(IdIndexTest, FindsNothingBehindASecondReference) {
  EXPECT_FALSE(resolved("s", 1));
}

TEST_F(IdIndexTest, FindsNothingForAnIdThatIsNotThere) {
  EXPECT_FALSE(resolved("s", 2));
}

TEST_F(IdIndexTest, FindsNothingOfAnotherName) {
  EXPECT_FALSE(resolved("t", 0));
}

}  // namespace
}  // namespace gyre::rm
