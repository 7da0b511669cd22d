#include "tools/lines.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace gyre::tools {
namespace {

class LinesTest : public testing::Test {
 protected:
  LinesTest() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~LinesTest() override {
    hang_up();
    close(ends_[0]);
  }
  void write(const std::string& text) {
    ASSERT_EQ(::write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void hang_up() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  std::vector<std::string> take(Lines& lines) {
    std::vector<std::string> all;
    while (auto line = lines.next()) all.emplace_back(*line);
    return all;
  }

  std::array<int, 2> ends_{-1, -1};
};

using Texts = std::vector<std::string>;

TEST_F(LinesTest, CutsAtLineBreaksWhateverTheReads) {
  Lines lines(ends_[0], 100);
  write("one\ntw");
  lines.read();
  EXPECT_EQ(take(lines), (Texts{"one"}));
  write("o\n\nthree\n");
  lines.read();
  EXPECT_EQ(take(lines), (Texts{"two", "", "three"}));
  EXPECT_FALSE(lines.done());
  hang_up();
  lines.read();
  EXPECT_EQ(take(lines), Texts{});
  EXPECT_TRUE(lines.done());
}

TEST_F(LinesTest, TheLastLineMayLackItsBreak) {
  Lines lines(ends_[0], 100);
  write("one\ntwo");
  lines.read();
  EXPECT_EQ(take(lines), (Texts{"one"}));
  hang_up();
  lines.read();
  EXPECT_FALSE(lines.done());
  EXPECT_EQ(take(lines), (Texts{"two"}));
  EXPECT_TRUE(lines.done());
}

TEST_F(LinesTest, ALineOfTheLimitPassesAndOneByteMoreIsRefusedByNumber) {
  Lines lines(ends_[0], 4);
  write("1234\n12345\n");
  lines.read();
  EXPECT_EQ(lines.next(), "1234");
  try {
    lines.next();
    FAIL() << "a line of five bytes was taken";
  } catch (const std::length_error& error) {
    EXPECT_STREQ(error.what(), "line 2 is too long: a message has at most 4 bytes");
  }
}

TEST_F(LinesTest, AnEndlessLineIsRefusedBeforeItsEnd) {
  Lines lines(ends_[0], 4);
  write("123456");
  lines.read();
  EXPECT_THROW(lines.next(), std::length_error);
}

}  // namespace
}  // namespace gyre::tools
