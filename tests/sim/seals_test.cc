// Who watches the seals must see what is wrong.
#include "tests/sim/seals.hh"

#include <gtest/gtest.h>

#include <cstring>

namespace gyre::sim {
namespace {

using namespace std::chrono_literals;

constexpr Suite suite = Suite::chacha20poly1305;
constexpr check::Process taker{NodeId{2}, 5};

class Watched : public testing::Test {
 protected:
  Header header(std::uint64_t counter, std::uint64_t boot = 1, Lane lane = Lane::data) const {
    return {.suite = suite,
            .lane = lane,
            .generation = key.id(),
            .cluster = cluster_tag("sim"),
            .sender = NodeId{1},
            .boot = boot,
            .counter = counter};
  }
  // As it lies in memory before it is sealed, and after it was opened.
  static std::vector<std::byte> open(Header header, std::string_view text) {
    std::vector<std::byte> frame(header_size + text.size() + seal_overhead);
    header.length = static_cast<std::uint32_t>(frame.size() - header_size);
    write_header(header, std::span(frame).first<header_size>());
    std::memcpy(frame.data() + header_size, text.data(), text.size());
    return frame;
  }
  std::string leaves(const Header& header, std::string_view text) {
    std::vector<std::byte> frame = open(header, text);
    Seal seal;
    seal.make(key, suite, Seal::Place::of(header));
    seal.close(frame, header.counter);
    const auto read = seals.leaves(frame, now);
    return {reinterpret_cast<const char*>(read.data()), read.size()};
  }
  void gets_through(const Header& header, std::string_view text, Lane lane = Lane::data) {
    seals.gets_through(taker, since, lane, open(header, text));
  }
  std::string found() const {
    return seals.violations().empty() ? "" : seals.violations().back().clause;
  }

  Seals seals{suite, "sim"};
  const ClusterKey key = seals.key();
  Time now{1s}, since{};
};

TEST_F(Watched, WhatLeavesOnceAndGetsThroughOnceIsRight) {
  EXPECT_EQ(leaves(header(1), "word"), "word");
  EXPECT_EQ(leaves(header(1), "word"), "word") << "the same bytes again";
  EXPECT_EQ(leaves(header(1, 1, Lane::token), "other"), "other");
  EXPECT_EQ(leaves(header(1, 2), "third"), "third");
  gets_through(header(1), "word");
  gets_through(header(1, 1, Lane::token), "other", Lane::token);
  gets_through(header(1, 2), "third");
  EXPECT_EQ(found(), "");
}

TEST_F(Watched, ANumberUsedTwiceIsSeen) {
  leaves(header(7), "word");
  leaves(header(7), "other");
  EXPECT_EQ(found(), "10 nonce");
}

TEST_F(Watched, ANumberMayComeTwiceUntilAMachineThatWasPutBackKnows) {
  leaves(header(7), "word");
  seals.put_back(NodeId{1}, 1);
  leaves(header(7), "other");
  gets_through(header(7), "word");
  EXPECT_EQ(found(), "");
  EXPECT_EQ(seals.repeated(), 1u);
  seals.is_over(NodeId{1}, 1);
  leaves(header(8, 2), "word");
  EXPECT_EQ(found(), "");
  leaves(header(8), "word");
  EXPECT_EQ(found(), "10 nonce") << "a new number of a boot that it knows to be over";
}

TEST_F(Watched, AKeyThatIsNotTheClustersIsSeen) {
  std::vector<std::byte> frame = open(header(1), "word");
  seals.leaves(frame, now);
  EXPECT_EQ(found(), "10 seal");
}

TEST_F(Watched, WhatGetsThroughTwiceIsSeen) {
  leaves(header(1), "word");
  gets_through(header(1), "word");
  EXPECT_EQ(found(), "");
  gets_through(header(1), "word");
  EXPECT_EQ(found(), "10 seal");
}

TEST_F(Watched, WhatNobodySentIsSeen) {
  leaves(header(1), "word");
  gets_through(header(1), "w0rd");
  EXPECT_EQ(found(), "10 seal");
}

TEST_F(Watched, TheOtherLaneIsSeen) {
  leaves(header(1), "word");
  gets_through(header(1), "word", Lane::token);
  EXPECT_EQ(found(), "10 seal");
}

TEST_F(Watched, WhatIsOlderThanItsTakerIsSeen) {
  leaves(header(1), "word");
  since = now + 1ns;
  gets_through(header(1), "word");
  EXPECT_EQ(found(), "10 seal");
}

TEST_F(Watched, ABootThatWasOverIsSeen) {
  for (const std::uint64_t boot : {1, 2}) {
    leaves(header(1, boot), "word");
    leaves(header(2, boot), "word");
    gets_through(header(1, boot), "word");
  }
  EXPECT_EQ(found(), "");
  gets_through(header(2, 1), "word");
  EXPECT_EQ(found(), "10 seal");
}

}  // namespace
}  // namespace gyre::sim
