// What `gyre status` and `gyre members` tell: a snapshot that the reactor writes when asked and the
// helper thread makes JSON of.
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "membership/quorum.hh"
#include "membership/types.hh"
#include "node/histogram.hh"
#include "totem/types.hh"
#include "transport/transport.hh"

namespace gyre::node {

// Plain data, written by one thread and read by others, never torn: the reader tries again while
// the writer is at it. The words are atomics, so that a race is a retry and not undefined.
template <typename T>
class Seqlock {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(std::uint64_t) == 0);

 public:
  void write(const T& value) noexcept {
    const std::uint64_t version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);
    const auto* from = reinterpret_cast<const unsigned char*>(&value);
    for (std::size_t i = 0; i < words; ++i) {
      std::uint64_t word;
      std::memcpy(&word, from + i * sizeof word, sizeof word);
      words_[i].store(word, std::memory_order_release);
    }
    version_.store(version + 2, std::memory_order_release);
  }

  // False: the writer was at it; try again.
  bool read(T& value) const noexcept {
    const std::uint64_t version = version_.load(std::memory_order_acquire);
    if (version % 2 != 0) return false;
    auto* to = reinterpret_cast<unsigned char*>(&value);
    for (std::size_t i = 0; i < words; ++i) {
      const std::uint64_t word = words_[i].load(std::memory_order_acquire);
      std::memcpy(to + i * sizeof word, &word, sizeof word);
    }
    return version_.load(std::memory_order_relaxed) == version;
  }

 private:
  static constexpr std::size_t words = sizeof(T) / sizeof(std::uint64_t);
  std::atomic<std::uint64_t> version_{0};
  std::array<std::atomic<std::uint64_t>, words> words_{};
};

// When a node did not run for more than half of the token's timeout: the last of these times.
struct Pauses {
  struct Pause {
    std::uint64_t end = 0, length = 0;  // nanoseconds of the reactor's clock
  };
  std::uint64_t count = 0;
  std::array<Pause, 10> last{};  // the newest stands at (count - 1) % last.size()

  void add(const Pause& pause) noexcept { last[count++ % last.size()] = pause; }
};

struct Snapshot {
  static constexpr std::size_t counters_max = 192, programs_max = 64;

  struct Member {
    totem::Member member;
    std::uint32_t votes = 0;
    membership::QuorumDevice device{};
    // By link, where its frames come from; empty: not known.
    std::array<Address, links_max> addresses{};
    std::array<std::uint64_t, links_max> first{};  // frames that came over a link before the others
    std::uint64_t joins = 0;                       // how often it came into a view
    std::uint64_t frames = 0;                      // that came from it
    std::uint64_t heard = 0;  // when the last one did, in nanoseconds; 0: never
  };
  struct Program {
    membership::Process process;
    std::uint32_t waits = 0;  // 1: the ring has no room for its next request
    std::uint64_t requests = 0, events = 0;
  };
  struct Counter {
    const char* group = nullptr;  // static storage, both
    const char* name = nullptr;
    std::uint64_t value = 0;
  };

  NodeId self{};
  std::uint32_t member_count = 0;  // in the view; behind them stand those that have left it
  std::uint32_t known_count = 0;   // all of them
  std::uint32_t counter_count = 0, client_count = 0;
  std::uint64_t program_count = 0;        // of those that are told one by one: the first so many
  const char* state = "";                 // static storage
  totem::RingId ring;                     // of the last view
  std::uint64_t view = 0;                 // 0: none yet
  membership::Verdict verdict;            // on that view
  std::uint64_t started = 0, taken = 0;   // nanoseconds of the reactor's clock
  std::uint64_t lease = 0;                // until when the verdict holds here; 0: not now
  std::uint64_t token = 0;                // when the token was here last; 0: never
  std::uint64_t seq = 0, aru = 0;         // as it said: assigned so far; received by all up to
  NodeId aru_owner = NodeId::none;        // whom the ring waits for; none: nobody is behind
  std::uint32_t frames = 0, backlog = 0;  // sent in its last rotation; waiting at all members
  std::uint64_t key = 0, next_key = 0;    // fingerprints: it seals with; that is to come, or 0
  const char* rotation = "none";          // rotation.hh's stage; static storage
  NodeId rotation_waits_for{};            // somebody whom that waits for
  std::uint32_t spare = 0;
  Histogram rotations;  // of the token
  Pauses pauses;
  std::array<Member, nodes_max> members{};
  std::array<Program, programs_max> programs{};
  std::array<Counter, counters_max> counters{};

  void add(const char* group, const char* name, std::uint64_t value) noexcept {
    assert(counter_count < counters_max);
    counters[counter_count++] = {group, name, value};
  }
};

using StatusPage = Seqlock<Snapshot>;

// What the configuration says and no snapshot changes.
struct StatusNames {
  struct Node {
    std::string name;                    // may be empty
    std::vector<std::string> addresses;  // by link; may be none
  };
  std::string version, transport, cluster;
  bool secauth = false;                                     // frames are sealed
  std::string_view suite = "open";                          // with what
  bool votequorum = false;                                  // there is a section quorum
  std::uint32_t device_votes = 0;                           // of its device
  std::map<NodeId, Node> nodes;                             // this one and those of the nodelist
  std::function<std::string(const Address&)> address_text;  // the device's addresses in words

  // Who is listed and not in the view.
  std::vector<std::uint32_t> away(const Snapshot&) const;
  std::size_t links = 1;
  // As it is written, else where its frames come from; empty: nobody knows.
  std::string address_of(const Snapshot::Member&, std::size_t link = 0) const;
  // "r(0) ip(10.0.0.1) r(1) ip(10.1.0.1) ", as Corosync has it.
  std::string addresses_of(const Snapshot::Member&) const;
};

// One JSON object each, on one line.
std::string status_json(const Snapshot&, const StatusNames&);
std::string members_json(const Snapshot&, const StatusNames&);
std::string counters_json(const Snapshot&, const StatusNames&);
std::string quorum_json(const Snapshot&, const StatusNames&);

}  // namespace gyre::node
