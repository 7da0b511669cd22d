// Up to three real nodes that share a key, on a switch of their own, and a test that has no place
// among them.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "client/gyre/gyre.hh"
#include "tests/node/gyred_process.hh"
#include "tests/node/switch.hh"
#include "tests/node/temporary.hh"
#include "transport/seal.hh"

namespace gyre::test {

using std::chrono::seconds;

// What this machine's processor can do, and the other one.
inline Suite suite(bool ours = true) {
  const bool aes = sodium_init() >= 0 && available(Suite::aes256gcm);
  return aes == ours ? Suite::aes256gcm : Suite::chacha20poly1305;
}

template <typename Done>
bool await(Done done) {
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  while (!done() && std::chrono::steady_clock::now() < end) ::poll(nullptr, 0, 10);
  return done();
}

class SealedNodes : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make a network and listen on it";
    try {
      network.emplace();
    } catch (const std::system_error& error) {
      GTEST_SKIP() << "the system allows no networks: " << error.what();
    }
    write_key("key", std::string(128, 'k'));
    write_config("ring.conf", on(), "key");
  }
  static std::string on(bool ours = true) {
    return fmt::format("secauth: on\n  crypto_cipher: {}", text(suite(ours)));
  }
  void write_key(const std::string& name, const std::string& bytes) {
    write_file(directory / name, bytes);
    std::filesystem::permissions(directory / name, std::filesystem::perms(0600));
  }
  void write_config(const std::string& name, const std::string& secauth, const std::string& key) {
    std::string text = fmt::format(
        "totem {{\n  version: 2\n  transport: udpu\n  token: 400\n  token_coefficient: 0\n  {}\n"
        "  keyfile: {}\n}}\nnodelist {{\n",
        secauth, directory / key);
    for (int node = 1; node <= Switch::nodes; ++node)
      text += fmt::format("  node {{\n    ring0_addr: {}\n    nodeid: {}\n  }}\n",
                          Switch::address(node), id_of(node));
    write_file(directory / name, text + "}\nlogging {\n  to_syslog: no\n}\n");
  }
  // Bytes that nothing else has.
  static std::uint32_t id_of(int node) { return 0x5ea1ed00u + static_cast<std::uint32_t>(node); }

  std::string run_dir(int node) const { return directory / fmt::format("node{}", node); }
  std::vector<std::string> arguments(int node, const std::string& config) const {
    return {"-c",          directory / config, "--nodeid",  std::to_string(id_of(node)),
            "--state-dir", run_dir(node),      "--run-dir", run_dir(node)};
  }
  std::unique_ptr<GyredProcess> start(int node, const std::string& config = "ring.conf") {
    std::vector<std::string> words = arguments(node, config);
    words.emplace_back("-f");
    auto process = network->at(node, [&] {
      return std::make_unique<GyredProcess>(words, directory / fmt::format("output{}", node),
                                            notify.path());
    });
    if (!notify.wait_for("READY=1"))
      ADD_FAILURE() << read_file(directory / fmt::format("output{}", node));
    return process;
  }
  client::Connection connect(int node) {
    return client::Connection({.run_dir = run_dir(node), .connect_timeout = seconds(5)});
  }
  static void wait_for_members(client::Connection& program, std::size_t wanted) {
    for (std::size_t members = 0; members != wanted;) {
      const auto event = program.receive(seconds(20));
      ASSERT_TRUE(event) << "no ring of " << wanted;
      if (const auto* view = std::get_if<client::View>(&*event)) members = view->members.size();
    }
  }
  nlohmann::json status(int node) {
    return nlohmann::json::parse(client::Connection::query("status", {.run_dir = run_dir(node)}));
  }
  static std::uint64_t refused(const nlohmann::json& status, Refusal reason) {
    return status["counters"]["header"].at(std::string(text(reason))).get<std::uint64_t>();
  }
  std::uint64_t refused(int node, Refusal reason) { return refused(status(node), reason); }
  // Frames of which the ring has heard nothing, whatever the reason.
  static std::uint64_t dropped(const nlohmann::json& status) {
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < refusal_count; ++i) sum += refused(status, Refusal(i));
    for (const auto& [name, count] : status["counters"]["transport"].items())
      if (name.starts_with("dropped_")) sum += count.get<std::uint64_t>();
    return sum;
  }
  // The ring is the one that it was, and nothing has shaken it or been said in it.
  static void expect_same_ring(const nlohmann::json& before, const nlohmann::json& after) {
    for (const char* what : {"state", "view", "members", "ring"})
      EXPECT_EQ(after[what], before[what]) << what;
    for (const char* what : {"gathers", "token_losses", "malformed", "data_foreign",
                             "tokens_foreign", "joins_received", "messages_delivered"})
      EXPECT_EQ(after["counters"]["ring"].at(what), before["counters"]["ring"].at(what)) << what;
  }
  void await_refused(int node, Refusal reason, std::uint64_t wanted) {
    EXPECT_TRUE(await([&] { return refused(node, reason) >= wanted; })) << text(reason);
  }
  // As node `from`, whose address anybody on the network can write into a packet.
  void inject(int from, int to, const std::vector<Bytes>& frames) {
    network->inject(Switch::address(from), to, frames);
  }
  // The same, of node 2 to node 1, which counts every single one and goes on as before. So many at
  // a time that no queue is full.
  void expect_all_refused(std::span<const Bytes> frames) {
    constexpr std::size_t at_once = 1000;
    const nlohmann::json before = status(1);
    for (std::size_t sent = 0; sent < frames.size();) {
      const auto some = frames.subspan(sent, std::min(at_once, frames.size() - sent));
      network->inject(Switch::address(2), 1, some);
      sent += some.size();
      ASSERT_TRUE(await([&] { return dropped(status(1)) - dropped(before) >= sent; }));
    }
    const nlohmann::json after = status(1);
    EXPECT_EQ(dropped(after) - dropped(before), frames.size());
    expect_same_ring(before, after);
  }

  TemporaryDirectory directory;
  NotifySocket notify{directory / "notify"};
  std::optional<Switch> network;
};

}  // namespace gyre::test
