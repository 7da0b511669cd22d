// A program on a machine: it joins and leaves groups, sends, reads what the daemon writes, through
// the same shared memory and doorbells as a real one. It may also read slowly, stop reading for
// ever, or die.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/check/programs.hh"
#include "tests/sim/dice.hh"
#include "transport/shm/channel.hh"
#include "transport/shm/records.hh"

namespace gyre::sim {

// How the programs of one machine behave.
struct Habits {
  Duration send_gap = std::chrono::milliseconds(100);  // mean, between bursts
  std::uint64_t burst_max = 3;                         // messages at once
  double safe = 0.2;
  double large = 0.01;  // the rest has up to 400 bytes
  std::size_t large_max = 40'000;
  double leave = 0.02;          // per burst: leaves a group, or joins it again
  Duration read_delay{};        // from the doorbell to reading
  double dies = 0, stalls = 0;  // per burst
  Duration starts_again{};      // after it died, a new one
  std::size_t groups = 2;       // that there are
};

class Program {
 public:
  static constexpr std::size_t groups_max = 3;
  static std::string_view group_name(std::size_t group);

  Program(shm::Channel channel, const Habits& habits, const check::Program& id, Dice dice,
          check::Programs& checker, TraceHash& hash, Time now);

  // What is due at `now`: reads events, sends requests.
  void step(Time now);
  // When it next has something to do of itself; the doorbell may ring before.
  Time next() const { return std::min(read_at_, send_at_); }
  // The daemon has published: true while its ring is not read.
  void listen(Time now);
  // The doorbell of requests was rung since the last call.
  bool take_ring() { return std::exchange(rang_, false); }

  bool dead() const { return dead_; }
  bool cut_off() const { return channel_.words().ended.load() != 0; }
  bool stalled() const { return stalled_; }
  std::uint32_t number() const { return channel_.client; }
  const check::Program& id() const { return id_; }

  void quieten() { quiet_ = true; }  // it sends no more of itself, and lives on
  // One message to the first group that it is in. Sent at `now`.
  void send_now(Time now);
  // Something that it sent has not come back yet.
  bool waits() const { return accepted_ != own_delivered_; }
  std::string standing() const;
  std::uint64_t own_delivered() const { return own_delivered_; }

 private:
  void burst(Time now);
  bool send_one(std::size_t group);
  void toggle(std::size_t group);
  bool request(shm::RequestKind kind, std::span<const std::span<const std::byte>> parts);
  void read_all();
  void read(const shm::Record& record);
  void read_message(shm::RecordReader& in);
  void read_transitional(shm::RecordReader& in);
  void read_view(shm::RecordReader& in);
  void read_change(shm::RecordReader& in);
  void read_refused(shm::RecordReader& in);

  shm::Channel channel_;
  const Habits habits_;
  const check::Program id_;
  Dice dice_;
  check::Programs& checker_;
  TraceHash& hash_;
  shm::Producer requests_;
  shm::Consumer events_;
  shm::Doorbell requests_bell_, events_bell_;
  Time read_at_ = never, send_at_{};
  std::array<bool, groups_max> asked_{}, member_{};  // to join; seen itself in a list
  bool dead_ = false, stalled_ = false, rang_ = false, quiet_ = false;
  std::uint64_t counter_ = 0, accepted_ = 0, own_delivered_ = 0;
  std::vector<std::byte> payload_;
};

}  // namespace gyre::sim
