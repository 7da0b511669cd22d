#include "rm/execute/output.hh"

#include <gtest/gtest.h>

#include <string>

namespace gyre::rm::execute {
namespace {

TEST(Output, HoldsTheLastExitReasonAndTheOtherLines) {
  const std::string written =
      "first\nocf-exit-reason:one\n\nsecond\nocf-exit-reason:two: 3\nnot ocf-exit-reason:four\nend";
  for (std::size_t piece = 1; piece < written.size(); ++piece) {
    Output output(10);
    for (std::size_t at = 0; at < written.size(); at += piece)
      output.add_error(std::string_view(written).substr(at, piece));
    output.end();
    EXPECT_EQ(output.exit_reason(), "two: 3");
    EXPECT_EQ(output.complaints(), "first\nsecond\nnot ocf-exit-reason:four\nend\n");
  }
}

TEST(Output, CountsAReasonWithoutTheEndOfItsLine) {
  Output output(10);
  output.add_error("ocf-exit-reason:because");
  output.end();
  EXPECT_EQ(output.exit_reason(), "because");
  EXPECT_EQ(output.complaints(), "");
}

TEST(Output, IsBounded) {
  Output output(10);
  for (int i = 0; i < 100; ++i) {
    output.add_output("abcdef");
    output.add_error(std::string(3000, 'x'));
    output.add_error("\nocf-exit-reason:" + std::string(3000, 'y') + "\n");
  }
  output.end();
  EXPECT_EQ(output.output(), "abcdefabcd");
  EXPECT_LE(output.complaints().size(), Output::complaints_max);
  EXPECT_LE(output.exit_reason().size(), Output::line_max);
}

}  // namespace
}  // namespace gyre::rm::execute
