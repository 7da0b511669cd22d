// Checks how rings come about (clause 10), from the joins that reach each process.
//
//   10 consensus   who makes a commit token was told by each member's newest join that it proposes
//                  just these members, and by its joins that it hears all of them
//   10 given up    nobody passes on a commit token with a member that it gave up in this gather
//   10 older       who passed on the commit token of a ring passes on none of an older ring, nor of
//                  another with the same seq
//
// What queued up while a process was paused does not count (totem/PROTOCOL.md, deviation 8).
#pragma once

#include <deque>
#include <map>
#include <span>
#include <vector>

#include "tests/check/joins.hh"
#include "tests/check/trace.hh"

namespace gyre::check {

class Consensus {
 public:
  // A frame reaches `process`, behind the clear header. `paused`: it did not run for a while, and
  // the frame comes in its first turn since.
  void received(const Process& process, std::span<const std::byte> frame, bool paused, Time now);
  // It hands a frame to its device in its gather number `gather`.
  void sent(const Process& process, std::uint64_t gather, std::span<const std::byte> frame,
            Time now);
  // It installs a regular configuration: joins that came before belong to no later gather.
  void installed(const Process& process, Time now);
  void fail(const Process& process) { sides_.erase(process); }

  const std::vector<Violation>& violations() const noexcept { return findings_.list(); }

 private:
  struct Proposal {
    Nodes nodes;
    Nodes heard;  // by this join and those of this life before
    Time when{};
  };
  struct Peer {                      // as its joins tell
    std::deque<Proposal> proposals;  // the newest, and those that came shortly before
    Time when{};                     // the newest came
    std::vector<totem::wire::Join::Entry> entries;  // of the newest
  };
  struct Side {  // what one process knows, and what it said
    std::map<NodeId, Peer> peers;
    std::map<NodeId, NewestJoins> joins;  // for as long as the process lives
    Nodes given_up;
    std::uint64_t gather = 0;  // in which it said so
    totem::RingId passed;      // the last ring whose commit token it sent
    Time installed = never;    // when it last did so, while peers from before are remembered
  };
  static void forget(Side& side, Time now);
  bool said_before(const Peer& peer) const;
  void listen(Peer& peer, bool same_life, Time now);
  void said(Side& side, std::uint64_t gather, std::span<const std::byte> frame);
  void check_made(const Process& process, const Side& side, const Nodes& members, Time now);
  void check_passed(const Process& process, const Side& side, const Nodes& members);

  std::map<Process, Side> sides_;
  Findings findings_;
  totem::wire::Join join_;  // in hand
};

}  // namespace gyre::check
