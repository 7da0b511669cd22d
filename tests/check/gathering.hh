// Checks what a process says while it gathers (clause 10), from the joins that it sends and those
// that reach it.
//
//   10 apart    nobody proposes one whose newest join goes without him
//   10 clique   whose consensus timer has run out proposes only such as, by their newest joins, all
//               go with each other
//   10 alone    who starts and hears no join is alone only after the consensus time
//   10 endless  a gather ends: after so many expiries those who do not agree are given up
//
// Joins count in their order, as for check::Consensus. In the turn in which one comes another may
// still go out that was written before it.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "tests/check/joins.hh"
#include "tests/check/trace.hh"

namespace gyre::check {

class Gathering {
 public:
  // `timer`: the longest of consensus; clocks are `drift` faster or slower than the time that is
  // told here.
  Gathering(Duration timer, double drift) : timer_(timer), drift_(drift) {}

  // With a timer of its own.
  void started(const Process& process, Duration timer, Time now) {
    sides_[process].started = now;
    sides_[process].timer = timer;
  }
  void received(const Process& process, std::span<const std::byte> frame, bool paused, Time now);
  // A frame that it hands to its device in its gather number `gather`.
  void sent(const Process& process, std::uint64_t gather, std::span<const std::byte> frame,
            Time now);
  // It had not run for so long that its timers begin anew.
  void woken(const Process& process, Time now);
  void installed(const Process& process, std::size_t members, Time now);
  void fail(const Process& process) { sides_.erase(process); }

  const std::vector<Violation>& violations() const noexcept { return findings_.list(); }

 private:
  struct Peer {       // as its newest join tells
    JoinNumber left;  // of its last word
    bool closed = false;
    Nodes proposed, failed, with;  // `with`: until it closes, by all its joins
    Time when{};                   // it came; zero: what the process goes by is not known
  };
  struct Side {
    std::map<NodeId, Peer> peers;
    std::map<NodeId, NewestJoins> joins;  // for as long as the process lives
    Time started{};
    Duration timer{};
    std::uint64_t gather = 0;
    Time began{};  // by its first join
    Time since{};  // its timers run
    bool closed = false, committed = false, installed = false;
  };
  void said(const Process& process, Side& side, Time now);
  void check_peer(const Process& process, const Side& side, NodeId node, const Peer& peer);
  double timers(Duration span) const;
  Duration span(double timers) const;  // by the slowest clock
  Duration at_least(const Side& side) const;

  const Duration timer_;
  const double drift_;
  std::map<Process, Side> sides_;
  Findings findings_;
  // Of the frame in hand: their memory is used again for the next.
  totem::wire::Join join_;
  Nodes proposed_;
};

}  // namespace gyre::check
