#include "rm/cib/text.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <pugixml.hpp>
#include <string>

namespace gyre::rm {
namespace {

TEST(Text, KeepsItsBytesWhenItGrows) {
  Text text;
  EXPECT_EQ(text.view(), "");
  std::string all;
  for (std::size_t more = 1; more < 100'000; more *= 3) {
    all += std::string(more, static_cast<char>('a' + more % 26));
    const std::size_t had = text.size();
    text.resize(all.size());
    std::memcpy(text.data() + had, all.data() + had, more);
    EXPECT_EQ(text.view(), all);
  }
  text.resize(1);
  EXPECT_EQ(text.view(), "b");
}

TEST(Text, IsHandedToAParserThatGivesItBack) {
  Text text("<a b='c'/>");
  const std::size_t size = text.size();
  pugi::xml_document document;
  ASSERT_TRUE(document.load_buffer_inplace_own(text.release(), size));
  EXPECT_STREQ(document.child("a").attribute("b").value(), "c");
}

}  // namespace
}  // namespace gyre::rm
