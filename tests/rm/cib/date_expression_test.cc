// Date expressions. Each expectation on whether one holds was compared once with
// crm_simulate 2.1.5.
#include "rm/cib/date_expression.hh"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <climits>

#include "rm/cib/iso8601.hh"

namespace gyre::rm {
namespace {

const Seconds now = parse_instant("2019-09-20 15:10:52").value();

struct Answer {
  bool passes;
  Seconds in;  // next change, from now
};
Answer ask(const std::string& attributes, const std::string& content = "", Seconds offset = 0) {
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(
      fmt::format("<date_expression {}>{}</date_expression>", attributes, content).c_str()));
  Seconds next = LLONG_MAX;
  const bool passed = date_passes(document.document_element(), now, offset, &next);
  EXPECT_EQ(date_passes(document.document_element(), now, offset, nullptr), passed);
  return {passed, next == LLONG_MAX ? -1 : next - now};
}
bool holds(const std::string& attributes, const std::string& content = "", Seconds offset = 0) {
  return ask(attributes, content, offset).passes;
}

const std::string before = "'2019-09-20 15:10:51'", same = "'2019-09-20 15:10:52'",
                  after = "'2019-09-20 15:10:53'";

TEST(DateExpression, IsBeforeOrAfterAnInstant) {
  EXPECT_TRUE(holds("operation='gt' start=" + before));
  EXPECT_FALSE(holds("operation='gt' start=" + same));
  EXPECT_TRUE(holds("operation='LT' end=" + after));
  EXPECT_FALSE(holds("operation='lt' end=" + same));
  EXPECT_FALSE(holds("operation='gt' end=" + before));
  EXPECT_FALSE(holds("operation='lt' start=" + after));
  EXPECT_FALSE(holds("operation='eq' start=" + same));
}

TEST(DateExpression, IsInARangeWithItsEnds) {
  EXPECT_TRUE(holds("operation='in_range' start=" + same + " end=" + same));
  EXPECT_FALSE(holds("operation='in_range' start=" + before + " end=" + before));
  EXPECT_FALSE(holds("operation='in_range' start=" + after + " end=" + after));
  EXPECT_TRUE(holds("operation='in_range' start=" + same));
  EXPECT_TRUE(holds("operation='in_range' end=" + same));
  EXPECT_FALSE(holds("operation='in_range'"));
  EXPECT_TRUE(holds("start=" + before + " end=" + after));
}

TEST(DateExpression, IsInARangeOfSomeLength) {
  const auto lasts = [](const std::string& start, const char* length) {
    return holds("operation='in_range' start='" + start + "'",
                 fmt::format("<duration {}/>", length));
  };
  EXPECT_TRUE(lasts("2019-09-20 15:10:51", "seconds='1'"));
  EXPECT_FALSE(lasts("2019-09-20 15:10:51", ""));
  EXPECT_TRUE(lasts("2019-09-20 15:10:51", "minutes='-1' seconds='61'"));
  EXPECT_TRUE(lasts("2019-08-20 15:10:52", "months='1'"));
  EXPECT_FALSE(lasts("2019-08-20 15:10:51", "months='1'"));
  EXPECT_TRUE(lasts("2018-09-20 15:10:52", "years='1'"));
  EXPECT_TRUE(lasts("2019-09-13 15:10:52", "weeks='1'"));
  EXPECT_FALSE(lasts("2019-09-13 15:10:51", "weeks='1'"));
  EXPECT_TRUE(lasts("2019-09-18 14:10:52", "days='2' hours='1'"));
}

TEST(DateExpression, WithAnEndHasNoLength) {
  EXPECT_FALSE(
      holds("operation='in_range' start=" + before + " end=" + before, "<duration hours='1'/>"));
  EXPECT_TRUE(holds("operation='in_range' end=" + after, "<duration seconds='0'/>"));
}

// Pacemaker passes over such an end; here it is an error of the document, and never half a range.
TEST(DateExpression, ThatCannotBeReadIsFalse) {
  EXPECT_FALSE(holds("operation='gt' start='soon'"));
  EXPECT_FALSE(holds("operation='in_range' start='soon' end=" + after));
  EXPECT_FALSE(holds("operation='in_range' end='soon' start=" + before));
  EXPECT_FALSE(holds("operation='in_range' start=" + before, "<duration hours='x'/>"));
  EXPECT_FALSE(holds("operation='date_spec'"));
  for (const char* hours : {"", "x", "15x", "-", "--15", "15--", "5-15-", "99999999999-"})
    EXPECT_FALSE(holds("operation='date_spec'", fmt::format("<date_spec hours='{}'/>", hours)))
        << hours;
}

bool spec(const std::string& fields, Seconds offset = 0) {
  return holds("operation='date_spec'", "<date_spec " + fields + "/>", offset);
}

TEST(DateSpec, CountsInEveryUnit) {
  for (const char* field : {"years='2019'", "months='9'", "monthdays='20'", "yeardays='263'",
                            "yearsdays='263'", "weekyears='2019'", "weeks='38'", "weekdays='5'",
                            "moon='6'", "hours='15'", "minutes='10'", "seconds='52'"})
    EXPECT_TRUE(spec(field)) << field;
  for (const char* field :
       {"years='2018'", "months='8'", "monthdays='21'", "yeardays='262'", "weekyears='2020'",
        "weeks='37'", "weekdays='6'", "moon='5'", "hours='14'", "minutes='11'", "seconds='51'"})
    EXPECT_FALSE(spec(field)) << field;
}

TEST(DateSpec, TakesRanges) {
  EXPECT_TRUE(spec("hours='9-15'"));
  EXPECT_TRUE(spec("hours='15-20'"));
  EXPECT_FALSE(spec("hours='16-20'"));
  EXPECT_TRUE(spec("hours='15-'"));
  EXPECT_FALSE(spec("hours='16-'"));
  EXPECT_TRUE(spec("hours='-15'"));
  EXPECT_FALSE(spec("hours='-14'"));
}

TEST(DateSpec, HasNoNegativeNumbers) {
  for (const char* text : {"--15", "3--5", "-"}) EXPECT_FALSE(parse_numbers(text)) << text;
  EXPECT_TRUE(parse_numbers("-15"));
}

TEST(DateSpec, MeansAlsoZero) {
  EXPECT_TRUE(holds("operation='date_spec'", "<date_spec minutes='0'/>", 49 * minute_s + 8));
  EXPECT_FALSE(spec("minutes='0'"));
}

TEST(DateSpec, HoldsIfEveryFieldDoes) {
  EXPECT_TRUE(spec("hours='15' months='9'"));
  EXPECT_FALSE(spec("hours='15' months='10'"));
  EXPECT_TRUE(spec(""));
}

TEST(DateExpression, CountsInTheZone) {
  EXPECT_TRUE(spec("hours='11'", -4 * hour_s));
  EXPECT_TRUE(spec("hours='20' minutes='40'", 5 * hour_s + 30 * minute_s));
  EXPECT_TRUE(holds("operation='gt' start='2019-09-20 11:10:51'", "", -4 * hour_s));
  EXPECT_FALSE(holds("operation='gt' start='2019-09-20 11:10:52'", "", -4 * hour_s));
}

TEST(DateExpression, TellsWhenItChanges) {
  EXPECT_EQ(ask("operation='gt' start=" + after).in, 2);
  EXPECT_EQ(ask("operation='gt' start=" + same).in, 1);
  EXPECT_EQ(ask("operation='gt' start=" + before).in, -1);
  EXPECT_EQ(ask("operation='lt' end=" + after).in, 1);
  EXPECT_EQ(ask("operation='lt' end=" + same).in, -1);
  EXPECT_EQ(ask("start=" + after + " end='2019-09-20 15:11:52'").in, 1);
  EXPECT_EQ(ask("start=" + same + " end='2019-09-20 15:11:52'").in, 61);
  EXPECT_EQ(ask("start=" + same, "<duration minutes='1'/>").in, 61);
}

Seconds spec_changes_in(const std::string& fields, Seconds offset = 0) {
  return ask("operation='date_spec'", "<date_spec " + fields + "/>", offset).in;
}

TEST(DateSpec, TellsWhenItChanges) {
  const Seconds to_next_hour = 49 * minute_s + 8;
  EXPECT_EQ(spec_changes_in("seconds='55'"), 3);
  EXPECT_EQ(spec_changes_in("minutes='10'"), 8);
  EXPECT_EQ(spec_changes_in("minutes='12'"), 68);
  EXPECT_EQ(spec_changes_in("hours='9-16'"), to_next_hour + hour_s);
  EXPECT_EQ(spec_changes_in("hours='20-22' weekdays='6'"), to_next_hour + 28 * hour_s);
  EXPECT_EQ(spec_changes_in("months='9'"), to_next_hour + 8 * hour_s + 10 * day_s);
  EXPECT_EQ(spec_changes_in("hours='20'", 5 * hour_s + 30 * minute_s),
            to_next_hour - 30 * minute_s);
}

TEST(DateSpec, LooksAgainInTimeForWhatIsFar) {
  const Seconds in = spec_changes_in("seconds='1' years='2050'");
  EXPECT_GT(in, 300 * day_s);
  EXPECT_LE(in, 400 * day_s);
}

}  // namespace
}  // namespace gyre::rm
