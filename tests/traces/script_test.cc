// What the scripts' own language refuses, and how a trace is folded.

#include <gtest/gtest.h>

#include "tests/traces/diff.hh"
#include "tests/traces/script.hh"

namespace gyre::test {
namespace {

using namespace std::chrono_literals;

std::string refusal(const std::string& text) {
  try {
    play(parse_script("x.txt", text));
  } catch (const ScriptError& error) {
    const std::string what = error.what();
    return what.substr(0, what.find('\n'));
  }
  return "";
}

// Of the fifth line.
std::string refusal_of(const std::string& command) {
  constexpr std::string_view where = "x.txt:5: ";
  const std::string why = refusal("Title.\n\nnodes 2\nstart 1\n" + command + "\n----\n");
  return why.starts_with(where) ? why.substr(where.size()) : "elsewhere: " + why;
}

TEST(Script, WhatIsWrongIsRefusedWithFileAndLine) {
  EXPECT_EQ(refusal(""), "x.txt:1: a script begins with what it shows");
  EXPECT_EQ(refusal("Title.\n"), "x.txt:2: nothing happens");
  EXPECT_EQ(refusal("Title.\n\nstart 1\n----\n"),
            "x.txt:3: the first command is 'nodes N', N from 1 to 9");
  EXPECT_EQ(refusal("Title.\n\nnodes 2\nstart 1\n"), "x.txt:5: commands end with a line ----");
  EXPECT_EQ(refusal_of("jump 1"), "there is no command 'jump'");
  EXPECT_EQ(refusal_of("start 3"), "there is no node 3");
  EXPECT_EQ(refusal_of("start two"), "'two' is not a number");
  EXPECT_EQ(refusal_of("crash 1 2"), "'2' is too much");
  EXPECT_EQ(refusal_of("cut 1"), "something is missing at the end");
  EXPECT_EQ(refusal_of("run 40"), "'40' is not a time like 20ms");
  EXPECT_EQ(refusal_of("send 1 a"), "a message stands in quotation marks");
  EXPECT_EQ(refusal_of("drop the token"), "'token' where 'next' is due");
  EXPECT_EQ(refusal_of("drop the next letter"), "there is no frame called 'letter'");
  EXPECT_EQ(refusal_of("when 1 enters heaven: crash 1"), "there is no state 'heaven'");
  EXPECT_EQ(refusal_of("when 1 enters gather"), "no ':' in front of what is to happen");
  EXPECT_EQ(refusal_of("when 1 enters gather: jump 1"), "there is no command 'jump'");
}

TEST(Script, WhatCannotBeDoneIsRefusedWhenItsTimeComes) {
  EXPECT_EQ(refusal_of("start 1"), "node 1 is up");
  EXPECT_EQ(refusal_of("crash 2"), "node 2 is down");
  EXPECT_EQ(refusal_of("lose file 1"), "node 1 is up");
  EXPECT_EQ(refusal_of("run until 2 enters gather"), "it did not come to that within a second");
}

TEST(Page, WhatSeveralDoAlikeIsOneLine) {
  Page page;
  page.add(Time(1ms), 1, "", "a");
  page.add(Time(1ms), 1, "", "b");
  page.add(Time(1ms), 2, "", "b");
  page.add(Time(1ms), 2, "", "a");  // in the other order: not the same
  EXPECT_EQ(page.take(),
            (std::vector<std::string>{"    1.000  1           a", "    1.000  1 2         b",
                                      "    1.000  2           a"}));
}

TEST(Page, WhatIsDoneAgainIsCounted) {
  Page page;
  for (const auto time : {1ms, 2ms, 3ms}) {
    page.add(Time(time), 1, "> 2", "token");
    page.add(Time(time), 2, "> 1", "token");
  }
  page.add(Time(4ms), 2, "", "stops");
  page.add(Time(5ms), 2, "> 1", "token");
  EXPECT_EQ(page.take(), (std::vector<std::string>{"    1.000  1 > 2       token  ×3, last 3.000",
                                                   "    1.000  2 > 1       token  ×3, last 3.000",
                                                   "    4.000  2           stops",
                                                   "    5.000  2 > 1       token"}));
}

TEST(Diff, ShowsTheLinesThatDifferAndThoseAround) {
  EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n"), "");
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\nx\n", "1\n2\n3\n4\n5\ny\n"),
            "@@ line 3 @@\n 3\n 4\n 5\n-x\n+y\n");
}

}  // namespace
}  // namespace gyre::test
