// Whose document counts: each rule, against all that comes after it.
#include "rm/control/greeting.hh"

#include <gtest/gtest.h>

#include "rm/control/lineage.hh"

namespace gyre::rm::control {
namespace {

BusView view_of(std::uint32_t count) {
  BusView view;
  for (std::uint32_t node = 1; node <= count; ++node)
    view.members.push_back({node, 1, 10 - node});  // the higher, the older
  return view;
}

Hello hello(std::string digest) {
  Hello made;
  made.name = digest;
  made.digest = std::move(digest);
  made.lineage = "5.0.0_5.1.0-1";
  made.version = {1, 5, 5};
  return made;
}

std::optional<std::uint32_t> source_of(const Hello& first, const Hello& second) {
  Greeting greeting(view_of(2));
  EXPECT_FALSE(greeting.complete());
  greeting.add(1, first);
  greeting.add(2, second);
  EXPECT_TRUE(greeting.complete());
  EXPECT_EQ(greeting.has_it(1), greeting.source() != 2u);
  return greeting.source();
}

// The first has less of what this rule looks at, and more of all that the rules behind it do.
void expect_second(const Hello& first, const Hello& second) {
  EXPECT_EQ(source_of(first, second), 2u);
  EXPECT_EQ(source_of(second, first), 1u);
}

TEST(Greeting, NobodyIfAllHaveTheSame) {
  EXPECT_EQ(source_of(hello("a"), hello("a")), std::nullopt);
}

TEST(Greeting, TheOldestOfEquals) {
  EXPECT_EQ(source_of(hello("a"), hello("b")), 2u);
}

TEST(Greeting, TheLaterUpdate) {
  Hello first = hello("a"), second = hello("b");
  second.version.num_updates = 6;
  expect_second(first, second);
}

TEST(Greeting, TheLaterChange) {
  Hello first = hello("a"), second = hello("b");
  second.lineage = "5.0.0_5.2.0-1";
  first.version.num_updates = 9;
  expect_second(first, second);
}

TEST(Greeting, WhatWasLivedThrough) {
  Hello first = hello("a"), second = hello("b");
  second.live = true;
  first.lineage = "5.0.0_5.2.0-1";
  first.version.num_updates = 9;
  expect_second(first, second);
}

TEST(Greeting, TheGreaterEpoch) {
  Hello first = hello("a"), second = hello("b");
  second.version = {1, 6, 0};
  first.live = true;
  expect_second(first, second);
  second.version = {2, 0, 0};
  expect_second(first, second);
}

TEST(Greeting, WhoWasQuorate) {
  Hello first = hello("a"), second = hello("b");
  second.quorate = true;
  first.live = true;
  first.version = {9, 9, 9};
  expect_second(first, second);
}

// What was acknowledged there is on as many disks as it takes, and stays.
TEST(Greeting, TheLaterFirmView) {
  Hello first = hello("a"), second = hello("b");
  first.lineage = "9.0.0_99.0.0-1";
  second.lineage = "10.0.0_5.1.0-1";
  first.quorate = first.live = true;
  first.version = {9, 9, 9};
  expect_second(first, second);
}

TEST(Greeting, WaitsForMembersOnly) {
  Greeting greeting(view_of(2));
  greeting.add(1, hello("a"));
  greeting.add(7, hello("b"));
  EXPECT_FALSE(greeting.complete());
  greeting.add(2, hello("a"));
  EXPECT_TRUE(greeting.complete());
  EXPECT_EQ(greeting.hellos().size(), 2u);
}

TEST(Greeting, TheYoungerOfTwoNamesakesCannotStay) {
  Greeting greeting(view_of(3));
  for (const std::uint32_t node : {1, 2, 3}) greeting.add(node, hello(node == 3 ? "b" : "a"));
  EXPECT_EQ(greeting.namesake(1), 2u);
  EXPECT_EQ(greeting.namesake(2), std::nullopt);
  EXPECT_EQ(greeting.namesake(3), std::nullopt);
}

TEST(Greeting, TheOldestOfTheLowestFeatureSetCoordinates) {
  std::map<std::uint32_t, Hello> hellos;
  for (const std::uint32_t node : {1, 2, 3}) hellos[node] = hello("a");
  EXPECT_EQ(coordinator_of(view_of(3), hellos), 3u);
  hellos[3].feature_set = 2;
  EXPECT_EQ(coordinator_of(view_of(3), hellos), 2u);
}

TEST(Lineage, ComesBackAsItWasWritten) {
  const Lineage lineage{{1, 2, 3}, "4.5.6-7"};
  EXPECT_EQ(to_text(lineage), "1.2.3_4.5.6-7");
  EXPECT_EQ(read_lineage(to_text(lineage)), lineage);
  EXPECT_EQ(read_lineage(to_text(Lineage{})), Lineage{});
}

TEST(Lineage, WhatIsNoneIsOfNowhere) {
  for (const char* text : {"", "_", "1", "1.2", "1.2.3", "1.2.3-4", "a.b.c_d", "1.2.-3_4",
                           "99999999999999999999.0.0_1", "1.2.99999999999_1"})
    EXPECT_EQ(read_lineage(text), Lineage{}) << text;
}

}  // namespace
}  // namespace gyre::rm::control
