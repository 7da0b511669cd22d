#include "rm/configure/lexer.hh"

#include <gmock/gmock.h>

namespace gyre::rm::configure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> words_of(std::string_view text) {
  const auto lines = read_lines(text);
  return lines.size() == 1 ? lines[0].words : std::vector<std::string>{"no line, or many"};
}

std::string mistake_in(std::string_view text) {
  try {
    read_lines(text);
  } catch (const Mistake& mistake) {
    return mistake.what();
  }
  return "none";
}

TEST(Lexer, TakesALineApartAsAShellDoes) {
  EXPECT_THAT(words_of("a  b\tc=d"), ElementsAre("a", "b", "c=d"));
  EXPECT_THAT(words_of(R"(ip="10.0.0.1 x" e="" f='a"b')"),
              ElementsAre("ip=10.0.0.1 x", "e=", "f=a\"b"));
  EXPECT_THAT(words_of(R"(a="x\"y" b="x\\y" c="x\y" d='x\y' e=x\ y)"),
              ElementsAre("a=x\"y", "b=x\\y", "c=x\\y", "d=x\\y", "e=x y"));
  EXPECT_THAT(words_of(R"("" a)"), ElementsAre("", "a"));
}

TEST(Lexer, GoesOnBehindABackslash) {
  const auto lines = read_lines("# first\n\na \\\n  b \\\n\tc\n  # last\nd\n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0].words, ElementsAre("a", "b", "c"));
  EXPECT_EQ(lines[0].number, 3u);
  EXPECT_THAT(lines[1].words, ElementsAre("d"));
  EXPECT_EQ(lines[1].number, 7u);
  // A line that belongs to another may begin with it.
  EXPECT_THAT(words_of("rule \\\n #uname eq a"), ElementsAre("rule", "#uname", "eq", "a"));
  EXPECT_THAT(words_of("a \\  \nb"), ElementsAre("a", "b"));
  EXPECT_THAT(words_of("a \\"), ElementsAre("a"));
  EXPECT_EQ(read_lines("a \\\\\nb").size(), 2u);
}

TEST(Lexer, CalloutsSayNothing) {
  EXPECT_THAT(words_of("property a=\"ignore\" \\ # <1>\n  b=\"1000\" \\        # <2> <3>\n"
                       "  c=\"5min\"    # <4>\n"),
              ElementsAre("property", "a=ignore", "b=1000", "c=5min"));
  EXPECT_THAT(words_of("a # <b>"), ElementsAre("a", "#", "<b>"));
  EXPECT_THAT(words_of("a#<1>"), ElementsAre("a#<1>"));
  EXPECT_THAT(words_of("a <1>"), ElementsAre("a", "<1>"));
  EXPECT_THAT(words_of("a='x # <1>'"), ElementsAre("a=x # <1>"));
}

TEST(Lexer, SaysWhereItIsNoText) {
  EXPECT_THAT(mistake_in("a\nb=\"c\n"), HasSubstr("line 2: a quote is open, \" is missing"));
  EXPECT_THAT(mistake_in("a='"), HasSubstr("a quote is open"));
  EXPECT_EQ(mistake_in("a\nb\x01"), "line 2: a character that no configuration may have (U+0001)");
  EXPECT_EQ(mistake_in("\xff"), "line 1: this is not UTF-8");
  EXPECT_THROW(line_of({"a", "\xc3"}), Mistake);
}

TEST(Lexer, GivesBackWhatIsQuoted) {
  for (const std::string word : {"", "a", "a b", "a\"b", "a'b", "a\\b", "a\\", "\\\\", "\\\"", "é",
                                 "#", "a\\\\\"", "$x", "\t"}) {
    EXPECT_THAT(words_of("x " + configure::quoted(word)), ElementsAre("x", word));
    EXPECT_THAT(words_of("x=" + quoted_value(word)), ElementsAre("x=" + word));
  }
  EXPECT_EQ(configure::quoted("a:b"), "a:b");
  EXPECT_EQ(quoted_value("a:b"), "\"a:b\"");
  EXPECT_EQ(quoted_value("a_b.c-9"), "a_b.c-9");
  EXPECT_EQ(quoted_value("p\\q"), "\"p\\q\"");
}

}  // namespace
}  // namespace gyre::rm::configure
