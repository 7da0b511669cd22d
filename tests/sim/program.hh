// A program on a machine: it joins and leaves groups, sends, reads what the daemon writes, through
// the same shared memory and doorbells as a real one. It may also read slowly, stop reading for
// ever, or die.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
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
  double longest = 0;   // as long as a message may be
  double large = 0.01;  // the rest has up to 400 bytes
  std::size_t large_max = 40'000;
  double leave = 0.02;          // per burst: leaves a group, or joins it again
  Duration read_delay{};        // from the doorbell to reading
  double dies = 0, stalls = 0;  // per burst
  Duration starts_again{};      // after it died, a new one
  std::size_t groups = 2;       // that it asks for
  std::uint64_t joins_max = 1;  // groups joined or left at once
  double joins_again = 0;       // per burst: asks to join where it is
  double naps = 0;              // per burst: stops reading for a while
  Duration nap_max{};
  double answers = 0;    // per message received: sends one
  bool patient = false;  // sends only when nothing of its own is on its way
};

class Program {
 public:
  // It knows so many groups by name. `heard`: told of each record that it takes.
  using Heard = std::function<void(const check::Program&, const shm::Record&)>;
  Program(shm::Channel channel, const Habits& habits, std::size_t groups, const check::Program& id,
          Dice dice, check::Programs& checker, TraceHash& hash, const Heard& heard, Time now);

  // What is due at `now`: reads events, sends requests.
  void step(Time now);
  // When it next has something to do of itself; the doorbell may ring before.
  Time next() const { return std::min(read_at_, blocked_ ? room_at_ : send_at_); }
  // The daemon had a turn: there may be events to read, or room for requests.
  void listen(Time now);
  // Since when it has left events unread; never: it has not.
  Time unread_since() const { return unread_since_; }
  void forget_unread() { unread_since_ = never; }  // the daemon did not run meanwhile
  // The doorbell of requests was rung since the last call.
  bool take_ring() { return std::exchange(rang_, false); }

  bool dead() const { return dead_; }
  bool cut_off() const { return channel_.words().ended.load() != 0; }
  check::ProgramEnd how_cut_off() const;
  bool stalled() const { return stalled_; }
  std::uint32_t number() const { return channel_.client; }
  const check::Program& id() const { return id_; }

  void quieten(Time now);  // it sends no more of itself, and lives on
  // One message to the first group that it is in. Sent at `now`.
  void send_now(Time now);
  // A message of its owner's to the first group that it knows, as soon as there is room.
  void post(std::vector<std::byte> payload, Time now);
  // What is asked before something is done; by the clock of the machine, see LeaseWords.
  std::int64_t lease_until(std::uint64_t verdict) const {
    return channel_.words().lease.until_of(verdict);
  }
  std::uint32_t pid() const { return channel_.pid; }
  void leave_all(Time now);
  void join(std::size_t group, Time now);
  bool is_member(std::size_t group) const { return standings_[group].member; }
  // Something that it asked for has not come back yet, or finds no room.
  bool waits() const { return blocked_ || checker_.waits(id_); }
  std::string standing() const;
  const std::string& name(std::size_t group) const { return names_[group]; }
  std::uint64_t own_delivered() const { return own_delivered_; }

 private:
  struct Standing {
    bool asked = false, member = false;  // to join; seen itself in a list
    std::vector<check::Peer> members;    // as the list and the changes since have it
  };

  void burst(Time now);
  void send_some();
  bool send_one(std::size_t group, bool may_be_large = true);
  bool send(std::size_t group, totem::Guarantee guarantee, std::span<const std::byte> payload);
  void send_posted();
  void ask(shm::RequestKind kind, std::size_t group);
  void toggle(std::size_t group);
  void toggle_some(std::size_t group);
  void wait_for_room();
  void look_for_room();
  std::size_t largest() const;
  bool request(shm::RequestKind kind, std::span<const std::span<const std::byte>> parts);
  void read_all();
  void read(const shm::Record& record);
  void read_message(shm::RecordReader& in);
  void read_transitional(shm::RecordReader& in);
  void read_view(shm::RecordReader& in);
  void read_change(shm::RecordReader& in);
  void read_refused(shm::RecordReader& in, check::Refused what);
  void read_verdict(shm::RecordReader& in);
  std::size_t index_of(std::string_view group) const;

  shm::Channel channel_;
  const Habits habits_;
  const check::Program id_;
  Dice dice_;
  check::Programs& checker_;
  TraceHash& hash_;
  shm::Producer requests_;
  shm::Consumer events_;
  shm::Doorbell requests_bell_, events_bell_, room_bell_;
  Time read_at_ = never, send_at_{};
  Time room_at_ = never, awake_at_{}, unread_since_ = never;
  std::vector<std::string> names_;
  std::vector<Standing> standings_;  // by group
  bool dead_ = false, stalled_ = false, rang_ = false, quiet_ = false;
  bool blocked_ = false;         // waits until there is room for requests
  std::size_t wanted_ = 0;       // of so many bytes
  std::uint64_t left_over_ = 0;  // of the burst, when there was no more room
  std::size_t burst_group_ = 0;
  std::uint64_t counter_ = 0, accepted_ = 0, own_delivered_ = 0;
  std::vector<std::byte> payload_;
  const Heard& heard_;
  std::deque<std::vector<std::byte>> posted_;
};

}  // namespace gyre::sim
