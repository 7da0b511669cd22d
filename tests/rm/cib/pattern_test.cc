#include "rm/cib/pattern.hh"

#include <gtest/gtest.h>

#include <string>

namespace gyre::rm {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const auto compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled) << pattern;
  return compiled && compiled->matches(text);
}

TEST(Pattern, IsFoundAnywhere) {
  EXPECT_TRUE(matches("sc[0-9]", "rsc1"));
  EXPECT_FALSE(matches("^sc[0-9]", "rsc1"));
  EXPECT_TRUE(matches("^(a|b){2,3}$", "aba"));
  EXPECT_FALSE(matches("^(a|b){2,3}$", "abab"));
  EXPECT_TRUE(matches("a\\{1}", "a{1}"));
}

TEST(Pattern, IsRefusedIfItIsNoneOrHasNoBound) {
  for (const auto* bad : {"[", "(", "*(", "((a{99}){99}){99}", "a{5000}", "a{1,5000}", "a{5000,}",
                          "a{99999999999999999999}", "(a*)\\1"})
    EXPECT_FALSE(Pattern::compile(bad)) << bad;
  EXPECT_FALSE(Pattern::compile(std::string(5000, 'a')));
  EXPECT_TRUE(Pattern::compile("(a{9}){9}\\\\1"));
}

}  // namespace
}  // namespace gyre::rm
