// Real nodes under the seal, and what an attacker on their network tries.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/gyre/gyre.hh"
#include "tests/node/gyred_process.hh"
#include "tests/node/temporary.hh"
#include "transport/seal.hh"
#include "transport/udp/address.hh"

namespace gyre::test {
namespace {

using std::chrono::seconds;
using Bytes = std::vector<std::byte>;

std::string address(int node) {
  const int pid = ::getpid();
  return fmt::format("127.{}.{}.{}", 100 + (pid >> 8) % 100, pid % 256, node);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// What this machine's processor can do, and the other one.
std::string suite(bool ours = true) {
  const bool aes = sodium_init() >= 0 && available(Suite::aes256gcm);
  return aes == ours ? "aes256gcm" : "chacha20poly1305";
}

// Whoever can listen on the network.
class Tap {
 public:
  Tap() : socket_(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP))) {
    const int bytes = 8 << 20;
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    sockaddr_ll place{};
    place.sll_family = AF_PACKET;
    place.sll_protocol = htons(ETH_P_IP);
    place.sll_ifindex = static_cast<int>(::if_nametoindex("lo"));
    if (::bind(socket_.number(), reinterpret_cast<sockaddr*>(&place), sizeof place) != 0)
      throw std::system_error(errno, std::generic_category(), "bind to lo");
  }
  // Datagrams to gyred's port of `node` since the last call.
  std::vector<Bytes> heard_by(int node) {
    constexpr std::size_t ip = 20, udp = 8;
    std::vector<Bytes> frames;
    std::array<std::byte, 2048> packet;
    for (ssize_t got;
         (got = ::recv(socket_.number(), packet.data(), packet.size(), MSG_DONTWAIT)) > 0;) {
      in_addr to{};
      std::memcpy(&to, packet.data() + 16, 4);
      char text[INET_ADDRSTRLEN];
      ::inet_ntop(AF_INET, &to, text, sizeof text);
      const auto size = static_cast<std::size_t>(got);
      if (size <= ip + udp || packet[9] != std::byte{IPPROTO_UDP} || address(node) != text)
        continue;
      frames.emplace_back(packet.data() + ip + udp, packet.data() + size);
    }
    return frames;
  }

 private:
  shm::Descriptor socket_;
};

class GyredSealed : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can listen on a network";
    write_key("key", 'k');
    write_config("ring.conf", on(), "key");
  }
  static std::string on() { return "secauth: on\n  crypto_cipher: " + suite(); }
  void write_key(const std::string& name, char byte) {
    write_file(directory / name, std::string(128, byte));
    std::filesystem::permissions(directory / name, std::filesystem::perms(0600));
  }
  void write_config(const std::string& name, const std::string& secauth, const std::string& key) {
    std::string text = fmt::format(
        "totem {{\n  version: 2\n  transport: udpu\n  token: 400\n  token_coefficient: 0\n  {}\n"
        "  keyfile: {}\n}}\nnodelist {{\n",
        secauth, directory / key);
    for (int node = 1; node <= 3; ++node)
      text +=
          fmt::format("  node {{\n    ring0_addr: {}\n    nodeid: {}\n  }}\n", address(node), node);
    write_file(directory / name, text + "}\nlogging {\n  to_syslog: no\n}\n");
  }
  std::string run_dir(int node) const { return directory / fmt::format("node{}", node); }
  std::unique_ptr<GyredProcess> start(int node, const std::string& config = "ring.conf") {
    auto process = std::make_unique<GyredProcess>(
        std::vector<std::string>{"-f", "-c", directory / config, "--nodeid", std::to_string(node),
                                 "--state-dir", run_dir(node), "--run-dir", run_dir(node)},
        directory / fmt::format("output{}", node), notify.path());
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
  std::uint64_t refused(int node, Refusal reason) {
    const auto counters = status(node)["counters"]["header"];
    return counters.at(std::string(text(reason))).get<std::uint64_t>();
  }
  // As `from`, whose address anybody on the network can write into a packet.
  static void inject(int from, int to, const std::vector<Bytes>& frames) {
    const shm::Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const Address own = udp::to_address(address(from), 0);
    const Address other = udp::to_address(address(to), 5405);
    ASSERT_EQ(::bind(socket.number(), udp::raw(own), udp::raw_size(own)), 0);
    for (const Bytes& frame : frames)
      ::sendto(socket.number(), frame.data(), frame.size(), 0, udp::raw(other),
               udp::raw_size(other));
  }
  void await_refused(int node, Refusal reason, std::uint64_t wanted) {
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (refused(node, reason) < wanted && std::chrono::steady_clock::now() < end)
      ::poll(nullptr, 0, 10);
    EXPECT_GE(refused(node, reason), wanted) << text(reason);
  }

  TemporaryDirectory directory;
  NotifySocket notify{directory / "notify"};
};

TEST_F(GyredSealed, OnlyWhoHasTheKeyGetsIn) {
  const auto first = start(1), second = start(2);
  client::Connection program = connect(1);
  wait_for_members(program, 2);
  EXPECT_EQ(status(1)["suite"], suite());
  EXPECT_EQ(status(1)["secauth"], true);
  const auto view = status(1)["view"];

  write_config("open.conf", "secauth: off", "key");
  auto third = start(3, "open.conf");
  await_refused(1, Refusal::suite, 5);
  third.reset();
  if (suite() == "aes256gcm") {  // or gyred would not start with the other one
    write_config("other.conf", "secauth: on\n  crypto_cipher: " + suite(false), "key");
    const std::uint64_t before = refused(1, Refusal::suite);
    third = start(3, "other.conf");
    await_refused(1, Refusal::suite, before + 5);
    third.reset();
  }
  for (const char byte : {'x', '\0'}) {
    write_key("wrong", byte);
    write_config("wrong.conf", on(), "wrong");
    const std::uint64_t before = refused(1, Refusal::other_key) + refused(1, Refusal::forged);
    third = start(3, "wrong.conf");
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (refused(1, Refusal::other_key) + refused(1, Refusal::forged) < before + 5 &&
           std::chrono::steady_clock::now() < end)
      ::poll(nullptr, 0, 10);
    EXPECT_GE(refused(1, Refusal::other_key) + refused(1, Refusal::forged), before + 5);
    third.reset();
  }
  EXPECT_EQ(status(1)["view"], view) << "it had an effect on the ring";
  EXPECT_EQ(status(2)["view"], view);

  third = start(3);
  wait_for_members(program, 3);
}

TEST_F(GyredSealed, WhatWasRecordedIsOfNoUseAndSaysNothing) {
  Tap tap;
  auto first = start(1);
  const auto second = start(2);
  client::Connection program = connect(2);
  wait_for_members(program, 2);
  const std::string secret = "what nobody else is to know";
  program.join("a group of that name");
  for (int i = 0; i < 50; ++i)
    program.send("a group of that name", std::as_bytes(std::span(secret)));
  for (int heard = 0; heard < 50;) {
    const auto event = program.receive(seconds(20));
    ASSERT_TRUE(event);
    heard += std::holds_alternative<client::Message>(*event);
  }
  const std::vector<Bytes> recorded = tap.heard_by(1);
  ASSERT_GT(recorded.size(), 50u);
  for (const Bytes& frame : recorded)
    for (const std::string& plain : {secret, std::string("a group of that name")}) {
      const auto bytes = std::as_bytes(std::span(plain));
      EXPECT_EQ(std::search(frame.begin(), frame.end(), bytes.begin(), bytes.end()), frame.end());
    }

  // Within the run: each of them once more, and each with a bit that is another.
  const auto view = status(1)["view"];
  const std::uint64_t replayed = refused(1, Refusal::replayed);
  inject(2, 1, recorded);
  await_refused(1, Refusal::replayed, replayed + 40);
  std::vector<Bytes> flipped = recorded;
  for (std::size_t i = 0; i < flipped.size(); ++i)
    flipped[i][32 + i % (flipped[i].size() - 32)] ^= std::byte(1 << i % 8);
  inject(2, 1, flipped);
  EXPECT_EQ(status(1)["view"], view);

  // To a receiver that started anew, as the other goes on.
  first->signal(SIGKILL);
  first->wait();
  wait_for_members(program, 1);
  first = start(1);
  wait_for_members(program, 2);
  const auto after = status(1)["view"];
  const std::uint64_t again = refused(1, Refusal::replayed);
  inject(2, 1, recorded);
  await_refused(1, Refusal::replayed, again + 40);
  EXPECT_EQ(status(1)["view"], after);
}

TEST_F(GyredSealed, AWholeLifeThatWasRecordedDoesNotBringItBack) {
  Tap tap;
  const auto first = start(1);
  auto second = start(2);
  client::Connection program = connect(1);
  wait_for_members(program, 2);
  second->signal(SIGKILL);
  second->wait();
  wait_for_members(program, 1);
  const std::vector<Bytes> life = tap.heard_by(1);
  ASSERT_GT(life.size(), 20u);
  inject(2, 1, life);  // its boot is still the one that we talk to
  second = start(2);
  wait_for_members(program, 2);
  const auto view = status(1)["view"];
  const std::uint64_t stale = refused(1, Refusal::not_fresh) + refused(1, Refusal::unopened);
  for (int i = 0; i < 5; ++i) inject(2, 1, life);
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  const auto counted = [&] {
    return refused(1, Refusal::not_fresh) + refused(1, Refusal::unopened);
  };
  while (counted() < stale + 4 * life.size() / 2 && std::chrono::steady_clock::now() < end)
    ::poll(nullptr, 0, 10);
  EXPECT_GE(counted(), stale + 4 * life.size() / 2);
  EXPECT_EQ(status(1)["view"], view);
  EXPECT_EQ(status(2)["view"], view);
}

TEST_F(GyredSealed, AKeyThatOthersMayReadStartsNothing) {
  std::filesystem::permissions(directory / "key", std::filesystem::perms(0644));
  GyredProcess process({"-f", "-c", directory / "ring.conf", "--nodeid", "1", "--state-dir",
                        run_dir(1), "--run-dir", run_dir(1)},
                       directory / "output1");
  const auto ended = process.wait();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, 8);
  EXPECT_TRUE(has(ended->output, directory / "key")) << ended->output;
}

TEST_F(GyredSealed, TheBackgroundHasTheKeyToo) {
  const std::string secret(130, 's');
  write_config("secret.conf", on(), "key");
  std::string text = read_file(directory / "secret.conf");
  const std::size_t at = text.find("keyfile:");
  text.replace(at, text.find('\n', at) - at, "key: " + secret);
  write_file(directory / "secret.conf", text);
  std::filesystem::permissions(directory / "secret.conf", std::filesystem::perms(0600));
  const auto first = start(1, "secret.conf");
  GyredProcess parent({"-c", directory / "secret.conf", "--nodeid", "2", "--state-dir", run_dir(2),
                       "--run-dir", run_dir(2)},
                      directory / "output2", notify.path());
  ASSERT_EQ(parent.wait()->status, 0);
  const pid_t pid = std::stoi(read_file(run_dir(2) + "/gyred.pid"));
  client::Connection program = connect(1);
  wait_for_members(program, 2);
  ::kill(pid, SIGKILL);
}

}  // namespace
}  // namespace gyre::test
