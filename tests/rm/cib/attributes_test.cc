#include "rm/cib/attributes.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gyre::rm {
namespace {

using testing::ElementsAre;
using Entry = Attributes::Entry;

TEST(Attributes, ComeInTheOrderOfTheirNames) {
  Attributes attributes;
  attributes.set("b", "2");
  attributes.set("a", "1");
  attributes.set("c", "3");
  EXPECT_THAT(attributes, ElementsAre(Entry{"a", "1"}, Entry{"b", "2"}, Entry{"c", "3"}));
}

TEST(Attributes, SetOverwritesAndAddKeeps) {
  Attributes attributes;
  EXPECT_TRUE(attributes.add("a", "1"));
  EXPECT_FALSE(attributes.add("a", "2"));
  EXPECT_EQ(attributes.find("a"), "1");
  attributes.set("a", "3");
  EXPECT_EQ(attributes.find("a"), "3");
  EXPECT_EQ(attributes.size(), 1u);
}

TEST(Attributes, WhatIsErasedOrWasNeverThereIsNotFound) {
  Attributes attributes;
  attributes.set("b", "1");
  attributes.erase("a");
  EXPECT_TRUE(attributes.contains("b"));
  attributes.erase("b");
  EXPECT_EQ(attributes.find("b"), std::nullopt);
  EXPECT_EQ(attributes.value_or("b", "else"), "else");
}

}  // namespace
}  // namespace gyre::rm
