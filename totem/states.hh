// What each state of the ring knows; it is gone with the state.
#pragma once

#include <array>

#include "totem/types.hh"
#include "totem/wire.hh"

namespace gyre::totem {

// Agreeing on who is there (Amir et al. 1995, section 5.2).
struct Gather {
  struct Peer {              // by its last join
    Members proposal;        // proc_set less fail_set
    Members with;            // whom it hears; once it has closed, whom it goes with
    bool exact = false;      // no one in that proposal is unknown here
    bool closed = false;     // its consensus timer has run out
    bool wary = false;       // it agrees to nothing before
    bool failed_us = false;  // we are in its fail_set
    std::uint64_t ring_seq = 0, since = 0;
    Time joined_at{};  // when it came
    bool goes_with_the_same(const Peer& other) const noexcept {
      return with == other.with && closed == other.closed && since == other.since;
    }
  };
  Time began{};
  Members heard;     // a join or an answer of theirs came in this gather
  Members joined;    // a join of theirs came
  Members late;      // a join of theirs came after half the consensus time without one
  Members unsteady;  // some of their joins did not come
  Members out;       // they left, started anew or go alone: grows only, while this gather lasts
  Members with;      // closed: whom we go with; shrinks only
  Members proposal;
  Time chosen_at{};  // when it became that
  std::array<Peer, nodes_max> peers{};
  Time join_at = never, consensus_at = never, commit_by = never;
  std::uint64_t expected_seq = 0;  // agreed: of the ring that is to be
  std::uint32_t expiries = 0;      // of the consensus timer since it closed
  bool closed = false;             // the consensus timer has run out
  bool agreed = false;  // consensus stands; the commit token is awaited or awaits its ring seq
  bool missed = false;  // the commit token before was awaited in vain
};

// What a join says.
struct Said {
  std::uint8_t flags = 0;
  Members proc, failed, heard;
  std::uint64_t ring_seq = 0;
};

// The commit token makes its two rotations.
struct Commit {
  wire::CommitToken token;
  std::uint32_t next_hop = 0;  // the visit that we await
  Time passed_at{};            // when we passed it on
  // Our last join goes on being sent: who does not get the token yet must not take us for gone.
  Said said;
  Time join_at = never;
  Time lost_at = never, retransmit_at = never;
};

// What one visit of the token leaves for the next.
struct Rotation {
  wire::Token token;  // held, if `held`
  bool held = false;
  Time came_at{};
  std::uint64_t token_seq = 0;  // of the newest token seen; 0: none yet
  FrameRef sent;                // the token as passed on, for its retransmission
  NodeIndex sent_to = NodeIndex::self;
  Seq seq_before{}, aru_before{};  // as passed on at the last visit
  std::uint32_t frames_before = 0, backlog_before = 0;
  std::uint32_t stuck_visits = 0;  // visits at which only this node kept the aru back
  Time progress_at{};
  Time lost_at = never, retransmit_at = never;
};

// Messages of the old rings are exchanged on the new one.
struct Recovery {
  wire::CommitToken token;     // all entries filled
  std::uint32_t next_hop = 0;  // representative: the second return of the commit token; else 0
  Time commit_retransmit_at = never;
  Rotation rotation;
  Members transitional;  // who comes along from our old ring
  Members obliged;       // union over them
  Seq stable{};          // highest stable seq over them
  Seq next{}, last{};    // old seqs still to be looked at
  Seq held_by_one{};     // up to here the one with the highest aru sends; above, whoever has it
  bool sender = false;   // that one is this node
  bool counted = true;   // this node is in the token's count of recovering members
  Seq install_seq{};
  bool install_known = false;
  int complete_visits = 0;  // successive visits at which all members had up to install_seq
};

// The visit that is under way.
struct Visit {
  Seq received_seq{};  // of the token as it came
  Seq unsent{};        // the first of our frames that is not on its way yet
  std::size_t resent = 0;
  bool may_hold = true;
};

struct Operational {
  Rotation rotation;
  Visit visit;
  bool lingering = false;  // the visit goes on although all was sent
  Time linger_until = never, linger_end = never;
  bool light = false;           // at our last visit, so little went on that someone may linger
  std::uint32_t unchanged = 0;  // successive visits at which nothing was going on
  bool holding = false;         // the idle token stays here
  Time release_at = never;
  NodeIndex asked_by = NodeIndex::self;  // who wants the held token
  Time cancel_at = never;                // when to ask the holder for the token
};

// Everyone is told that this node goes.
struct Leaving {
  Members waiting;  // for a sign of theirs that they know
  Time until{}, resend_at{};
  bool said = false;  // that it goes
};

}  // namespace gyre::totem
