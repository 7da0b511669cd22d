#include "transport/seal.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace gyre {
namespace {

std::vector<std::byte> secret(int seed, std::size_t size = 128) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = std::byte(static_cast<unsigned char>(i * 7 + static_cast<std::size_t>(seed) * 31));
  return bytes;
}

ClusterKey key_of(const std::vector<std::byte>& bytes, std::string_view cluster = "c") {
  return ClusterKey(RootKey(bytes), cluster);
}

constexpr Header good = {.lane = Lane::token,
                         .cluster = 9,
                         .sender = NodeId{3},
                         .boot = 0x1122334455667788,
                         .counter = 77};

class SealTest : public testing::TestWithParam<Suite> {
 protected:
  void SetUp() override {
    if (sodium_init() < 0 || !available(GetParam())) GTEST_SKIP() << "not on this processor";
  }
  std::vector<std::byte> sealed(const ClusterKey& key, std::size_t size, Header header = good) {
    std::vector<std::byte> frame(header_size + size + tag_size, std::byte{0x5a});
    header.suite = GetParam();
    header.length = static_cast<std::uint32_t>(size + tag_size);
    write_header(header, std::span(frame).first<header_size>());
    Guarded<Seal> seal(1);
    seal[0].make(key, GetParam(), Seal::Place::of(header));
    seal[0].close(frame, header.counter);
    return frame;
  }
  // As a receiver does: the key and the nonce are what the header says.
  bool opens(const ClusterKey& key, std::vector<std::byte> frame) {
    Header header;
    if (read_header(frame, good.cluster, header, GetParam()) != Refusal::none) return false;
    Guarded<Seal> seal(1);
    seal[0].make(key, GetParam(), Seal::Place::of(header));
    if (!seal[0].open(frame, header.counter)) return false;
    const auto text = std::span(frame).subspan(header_size, frame.size() - header_size - tag_size);
    return std::ranges::all_of(text, [](std::byte byte) { return byte == std::byte{0x5a}; });
  }
};

TEST_P(SealTest, OpensWhatWasSealedAtEveryLength) {
  const ClusterKey key = key_of(secret(1));
  for (std::size_t size = 0; size < 200; ++size) EXPECT_TRUE(opens(key, sealed(key, size))) << size;
  EXPECT_TRUE(opens(key, sealed(key, 65000)));
}

TEST_P(SealTest, NoBitMayBeOther) {
  const ClusterKey key = key_of(secret(1));
  const std::vector<std::byte> frame = sealed(key, 33);
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::vector<std::byte> other = frame;
    other[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_FALSE(opens(key, other)) << bit;
  }
}

TEST_P(SealTest, NoLengthButItsOwn) {
  const ClusterKey key = key_of(secret(1));
  const std::vector<std::byte> frame = sealed(key, 33);
  for (std::size_t size = 0; size <= frame.size() + 40; ++size) {
    if (size == frame.size()) continue;
    std::vector<std::byte> other = frame;
    other.resize(size);
    EXPECT_FALSE(opens(key, other)) << size;
    if (size < header_size) continue;
    Header header = good;  // that says so, too
    header.suite = GetParam();
    header.length = static_cast<std::uint32_t>(size - header_size);
    write_header(header, std::span(other).first<header_size>());
    EXPECT_FALSE(opens(key, other)) << size;
  }
}

TEST_P(SealTest, NoKeyButItsOwn) {
  const std::vector<std::byte> frame = sealed(key_of(secret(1)), 100);
  EXPECT_FALSE(opens(key_of(secret(2)), frame));
  EXPECT_FALSE(opens(key_of(std::vector<std::byte>(128)), frame));
  EXPECT_FALSE(opens(key_of(secret(1, 129)), frame));
  EXPECT_FALSE(opens(key_of(secret(1), "d"), frame)) << "one file, but another cluster";
  Guarded<Seal> none(1);
  std::vector<std::byte> copy = frame;
  EXPECT_FALSE(none[0].open(copy, good.counter)) << "no key at all";
}

TEST_P(SealTest, ChangesEveryBlockAndHidesTheText) {
  const ClusterKey key = key_of(secret(1));
  const std::vector<std::byte> frame = sealed(key, 1000);
  for (std::size_t i = header_size; i + 8 <= frame.size(); ++i)
    EXPECT_FALSE(std::all_of(frame.begin() + static_cast<std::ptrdiff_t>(i),
                             frame.begin() + static_cast<std::ptrdiff_t>(i) + 8,
                             [](std::byte byte) { return byte == std::byte{0x5a}; }));
}

TEST_P(SealTest, EachPlaceHasAKeyOfItsOwn) {
  const ClusterKey key = key_of(secret(1));
  std::set<std::vector<std::byte>> texts;
  const auto add = [&](Header header) {
    const std::vector<std::byte> frame = sealed(key, 64, header);
    texts.insert({frame.begin() + header_size, frame.end() - tag_size});
  };
  Header header = good;
  add(header);
  header.sender = NodeId{4};
  add(header);
  header = good, header.boot ^= 1;
  add(header);
  header = good, header.boot ^= std::uint64_t{1} << 63;
  add(header);
  header = good, header.lane = Lane::data;
  add(header);
  header = good, ++header.counter;
  add(header);
  header = good, header.counter += std::uint64_t{1} << era_shift;
  add(header);
  header = good, header.counter += std::uint64_t{1} << 63;
  add(header);
  EXPECT_EQ(texts.size(), 8u);
}

TEST(Seal, AnEraEndsWithItsLastCounter) {
  Header header = good;
  header.counter = (std::uint64_t{1} << era_shift) - 1;
  EXPECT_EQ(Seal::Place::of(header).era, 0u);
  ++header.counter;
  EXPECT_EQ(Seal::Place::of(header).era, 1u);
}

// What the keys are made of is part of the wire: a node of another version must find the same.
TEST_P(SealTest, MakesTheSameBytesForEver) {
  const std::vector<std::byte> frame = sealed(key_of(secret(1)), 4);
  std::string text;
  for (std::size_t i = header_size; i < frame.size(); ++i) {
    constexpr const char* digits = "0123456789abcdef";
    text += digits[std::to_integer<unsigned>(frame[i]) >> 4];
    text += digits[std::to_integer<unsigned>(frame[i]) & 15];
  }
  EXPECT_EQ(text, GetParam() == Suite::aes256gcm ? "31e5ea0a2316d31d7f45a51be4c4e51f8a73a917"
                                                 : "23cb5d30900a94f186dc5e8a43a7ef533d3021c2");
}

INSTANTIATE_TEST_SUITE_P(Suites, SealTest,
                         testing::Values(Suite::aes256gcm, Suite::chacha20poly1305),
                         [](const testing::TestParamInfo<Suite>& suite) {
                           return suite.param == Suite::aes256gcm ? "aes256gcm"
                                                                  : "chacha20poly1305";
                         });

}  // namespace
}  // namespace gyre
