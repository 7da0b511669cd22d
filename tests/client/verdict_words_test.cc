// A verdict's words stand twice: a program includes nothing of ours. They are the same.
#include <gtest/gtest.h>

#include "client/gyre/gyre.hh"
#include "membership/quorum.hh"

namespace gyre {
namespace {

template <typename Ours, typename Theirs>
void expect_same(Ours last) {
  for (unsigned i = 0; i < 256; ++i) {
    EXPECT_EQ(client::text(Theirs(i)), text(Ours(i))) << i;
    EXPECT_EQ(text(Ours(i)) == "unknown", i > static_cast<unsigned>(last)) << i;
  }
}

TEST(VerdictWords, AreThoseOfTheDaemon) {
  using membership::Verdict;
  expect_same<Verdict::Reason, client::Verdict::Reason>(Verdict::Reason::waiting);
  expect_same<Verdict::Fencing, client::Verdict::Fencing>(Verdict::Fencing::more_votes);
}

}  // namespace
}  // namespace gyre
