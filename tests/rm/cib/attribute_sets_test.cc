// Sets of attributes. Each expectation was compared once with what crm_simulate 2.1.5 does.
#include "rm/cib/attribute_sets.hh"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <climits>

namespace gyre::rm {
namespace {

// What the sets <s> of the first element come to, as "name=value" with blanks between.
std::string gathered(const std::string& sets, std::string_view first_id = {},
                     const Attributes& before = {}, Seconds* next_change = nullptr) {
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(
      fmt::format("<c><p>{}</p><q><s id='shared' score='7'><nvpair id='n' name='a' value='sh'/></s>"
                  "</q></c>",
                  sets)
          .c_str()));
  const IdIndex ids(document.document_element());
  Attributes node;
  node.set("#uname", "node1");
  RuleInput input;
  input.ids = &ids;
  input.node = &node;
  Attributes into = before;
  gather(document.document_element().first_child(), "s", input, into, first_id, next_change);
  std::string text;
  for (const auto& [name, value] : into)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

std::string set(const char* id, const char* score, const char* value, const char* rules = "") {
  return fmt::format("<s id='{}' {}>{}<nvpair name='a' value='{}'/></s>", id,
                     *score ? fmt::format("score='{}'", score) : "", rules, value);
}

TEST(AttributeSets, TheHighestScoreWins) {
  EXPECT_EQ(gathered(set("x", "5", "5") + set("y", "9", "9")), "a=9");
  EXPECT_EQ(gathered(set("x", "9", "9") + set("y", "5", "5")), "a=9");
  EXPECT_EQ(gathered(set("x", "-5", "-5") + set("y", "", "none")), "a=none");
  EXPECT_EQ(gathered(set("x", "5", "5") + set("y", "INFINITY", "inf")), "a=inf");
  EXPECT_EQ(gathered(set("x", "5", "5") + set("y", "unreadable", "0")), "a=5");
}

TEST(AttributeSets, OfEqualScoresTheLastWins) {
  EXPECT_EQ(gathered(set("x", "", "x") + set("y", "", "y")), "a=y");
  EXPECT_EQ(gathered(set("y", "5", "y") + set("z", "5", "z") + set("x", "5", "x")), "a=x");
}

TEST(AttributeSets, TheFirstIdComesBeforeAllScores) {
  const auto sets = set("first", "-5", "first") + set("y", "100", "y");
  EXPECT_EQ(gathered(sets), "a=y");
  EXPECT_EQ(gathered(sets, "first"), "a=first");
}

// What a resource with these sets and a template with those come to.
std::string with_template(const std::string& own, const std::string& of_template) {
  pugi::xml_document document;
  EXPECT_TRUE(
      document.load_string(fmt::format("<c><r>{}</r><t>{}</t></c>", own, of_template).c_str()));
  const auto root = document.document_element();
  Attributes into;
  gather({root.child("r"), root.child("t")}, "s", {}, into);
  return std::string(into.value_or("a", "none"));
}

TEST(AttributeSets, OfSeveralParentsAreRankedTogether) {
  const auto plain = set("y", "", "template");
  EXPECT_EQ(with_template(set("x", "", "1") + set("w", "", "2"), plain), "2");
  EXPECT_EQ(with_template(set("x", "", "own"), set("y", "5", "template")), "template");
  EXPECT_EQ(with_template(set("x", "-5", "own"), plain), "template");
  EXPECT_EQ(with_template(set("x", "", "#default"), plain), "template");
  EXPECT_EQ(with_template(set("x", "", "own"), set("y", "", "#default")), "none");
}

TEST(AttributeSets, AddToEachOther) {
  EXPECT_EQ(gathered("<s><nvpair name='b' value='1'/></s>" + set("x", "", "2")), "a=2 b=1");
}

TEST(AttributeSets, InASetTheFirstOfANameWins) {
  EXPECT_EQ(gathered("<s><nvpair name='a' value='1'/><nvpair name='a' value='2'/></s>"), "a=1");
}

TEST(AttributeSets, WhatWasThereStays) {
  Attributes before;
  before.set("a", "before");
  EXPECT_EQ(gathered(set("x", "5", "5"), {}, before), "a=before");
}

TEST(AttributeSets, AnEmptyValueIsOneAndNoValueIsNone) {
  EXPECT_EQ(gathered("<s><nvpair name='a' value=''/><nvpair name='b'/></s>"), "a=");
  EXPECT_EQ(gathered("<s><nvpair value='1'/></s>"), "");
}

TEST(AttributeSets, DefaultTakesAwayWhatWasFoundSoFar) {
  EXPECT_EQ(gathered(set("x", "", "#default")), "");
  EXPECT_EQ(gathered(set("x", "1", "#default") + set("y", "9", "9")), "");
  EXPECT_EQ(gathered(set("x", "9", "#default") + set("y", "1", "1")), "a=1");
  Attributes before;
  before.set("a", "before");
  EXPECT_EQ(gathered(set("x", "", "#default"), {}, before), "");
}

const char* const holds = "<rule><expression attribute='#uname' operation='defined'/></rule>";
const char* const fails = "<rule><expression attribute='other' operation='defined'/></rule>";

TEST(AttributeSets, CountIfOneOfTheirRulesHolds) {
  const auto with = [](const std::string& rules) {
    return gathered(set("x", "5", "5", rules.c_str()) + set("y", "1", "1"));
  };
  EXPECT_EQ(with(holds), "a=5");
  EXPECT_EQ(with(fails), "a=1");
  EXPECT_EQ(with(fails + std::string(holds)), "a=5");
  EXPECT_EQ(with(holds + std::string(fails)), "a=5");
  EXPECT_EQ(with(fails + std::string(fails)), "a=1");
}

TEST(AttributeSets, TellWhenADateChangesThem) {
  Seconds next = LLONG_MAX;
  EXPECT_EQ(gathered(set("x", "5", "5",
                         "<rule><date_expression operation='gt' start='1970-01-01 00:01:00'/>"
                         "</rule>"),
                     {}, {}, &next),
            "");
  EXPECT_EQ(next, 61);
}

TEST(AttributeSets, AreFoundByReferenceWithTheirScore) {
  EXPECT_EQ(gathered("<s id-ref='shared'/>" + set("y", "5", "5")), "a=sh");
  EXPECT_EQ(gathered("<s id-ref='shared' score='1'/>" + set("y", "5", "5")), "a=sh");
  EXPECT_EQ(gathered("<s id-ref='nowhere'/>" + set("y", "5", "5")), "a=5");
}

TEST(AttributeSets, SharePairsUnderTheirOwnOrAnotherName) {
  EXPECT_EQ(gathered("<s><nvpair id-ref='n'/></s>"), "a=sh");
  EXPECT_EQ(gathered("<s><nvpair id-ref='n' name='b'/></s>"), "b=sh");
  EXPECT_EQ(gathered("<s><nvpair id-ref='nowhere' name='b'/></s>"), "");
}

}  // namespace
}  // namespace gyre::rm
