// A daemon of one node in the test's process: the real port, membership, rings and handshake, and
// in the place of the ring an order that a test can hold up. Stepped by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "client/gyre/gyre.hh"
#include "membership/groups.hh"
#include "node/client_port.hh"
#include "transport/shm/handshake.hh"

namespace gyre::test {

// A directory of its own, gone with the test.
class RunDir {
 public:
  RunDir();
  ~RunDir();
  RunDir(const RunDir&) = delete;
  RunDir& operator=(const RunDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class SingleNode final : public node::Submitter, membership::Sink {
 public:
  static constexpr NodeId self{7};
  static constexpr std::size_t unlimited = ~std::size_t{0};

  explicit SingleNode(const shm::Offer& offer = {}, const node::PortLimits& limits = {});
  ~SingleNode() override;

  // A program of this process that talks to it.
  std::unique_ptr<client::Connection> connect(
      std::chrono::milliseconds send_timeout = std::chrono::minutes(1));
  // Serves who connects next; waits for it.
  node::ClientPort& serve();
  // A port without a handshake, and the program's raw end of it.
  node::ClientPort& open(shm::Channel& program);

  // One turn: what the programs ask for goes into the order, as long as `room` lasts, and what is
  // ordered goes to the programs. True if there was anything.
  bool turn();
  void settle() {
    while (turn()) continue;
  }
  // Watches the sockets as the reactor would. Waits for something if `timeout` (ms) says so.
  void watch_sockets(int timeout = 0);

  const std::string& run_dir() const { return run_dir_.path(); }
  std::list<node::ClientPort>& ports() { return ports_; }
  membership::Membership& membership() { return membership_; }

  std::size_t room = unlimited;  // messages that the order takes before it says `later`
  Time now = Time{} + std::chrono::hours(1);
  std::vector<std::vector<std::byte>> submitted;  // all that was taken
  std::vector<std::uint32_t> abandoned;

 private:
  struct Ordered {
    totem::Guarantee guarantee{};
    bool barrier = false;
    std::vector<std::byte> bytes;
  };

  bool submit(std::uint32_t client, totem::Guarantee guarantee,
              std::span<const std::span<const std::byte>> parts) noexcept override;
  void abandon(std::uint32_t client) noexcept override { abandoned.push_back(client); }
  void deliver(const Ordered& message);
  void greet(node::ClientPort& port);

  void transitional(const totem::Configuration& configuration) override;
  void view(const membership::View& view) override;
  void group_change(const membership::GroupChange& change) override;
  void join_refused(const membership::Process& process, std::string_view name,
                    std::string_view reason) override;
  void message(const membership::GroupMessage& message) override;
  void verdict(const membership::VerdictChange& change) override;
  void votes_answered(std::uint64_t, membership::QuorumChange) override {}
  void barrier_done() override {}

  RunDir run_dir_;
  shm::Listener listener_;
  shm::Offer offer_;
  node::PortLimits limits_;
  std::list<node::ClientPort> ports_;
  std::deque<Ordered> ordered_;
  std::uint64_t seq_ = 0;
  totem::RingId ring_{.seq = 4, .representative = self, .incarnation = 99};
  membership::Membership membership_;
};

}  // namespace gyre::test
