// Real nodes whose key is changed while they run.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <thread>

#include "node/privileges.hh"
#include "tests/node/memory.hh"
#include "tests/node/sealed_nodes.hh"
#include "transport/seal.hh"

namespace gyre::test {
namespace {

class GyredRotates : public SealedNodes {
 protected:
  void SetUp() override {
    SealedNodes::SetUp();
    if (IsSkipped()) return;
    draw_key("key");
    for (int node = 1; node <= 3; ++node) nodes.push_back(start(node));
    client::Connection program = connect(1);
    wait_for_members(program, 3);
  }
  void draw_key(const std::string& name) {
    std::string bytes(128, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    write_key(name, bytes);
  }
  ClusterKey key_in(const std::string& name) const {
    const std::string bytes = read_file(directory / name);
    return ClusterKey(RootKey(std::as_bytes(std::span(bytes))), "");
  }
  // A key that can take the place of that of `before`: of 256 one cannot.
  void draw_after(const std::string& before, const std::string& name) {
    do draw_key(name);
    while (key_in(name).id() == key_in(before).id());
  }
  nlohmann::json rotate(int node, const std::string& name) {
    const std::string arguments[] = {directory / name};
    return nlohmann::json::parse(
        client::Connection::query("keys.rotate", {.run_dir = run_dir(node)}, arguments));
  }
  std::string refusal(int node, const std::string& name) {
    try {
      return rotate(node, name).dump();
    } catch (const client::Error& error) {
      return error.what();
    }
  }
  bool says(int node, const std::string& words) const {
    return read_file(directory / fmt::format("output{}", node)).find(words) != std::string::npos;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  std::vector<std::unique_ptr<GyredProcess>> nodes;
};

TEST_F(GyredRotates, TwentyTimesUnderLoadAndLosesNothing) {
  std::vector<client::Connection> programs;
  for (int node = 1; node <= 3; ++node) {
    programs.push_back(connect(node));
    programs.back().join("load");
  }
  const auto view = status(1)["view"];
  std::atomic<bool> enough{false};
  std::uint64_t sent = 0;
  std::array<std::vector<std::uint64_t>, 3> heard;
  const auto listen = [&](std::size_t i, seconds patience) {
    const auto event = programs[i].receive(patience);
    const auto* message = event ? std::get_if<client::Message>(&*event) : nullptr;
    if (message) std::memcpy(&heard[i].emplace_back(), message->payload.data(), sizeof sent);
    return event.has_value();
  };
  std::thread load([&] {
    std::size_t joined = 0;
    while (joined < programs.size()) {
      const auto event = programs[0].receive(seconds(20));
      const auto* change = event ? std::get_if<client::GroupChange>(&*event) : nullptr;
      if (!event) return;
      if (change) joined = change->members.size();
    }
    while (!enough) {
      for (int i = 0; i < 30; ++i, ++sent)
        programs[sent % 3].send("load", std::as_bytes(std::span(&sent, 1)));
      for (std::size_t i = 0; i < 3; ++i)
        while (heard[i].size() < sent && listen(i, seconds(20))) {
        }
    }
  });
  std::string before = "key";
  for (int rotation = 0; rotation < 20; ++rotation) {
    const std::string name = fmt::format("key{}", rotation);
    draw_after(before, name);
    const auto answer = rotate(1 + rotation % 3, name);
    EXPECT_EQ(answer["away"].size(), 0u);
    EXPECT_EQ(answer["key"], fmt::format("{:016x}", key_in(name).fingerprint()));
    before = name;
  }
  enough = true;
  load.join();
  EXPECT_GT(sent, 300u);
  for (const auto& all : heard) {
    ASSERT_EQ(all.size(), sent);
    EXPECT_EQ(all, heard[0]);
  }
  std::ranges::sort(heard[0]);
  EXPECT_EQ(std::ranges::adjacent_find(heard[0]), heard[0].end());
  for (int node = 1; node <= 3; ++node) {
    EXPECT_EQ(status(node)["view"], view) << "the ring broke";
    EXPECT_EQ(status(node)["key"]["fingerprint"],
              fmt::format("{:016x}", key_in(before).fingerprint()));
    EXPECT_EQ(refused(node, Refusal::forged), 0u);
  }
}

TEST_F(GyredRotates, CVE_2026_15811_TheOldKeyLeavesTheMemory) {
  if (!node::calls_are_filtered) GTEST_SKIP() << "a sanitizer maps more than can be read";
  draw_after("key", "next");
  const ClusterKey old = key_in("key"), next = key_in("next");
  const auto is_there = [&](const ClusterKey& key) {
    return !Memory(nodes[1]->pid()).places_of(std::as_bytes(std::span(key.bytes()))).empty();
  };
  ASSERT_TRUE(is_there(old)) << "or this test would see nothing";
  EXPECT_FALSE(is_there(next));
  rotate(1, "next");
  EXPECT_TRUE(await([&] { return !is_there(old); }));
  const Memory memory(nodes[1]->pid());
  for (const Mapping& place : memory.places_of(std::as_bytes(std::span(next.bytes()))))
    EXPECT_TRUE(place.keeps_keys()) << place.name << place.flags;
  for (const std::string name : {"key", "next"}) {
    const std::string bytes = read_file(directory / name);
    EXPECT_TRUE(memory.places_of(std::as_bytes(std::span(bytes)).first(32)).empty()) << name;
  }
}

TEST_F(GyredRotates, NothingChangesWithoutTheFileAndEachSaysWhichNodeAndWhy) {
  const auto before = status(1)["key"];
  EXPECT_TRUE(has(refusal(1, "missing"), "there is no key file")) << refusal(1, "missing");
  EXPECT_TRUE(has(refusal(1, std::string(200, 'x')), "128 bytes"));
  EXPECT_TRUE(has(refusal(1, "key"), fmt::format("{:016x}", key_in("key").fingerprint())))
      << "that it has already";
  draw_after("key", "next");
  std::filesystem::permissions(directory / "next", std::filesystem::perms(0644));
  EXPECT_TRUE(has(refusal(1, "next"), "0644"));
  EXPECT_EQ(status(1)["key"], before);
  EXPECT_EQ(status(3)["key"], before);
}

TEST_F(GyredRotates, WhoStartsWithTheOldKeyIsToldAndGetsInWithTheNewOne) {
  nodes[2]->signal(SIGTERM);
  nodes[2]->wait();
  draw_after("key", "next");
  client::Connection program = connect(1);
  wait_for_members(program, 2);
  EXPECT_EQ(rotate(2, "next")["away"], nlohmann::json::array({id_of(3)}));
  nodes[2] = start(3);
  await_refused(1, Refusal::other_key, 1);
  await_refused(3, Refusal::other_key, 1);
  for (const int node : {1, 3})
    EXPECT_TRUE(await([&] { return says(node, "sealed with another key"); })) << node;
  nodes[2]->signal(SIGTERM);
  nodes[2]->wait();
  std::filesystem::rename(directory / "next", directory / "key");
  nodes[2] = start(3);
  wait_for_members(program, 3);
}

}  // namespace
}  // namespace gyre::test
