// Several rings in one thread, under virtual time and one seed: a network that delays, loses,
// duplicates and cuts, machines that crash, start again and pause, and applications that send. All
// that happens goes to the checker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "tests/check/checker.hh"
#include "tests/check/packets.hh"
#include "totem/ring.hh"

namespace gyre::test {

struct Weather {
  double loss = 0, duplication = 0;
  Duration delay_min = std::chrono::microseconds(5), delay_max = std::chrono::microseconds(30);
};

struct Workload {
  double messages_per_turn = 0;  // probability that a node submits at a turn
  double safe = 0.2;
  double large = 0.02;
  std::size_t large_max = 40'000;
};

// Told what nodes do, in the middle of a turn; it may cut, crash, start and pause there and then.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void sends(std::size_t, const Send&) {}  // before anyone gets it
  virtual void enters(std::size_t, const totem::Transition&) {}
  virtual void installs(std::size_t, const totem::Configuration&) {}
  virtual void delivers(std::size_t, const totem::Message&) {}
  virtual void ends(std::size_t) {}
};

class Simulation {
 public:
  Simulation(std::size_t nodes, std::uint64_t seed, totem::Parameters parameters = quick());
  ~Simulation();

  // Timers of milliseconds, so that a run of seconds holds many changes.
  static totem::Parameters quick();

  void start(std::size_t node);
  void start_all();
  void crash(std::size_t node);  // in its own turn: nothing more of that turn is seen
  void leave(std::size_t node);
  void pause(std::size_t node, Duration span);
  void lose_file(std::size_t node);                         // its ring seq file, while it is down
  void old_file(std::size_t node, std::uint64_t ring_seq);  // a copy of long ago, or of elsewhere
  void configure(std::size_t node, const totem::Parameters& parameters);  // from its next start on
  void slow(std::size_t node, std::size_t messages_per_turn);  // its programs take no more
  void cut(std::size_t from, std::size_t to, bool both = true);
  void heal();  // all cuts; not the weather
  void split(const std::vector<std::size_t>& side);

  void submit(std::size_t node, std::string_view payload,
              totem::Guarantee guarantee = totem::Guarantee::agreed);

  // A frame from the network's past, or a second copy.
  void inject(std::size_t from, std::size_t to, std::span<const std::byte> bytes, Duration delay);

  void run(Duration span);
  // Runs until `done`, at most `limit`; false when the limit came first.
  bool run_until(const std::function<bool()>& done, Duration limit);
  // All that are up share one operational ring with just themselves in it, and its barrier is
  // through.
  bool whole() const;
  bool drained() const;  // and nothing waits to be sent or delivered

  std::vector<check::Violation> finish(bool quiescent);

  // Whether a frame is meant for `to`, and whether the way there is open.
  bool addressed(std::size_t from, const Send& send, std::size_t to) const;
  bool reaches(std::size_t from, std::size_t to) const { return !cut_[from][to]; }
  std::size_t size() const { return machines_.size(); }
  bool up(std::size_t node) const;
  totem::Ring& ring(std::size_t node);
  const FramePool& pool(std::size_t node) const;
  std::uint64_t disk(std::size_t node) const { return disk_[node]; }  // ring seqs up to here
  const std::vector<std::string>& delivered(std::size_t node) const { return delivered_[node]; }
  const std::vector<std::string>& trace() const { return trace_; }
  Time now() const { return now_; }
  std::uint64_t hash() const { return hash_; }
  std::uint64_t frames_sent() const { return frames_sent_; }
  static NodeId id(std::size_t node) { return NodeId{static_cast<std::uint32_t>(node + 1)}; }

  Weather weather;
  Workload workload;
  bool tracing = false;
  std::mt19937_64 random;
  std::function<bool(std::size_t from, std::size_t to, std::span<const std::byte>)> drop;
  std::function<Duration(std::size_t from, std::size_t to, std::span<const std::byte>)> late;
  Duration disk_delay = std::chrono::microseconds(200);
  Observer* observer = nullptr;

 private:
  struct Machine;
  struct Packet {
    Time when;
    std::uint64_t serial;
    std::size_t from, to;
    Lane lane;
    std::vector<std::byte> bytes;
    bool operator>(const Packet& other) const {
      return std::tie(when, serial) > std::tie(other.when, other.serial);
    }
  };

  // Not std::uniform_real_distribution: libstdc++ takes a logarithm for each number.
  double chance() { return static_cast<double>(random() >> 11) * 0x1p-53; }
  void turn(std::size_t node);
  void submit_work(Machine& machine);
  void take_output(Machine& machine);
  void take_events(Machine& machine);
  void take_configuration(Machine& machine, const totem::Configuration& configuration);
  void take_message(Machine& machine, const totem::Message& message);
  void record_sends(Machine& machine);
  void transmit(const Machine& machine, const Send& send);
  void post(std::size_t from, std::size_t to, Lane lane, std::span<const std::byte> bytes,
            Duration delay);
  void note(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3; }
  void trace(const Machine& machine, const std::string& text);

  std::vector<totem::Parameters> parameters_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<std::uint64_t> disk_;
  std::vector<std::vector<bool>> cut_;
  std::vector<std::vector<std::string>> delivered_;
  std::priority_queue<Packet, std::vector<Packet>, std::greater<>> network_;
  std::uint64_t serial_ = 0, hash_ = 0xcbf29ce484222325, frames_sent_ = 0;
  Time now_{};
  check::Checker checker_;
  check::Packets packets_;
  std::vector<std::string> trace_;
  std::vector<std::string> lost_;  // accepted messages that a living node never got back
};

}  // namespace gyre::test
