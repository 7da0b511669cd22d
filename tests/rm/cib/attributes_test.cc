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

TEST(Attributes, AreFoundByHowTheyBegin) {
  Attributes attributes;
  for (const char* name : {"a", "b", "ba", "bb", "c"}) attributes.set(name, "");
  const auto names = [&](std::string_view beginning) {
    std::string all;
    for (const auto& entry : attributes.beginning_with(beginning)) all += entry.name, all += ' ';
    return all;
  };
  EXPECT_EQ(names("b"), "b ba bb ");
  EXPECT_EQ(names("bb"), "bb ");
  EXPECT_EQ(names(""), "a b ba bb c ");
  EXPECT_EQ(names("bc"), "");
  EXPECT_EQ(names("d"), "");
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
