// Bytes from outside: every frame survives the way there and back, and whatever is cut off or
// counted wrongly is refused.

#include "totem/wire.hh"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace gyre::totem::wire {
namespace {

constexpr std::uint32_t extremes[] = {0, 1, nodes_max, nodes_max + 1, 0x7fff, 0x8000, 0xffff};

class Wire : public testing::Test {
 protected:
  FrameRef frame() { return pool_.take(); }

  // `parse` accepts the whole frame and refuses each of its beginnings and anything longer.
  static void expect_exact_length(const FrameRef& whole,
                                  const std::function<bool(std::span<const std::byte>)>& parse) {
    EXPECT_TRUE(parse(whole.bytes()));
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_FALSE(parse(whole.bytes().first(length))) << "cut off at byte " << length;
    std::vector<std::byte> longer(whole.bytes().begin(), whole.bytes().end());
    longer.push_back({});
    EXPECT_FALSE(parse(longer)) << "a byte more";
  }

  // A 16-bit count at `offset` with values that do not match the length.
  static void expect_counts_refused(const FrameRef& whole, std::size_t offset, std::uint16_t right,
                                    const std::function<bool(std::span<const std::byte>)>& parse) {
    std::vector<std::byte> bytes(whole.bytes().begin(), whole.bytes().end());
    for (auto count : extremes) {
      if (count == right) continue;
      store(bytes.data() + offset, static_cast<std::uint16_t>(count));
      EXPECT_FALSE(parse(bytes)) << "count " << count;
    }
  }

  FramePool pool_{4, 0, 16384, 0};
  const RingId ring_{7, NodeId{3}, 0x1122334455667788};
};

TEST_F(Wire, DataHeader) {
  FrameRef out = frame();
  out.resize(Data::size);
  write_data(out.data(), {.flags = Data::safe, .sender = NodeId{9}, .ring = ring_, .seq = Seq{5}});
  const auto in = read_data(out.bytes());
  ASSERT_TRUE(in);
  EXPECT_EQ(type(out.bytes()), Type::data);
  EXPECT_EQ(in->flags, Data::safe);
  EXPECT_EQ(in->sender, NodeId{9});
  EXPECT_EQ(in->ring, ring_);
  EXPECT_EQ(in->seq, Seq{5});
  for (std::size_t length = 0; length < Data::size; ++length)
    EXPECT_FALSE(read_data(out.bytes().first(length)));
}

TEST_F(Wire, ItemsKeepLengthAndFlagsApart) {
  std::byte bytes[Item::size];
  write_item(bytes, {.length = Item::length_max, .flags = Item::last});
  EXPECT_EQ(read_item(bytes).length, Item::length_max);
  EXPECT_EQ(read_item(bytes).flags, Item::last);
}

TEST_F(Wire, Token) {
  Token token{.ring = ring_, .token_seq = 1u << 31, .seq = Seq{100}, .aru = Seq{90}};
  token.aru_owner = NodeId{4};
  token.fcc = 1;
  token.backlog = 2;
  token.recovering = 3;
  token.rtr_count = 2;
  token.rtr = {Seq{91}, Seq{95}};
  FrameRef out = frame();
  write_token(out, token);
  EXPECT_EQ(out.size(), Token::fixed_size + 16);
  Token in;
  const auto parse = [&](std::span<const std::byte> bytes) { return read_token(bytes, in); };
  expect_exact_length(out, parse);
  expect_counts_refused(out, 2, 2, parse);
  ASSERT_TRUE(read_token(out.bytes(), in));
  EXPECT_EQ(in.ring, ring_);
  EXPECT_EQ(in.token_seq, token.token_seq);
  EXPECT_EQ(in.seq, token.seq);
  EXPECT_EQ(in.aru, token.aru);
  EXPECT_EQ(in.aru_owner, token.aru_owner);
  EXPECT_EQ(in.recovering, 3u);
  EXPECT_EQ(in.rtr[1], Seq{95});
}

TEST_F(Wire, ATokenWhoseAruIsAboveItsSeqIsRefused) {
  FrameRef out = frame();
  write_token(out, {.ring = ring_, .seq = Seq{5}, .aru = Seq{6}});
  Token in;
  EXPECT_FALSE(read_token(out.bytes(), in));
}

// Its receiver would send frames from the seq behind it, which is 0, up to it.
TEST_F(Wire, ATokenBehindWhoseSeqNoneFollowsIsRefused) {
  for (const std::uint64_t seq : {~std::uint64_t{0}, number(Token::seq_max) + 1}) {
    FrameRef out = frame();
    write_token(out, {.ring = ring_, .seq = Seq{seq}});
    Token in;
    EXPECT_FALSE(read_token(out.bytes(), in)) << seq;
  }
}

TEST_F(Wire, Join) {
  Join join;
  join.sender = NodeId{2};
  join.incarnation = 77;
  join.join_seq = 5;
  join.ring_seq = 1000;
  join.frame_max = 1400;
  join.count = 2;
  join.entries[0] = {NodeId{2}, Join::heard};
  join.entries[1] = {NodeId{3}, Join::failed};
  FrameRef out = frame();
  write_join(out, join);
  static Join in;
  const auto parse = [&](std::span<const std::byte> bytes) { return read_join(bytes, in); };
  expect_exact_length(out, parse);
  expect_counts_refused(out, 2, 2, parse);
  ASSERT_TRUE(read_join(out.bytes(), in));
  EXPECT_EQ(in.sender, join.sender);
  EXPECT_EQ(in.ring_seq, 1000u);
  EXPECT_EQ(in.entries[1].node, NodeId{3});
  EXPECT_EQ(in.entries[1].marks, Join::failed);
}

TEST_F(Wire, ACommitTokenTravelsInParts) {
  static CommitToken token, in;
  token.ring = ring_;
  token.hop = 4;
  token.members = 40;
  for (std::size_t i = 0; i < token.members; ++i)
    token.entries[i] = {.node = NodeId{static_cast<std::uint32_t>(i + 1)},
                        .filled = i < 4,
                        .old_ring = ring_,
                        .aru = Seq{i},
                        .high = Seq{i + 1},
                        .stable = Seq{i / 2},
                        .obliged = {i, ~i},
                        .since = i,
                        .receive_frames = 64};
  in = {};
  for (std::uint16_t first = 0; first < token.members; first += 16) {
    FrameRef out = frame();
    write_commit_part(out, token, first, std::min<std::uint16_t>(16, token.members - first));
    const auto part = read_commit_part(out.bytes());
    ASSERT_TRUE(part);
    expect_exact_length(out, [](auto bytes) { return read_commit_part(bytes).has_value(); });
    ASSERT_TRUE(read_commit_entries(out.bytes(), *part, in));
  }
  for (std::size_t i = 0; i < token.members; ++i) {
    EXPECT_EQ(in.entries[i].node, token.entries[i].node);
    EXPECT_EQ(in.entries[i].high, token.entries[i].high);
    EXPECT_EQ(in.entries[i].obliged, token.entries[i].obliged);
    EXPECT_EQ(in.entries[i].filled, token.entries[i].filled);
  }
}

TEST_F(Wire, CommitPartsOutsideOfTheirTokenAreRefused) {
  static CommitToken token;
  token.members = 2;
  token.entries[0].node = NodeId{1};
  token.entries[1].node = NodeId{2};
  FrameRef out = frame();
  write_commit_part(out, token, 0, 2);
  std::vector<std::byte> bytes(out.bytes().begin(), out.bytes().end());
  const std::size_t members = 28, first = 30, count = 32;
  for (auto value : extremes) {
    for (auto field : {members, first, count}) {
      auto changed = bytes;
      store(changed.data() + field, static_cast<std::uint16_t>(value));
      const auto part = read_commit_part(changed);
      if (part) {
        EXPECT_LE(std::size_t{part->first} + part->count, part->members);
        EXPECT_LE(part->members, nodes_max);
      }
    }
  }
}

TEST_F(Wire, MergeDetectAndHoldCancel) {
  MergeDetect detect{.sender = NodeId{1}, .ring = ring_, .count = 2};
  detect.heard = {NodeId{5}, NodeId{6}};
  FrameRef out = frame();
  write_merge_detect(out, detect);
  MergeDetect in;
  const auto parse = [&](std::span<const std::byte> bytes) { return read_merge_detect(bytes, in); };
  expect_exact_length(out, parse);
  expect_counts_refused(out, 2, 2, parse);
  FrameRef cancel = frame();
  write_hold_cancel(cancel, ring_);
  EXPECT_EQ(read_hold_cancel(cancel.bytes()), ring_);
  expect_exact_length(cancel, [](auto bytes) { return read_hold_cancel(bytes).has_value(); });
}

TEST_F(Wire, GarbageIsRefusedOrStaysInBounds) {
  std::mt19937_64 random(1);
  static Join join;
  static CommitToken commit;
  for (int i = 0; i < 200'000; ++i) {
    std::vector<std::byte> bytes(random() % 200);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random() % 8 ? random() % 4 : random());
    Token token;
    MergeDetect detect;
    type(bytes);
    read_data(bytes);
    if (read_token(bytes, token)) {
      EXPECT_LE(token.rtr_count, Token::rtr_max);
    }
    if (read_join(bytes, join)) {
      EXPECT_LE(join.count, nodes_max);
    }
    if (read_merge_detect(bytes, detect)) {
      EXPECT_LE(detect.count, nodes_max);
    }
    if (const auto part = read_commit_part(bytes)) read_commit_entries(bytes, *part, commit);
  }
}

}  // namespace
}  // namespace gyre::totem::wire
