#include "rm/cib/values.hh"

#include <gtest/gtest.h>

namespace gyre::rm {
namespace {

TEST(Scores, SaturateAndMinusInfinityWins) {
  EXPECT_EQ(Score::infinity() + Score::minus_infinity(), Score::minus_infinity());
  EXPECT_EQ(Score(999'999) + Score(5), Score::infinity());
  EXPECT_EQ(Score::infinity() + Score(-5), Score::infinity());
  EXPECT_EQ(Score(-7) + Score(5), Score(-2));
}

TEST(Scores, AreReadAsOperatorsWriteThem) {
  EXPECT_EQ(parse_score("100"), Score(100));
  EXPECT_EQ(parse_score(" -INFINITY "), Score::minus_infinity());
  EXPECT_EQ(parse_score("+infinity"), Score::infinity());
  EXPECT_EQ(parse_score("+5"), Score(5));
  EXPECT_EQ(parse_score("99999999999999999999"), Score::infinity());
  EXPECT_EQ(parse_score("-99999999999999999999"), Score::minus_infinity());
  for (const auto* bad : {"", "abc", "1.5", "5s", "+-5", "--INFINITY"})
    EXPECT_EQ(parse_score(bad), std::nullopt) << bad;
}

TEST(Durations, HaveUnits) {
  EXPECT_EQ(parse_duration_ms("20"), 20'000);
  EXPECT_EQ(parse_duration_ms("20s"), 20'000);
  EXPECT_EQ(parse_duration_ms("500ms"), 500);
  EXPECT_EQ(parse_duration_ms("3 min"), 180'000);
  EXPECT_EQ(parse_duration_ms("1h"), 3'600'000);
  EXPECT_EQ(parse_duration_ms("1500us"), 1);
  EXPECT_EQ(parse_duration_ms("9223372036854775807h"), INT64_MAX);
  for (const auto* bad : {"", "s", "-5s", "5 days", "PT5M"})
    EXPECT_EQ(parse_duration_ms(bad), std::nullopt) << bad;
}

TEST(Booleans, HaveManySpellings) {
  for (const auto* yes : {"true", "ON", "Yes", "y", "1"}) EXPECT_EQ(parse_boolean(yes), true);
  for (const auto* no : {"false", "OFF", "No", "n", "0"}) EXPECT_EQ(parse_boolean(no), false);
  EXPECT_EQ(parse_boolean("maybe"), std::nullopt);
}

TEST(Versions, CompareNumberByNumber) {
  EXPECT_TRUE(compare_versions("3.0.12", "3.16.0") < 0);
  EXPECT_TRUE(compare_versions("3.16", "3.9.1") > 0);
  EXPECT_TRUE(compare_versions("1.2", "1.2.0") == 0);
  EXPECT_TRUE(compare_versions("", "0") == 0);
  EXPECT_TRUE(compare_versions("1.a", "1.0") == 0);
}

TEST(Values, NamesOfSecrets) {
  for (const char* name : {"passwd", "Password", "password_script", "auth_token", "API_key", "key"})
    EXPECT_TRUE(names_secret(name)) << name;
  for (const char* name : {"", "login", "ip", "keyboard", "monkey"})
    EXPECT_FALSE(names_secret(name)) << name;
}

}  // namespace
}  // namespace gyre::rm
