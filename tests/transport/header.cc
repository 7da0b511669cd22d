#include "transport/header.hh"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace gyre {

namespace {

constexpr std::uint64_t cluster = 0x1122334455667788;
constexpr Header example = {.lane = Lane::token,
                            .generation = 3,
                            .cluster = cluster,
                            .sender = NodeId{0x0a0b0c0d},
                            .length = 5,
                            .boot = 0xa1a2a3a4a5a6a7a8,
                            .counter = 0xc1c2c3c4c5c6c7c8};

std::vector<std::byte> frame() {
  std::vector<std::byte> bytes(header_size + example.length);
  write_header(example, std::span(bytes).first<header_size>());
  return bytes;
}

TEST(ClearHeader, IsTheseFortyBytesForEver) {
  const unsigned char expected[header_size] = {
      'G',  'Y',  'R',  'E',  1,    0,    1,    3,    0x88, 0x77, 0x66, 0x55, 0x44, 0x33,
      0x22, 0x11, 0x0d, 0x0c, 0x0b, 0x0a, 5,    0,    0,    0,    0xa8, 0xa7, 0xa6, 0xa5,
      0xa4, 0xa3, 0xa2, 0xa1, 0xc8, 0xc7, 0xc6, 0xc5, 0xc4, 0xc3, 0xc2, 0xc1};
  EXPECT_EQ(std::memcmp(frame().data(), expected, header_size), 0);
}

TEST(ClearHeader, ReadsWhatItWrote) {
  Header header;
  EXPECT_EQ(read_header(frame(), cluster, header), Refusal::none);
  EXPECT_EQ(header, example);
}

TEST(ClearHeader, RefusesEveryTruncation) {
  const auto bytes = frame();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Header header;
    EXPECT_EQ(read_header(std::span(bytes).first(size), cluster, header),
              size < header_size ? Refusal::too_short : Refusal::length);
    EXPECT_EQ(header, Header());
  }
}

TEST(ClearHeader, RefusesBytesBehindTheFrame) {
  auto bytes = frame();
  bytes.push_back({});
  Header header;
  EXPECT_EQ(read_header(bytes, cluster, header), Refusal::length);
}

TEST(ClearHeader, EveryFlippedBitIsRefusedOrNamesAnotherFrame) {
  for (std::size_t bit = 0; bit < header_size * 8; ++bit) {
    auto bytes = frame();
    const std::size_t byte = bit / 8;
    bytes[byte] ^= std::byte(1 << bit % 8);
    Header header;
    const Refusal refusal = read_header(bytes, cluster, header);
    const Refusal expected = byte < 4                    ? Refusal::magic
                             : byte == 4                 ? Refusal::version
                             : byte == 5                 ? Refusal::suite
                             : byte == 6 && bit % 8 != 0 ? Refusal::lane
                             : byte >= 8 && byte < 16    ? Refusal::cluster
                             : byte >= 20 && byte < 24   ? Refusal::length
                                                         : Refusal::none;
    EXPECT_EQ(refusal, expected) << "bit " << bit;
    EXPECT_TRUE(refusal != Refusal::none || header != example) << "bit " << bit;
  }
}

TEST(ClearHeader, RefusesSenderZero) {
  auto bytes = frame();
  std::fill_n(bytes.begin() + 16, 4, std::byte{});
  Header header;
  EXPECT_EQ(read_header(bytes, cluster, header), Refusal::sender);
}

TEST(ClearHeader, EveryReasonHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < refusal_count; ++i) names.insert(text(Refusal(i)));
  EXPECT_EQ(names.size(), refusal_count);
  EXPECT_FALSE(names.contains(""));
  EXPECT_EQ(text(Refusal::replayed), "replayed");
}

TEST(ClearHeader, ClustersHaveTagsOfTheirOwn) {
  EXPECT_EQ(cluster_tag(""), 0xcbf29ce484222325u);
  EXPECT_EQ(cluster_tag("foobar"), 0x85944171f73967e8u);  // FNV-1a's own test value
}

}  // namespace

}  // namespace gyre
