// Whoever is on the network of real nodes, knows all that shows, and makes frames as well as can be
// done without the key.
#include <algorithm>

#include "node/privileges.hh"
#include "tests/node/sealed_nodes.hh"

namespace gyre::test {
namespace {

class GyredAttack : public SealedNodes {
 protected:
  static constexpr std::size_t text_size = 1400;  // of one frame

  // A ring of so many. What shows of node 2 and the next makes the headers.
  void form(int count) {
    std::vector<Tap> taps;
    for (int node = 2; node <= count; ++node) taps.emplace_back(node, 1);
    back.emplace(1, 2);
    for (int node = 1; node <= count; ++node) nodes.push_back(start(node));
    client::Connection program = connect(1);
    wait_for_members(program, static_cast<std::size_t>(count));
    for (Tap& tap : taps) {
      const std::vector<Bytes> spoken = tap.heard();
      ASSERT_FALSE(spoken.empty());
      Header& header = headers.emplace_back();
      ASSERT_EQ(read_header(spoken.back(), cluster_tag(""), header, suite()), Refusal::none);
      header.lane = Lane::data;
      header.length = text_size + seal_overhead;
      header.counter += 2000;  // its sender does not come to that
    }
  }
  static ClusterKey key_of(char byte) {
    return ClusterKey(RootKey(std::vector<std::byte>(128, static_cast<std::byte>(byte))), "");
  }
  // As the node of that header would make it, had it that key.
  static Bytes sealed(const Header& header, char key = 'k') {
    Bytes frame(header_size + header.length);
    write_header(header, std::span(frame).first<header_size>());
    Guarded<Seal> seal(1);
    seal[0].make(key_of(key), header.suite, Seal::Place::of(header));
    seal[0].close(frame, header.counter);
    return frame;
  }
  static void set_header(Bytes& frame, const Header& header) {
    write_header(header, std::span(frame).first<header_size>());
  }
  // What was tried had nothing wrong but what was made so: this one gets through the seal, and says
  // nonsense.
  void expect_taken(const Bytes& frame) {
    const auto malformed = [&] { return status(1)["counters"]["ring"]["malformed"].get<int>(); };
    const int before = malformed();
    inject(2, 1, {frame});
    EXPECT_TRUE(await([&] { return malformed() == before + 1; }));
  }

  std::vector<std::unique_ptr<GyredProcess>> nodes;
  std::vector<Header> headers;  // of node 2 on
  std::optional<Tap> back;      // of node 1 to node 2
};

TEST_F(GyredAttack, EveryLengthButItsOwnIsRefused) {
  form(2);
  const Bytes good = sealed(headers[0]);
  std::vector<Bytes> frames;
  for (std::size_t size = 0; size <= 1500; ++size) {
    if (size == good.size()) continue;
    Bytes& other = frames.emplace_back(good);
    other.resize(size);
    if (size < header_size) continue;
    Header header = headers[0];
    header.length = static_cast<std::uint32_t>(size - header_size);
    set_header(frames.emplace_back(other), header);  // says so, too
  }
  const nlohmann::json before = status(1);
  expect_all_refused(frames);
  const nlohmann::json after = status(1);
  const auto more = [&](Refusal reason) {
    return refused(after, reason) - refused(before, reason);
  };
  EXPECT_EQ(more(Refusal::too_short), header_size - 16) << "shorter ones stay in the kernel";
  EXPECT_GT(more(Refusal::length), text_size);
  EXPECT_GT(more(Refusal::forged) + more(Refusal::unopened), text_size - 20);
  expect_taken(good);
}

TEST_F(GyredAttack, EveryBitThatIsAnotherIsRefused) {
  form(2);
  const Bytes good = sealed(headers[0]);
  std::vector<Bytes> frames;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit)
    frames.emplace_back(good)[bit / 8] ^= std::byte(1 << bit % 8);
  const nlohmann::json before = status(1);
  expect_all_refused(frames);
  const nlohmann::json after = status(1);
  const auto more = [&](Refusal reason) {
    return refused(after, reason) - refused(before, reason);
  };
  EXPECT_EQ(more(Refusal::suite), 8u);
  EXPECT_EQ(more(Refusal::lane), 7u) << "and one that is the other lane's";
  EXPECT_EQ(more(Refusal::other_key), 8u);
  EXPECT_EQ(more(Refusal::length), 32u);
  EXPECT_GE(more(Refusal::forged) + more(Refusal::unopened), (text_size + seal_overhead) * 8);
  expect_taken(good);
}

TEST_F(GyredAttack, NoKeyAnotherKeyAndAZeroKeyAreRefused) {
  form(2);
  std::vector<Bytes> frames;
  for (const char key : {'x', '\0'}) frames.push_back(sealed(headers[0], key));
  for (const Suite other : {Suite::open, suite(false)}) {
    Header header = headers[0];
    header.suite = other;
    Bytes& frame = frames.emplace_back(header_size + header.length);
    set_header(frame, header);
  }
  const nlohmann::json before = status(1);
  expect_all_refused(frames);
  EXPECT_EQ(refused(1, Refusal::forged), refused(before, Refusal::forged) + 2);
  EXPECT_EQ(refused(1, Refusal::suite), refused(before, Refusal::suite) + 2);
  expect_taken(sealed(headers[0]));
}

TEST_F(GyredAttack, ASwappedSenderBootLaneCounterOrClusterIsRefused) {
  form(3);
  const Bytes good = sealed(headers[0]);
  const Header other = headers[1];
  std::vector<Bytes> frames;
  const auto add = [&](auto change) {
    Header header = headers[0];
    change(header);
    set_header(frames.emplace_back(good), header);
  };
  add([&](Header& header) { header.sender = other.sender; });
  add([&](Header& header) { header.boot = other.boot; });
  add([&](Header& header) { header.sender = other.sender, header.boot = other.boot; });
  add([](Header& header) { header.lane = Lane::token; });
  add([](Header& header) { ++header.counter; });
  add([](Header& header) { header.counter += std::uint64_t{1} << era_shift; });
  const nlohmann::json before = status(1);
  expect_all_refused(frames);
  EXPECT_EQ(refused(1, Refusal::forged), refused(before, Refusal::forged) + frames.size());
  frames.clear();
  add([](Header& header) { header.cluster ^= 1; });
  expect_all_refused(frames);
  expect_taken(good);
}

TEST_F(GyredAttack, WhatANodeSaidItselfIsRefusedAfterItsRestartToo) {
  form(2);
  std::vector<Bytes> own = back->heard();
  ASSERT_GT(own.size(), 5u);
  const std::uint64_t before = refused(1, Refusal::own);
  expect_all_refused(own);
  EXPECT_EQ(refused(1, Refusal::own), before + own.size());

  client::Connection program = connect(2);
  nodes[0]->signal(SIGKILL);
  nodes[0]->wait();
  wait_for_members(program, 1);
  nodes[0] = start(1);
  wait_for_members(program, 2);
  expect_all_refused(own);
  EXPECT_EQ(refused(1, Refusal::own_id), 0u) << "nobody else has its id";
}

// Nobody who cannot make a frame keeps those who can from talking: neither one who is known to be
// none of them, nor one under a member's address with a member's header, which costs the most.
TEST_F(GyredAttack, AForgedFloodLeavesTheRingAsItIs) {
  if (!node::calls_are_filtered) GTEST_SKIP() << "a sanitizer makes gyred slow, and not the flood";
  form(2);
  client::Connection program = connect(2);
  program.join("group");
  const auto before = status(1);
  for (const std::string& from : {Switch::stranger(), Switch::address(2)})
    for (const Lane lane : {Lane::data, Lane::token}) {
      Header header = headers[0];
      header.lane = lane;
      Bytes forged = sealed(header);
      forged.back() ^= std::byte{1};
      set_header(forged, header);
      const std::uint64_t dropped_before = dropped(status(1));
      const Flood flood(from, 1, forged);
      // So much that all queues have been full for long.
      EXPECT_TRUE(await([&] { return dropped(status(1)) > dropped_before + 50'000; }));
      for (int i = 0; i < 20; ++i) {
        const std::string text = "word";
        program.send("group", std::as_bytes(std::span(text)));
        bool delivered = false;
        while (!delivered) {
          const auto event = program.receive(seconds(20));
          ASSERT_TRUE(event);
          delivered = std::holds_alternative<client::Message>(*event);
        }
      }
    }
  const auto after = status(1);
  EXPECT_EQ(after["view"], before["view"]);
  EXPECT_EQ(after["counters"]["ring"]["gathers"], before["counters"]["ring"]["gathers"]);
  EXPECT_EQ(after["counters"]["ring"]["malformed"], 0);
}

}  // namespace
}  // namespace gyre::test
