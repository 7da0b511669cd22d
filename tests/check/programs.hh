// Checks what programs are promised (clause 9), from what they themselves asked for and saw.
//
//   9 accepted  what the daemon accepted comes back to its sender, unless that ended or was put out
//   9 answered  a join is granted or refused
//   9 fifo      … in the order in which it was sent, and to every other member in this order too
//   9 once      no message twice
//   9 content   what is received was sent: by that program, to that group, these bytes
//   9 order     in one view, members of a group see the same messages and changes in one order
//   9 together  those whose nodes go on together have seen the same when they do
//   9 member    who receives is a member; a list of members follows from the one before
//   9 self      the first list that a program sees of a group has the program itself in it
//   9 view      a view says who joined, who left and who is the oldest; it comes before the
//               transitional configuration that leads out of its ring
//   9 ghost     a listed member asked to join, in the life of its node that the view is about
//   9 pause     nodes that did not come along are seen to leave, before anything else happens
//   9 verdict   a verdict comes in the view that it is about, one after the other, and all programs
//               in that view see the same at one place
//   9 stalled   who takes no event for longer than its daemon allows is cut off
//   9 accused   nobody is cut off for what it wrote
//   9 ended     nothing after the end
//
// The events of one program come in its order; those of several in one order of time, so that a
// request is known before its effect. Payloads of one run must differ (each bears its sender and a
// number), so that the hash names the message. Linear; memory follows the views that programs
// still are in and what is on its way.
//
// Extended virtual synchrony lets programs differ in one case only: after a view, in the
// transitional configuration, when their nodes go different ways. Up to there one has seen a prefix
// of what the other saw; from there on those in one transitional configuration see the same.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "tests/check/checker.hh"

namespace gyre::check {

// One connection of a local program to one start of a node.
struct Program {
  NodeId node = NodeId::none;
  std::uint64_t incarnation = 0;  // of the node
  std::uint32_t client = 0;
  auto operator<=>(const Program&) const = default;
};

// A program as others see it.
struct Peer {
  NodeId node = NodeId::none;
  std::uint32_t client = 0;
  auto operator<=>(const Peer&) const = default;
};

// What a view says beside its members.
struct ViewNews {
  std::vector<NodeId> joined, left;  // did not come along, as members and as members before
  NodeId oldest = NodeId::none;
  std::uint64_t verdict = 0;  // its number
};

enum class Refused : std::uint8_t { join, membership };

enum class ProgramEnd : std::uint8_t {
  closed,       // by itself, or it died
  cut_off,      // by the daemon: it stalled
  accused,      // by the daemon: it wrote what the library never writes
  node_failed,  // its node crashed, or left
};

class Programs {
 public:
  Programs();
  ~Programs();

  // --- what it does ---
  void started(const Program&);
  // The request was written to the daemon.
  void joining(const Program&, std::string_view group);
  void leaving(const Program&, std::string_view group);
  // The daemon accepted the message.
  void sent(const Program&, std::string_view group, totem::Guarantee, std::uint64_t hash,
            std::uint32_t length);

  // --- what it takes from its stream ---
  void received(const Program&, const totem::Place&, const Peer& sender, std::string_view group,
                totem::Guarantee, std::uint64_t hash, std::uint32_t length);
  void changed(const Program&, const totem::Place&, std::string_view group,
               std::span<const Peer> members, std::span<const Peer> joined,
               std::span<const Peer> left);
  // A membership is refused when a merge has no room for it.
  void refused(const Program&, std::string_view group, Refused what = Refused::join);
  void transitional(const Program&, const totem::RingId& ring, const totem::RingId& previous,
                    std::span<const totem::Member> members);
  // Without `news` these are not looked at.
  void viewed(const Program&, const totem::RingId& ring, std::span<const totem::Member> members,
              const ViewNews* news = nullptr);
  // `verdict`: what it says, in one number. `number` is its place among those that its node told.
  void judged(const Program&, const totem::Place&, std::uint64_t number, std::uint64_t verdict);
  // It has left events unread for so long, while its daemon ran, and is not cut off.
  void unread(const Program&, Duration since, Duration allowed);

  // It takes no event any more, whatever still lies in its ring. To be told of every program when
  // its node fails.
  void ended(const Program&, ProgramEnd);

  // The node, which is down, lost its file of ring seqs, or has an old one: what it starts next may
  // join a ring of a seq at which it joined one before, so that `since` does not tell them apart.
  void file_lost(NodeId);

  // Something that it asked for has not come back, and will.
  bool waits(const Program&) const;
  const std::vector<Violation>& violations() const noexcept;
  // Messages that are kept at present.
  std::size_t messages() const noexcept;
  // To be called once. `quiescent`: faults are off, and each program has taken all there is.
  std::vector<Violation> finish(bool quiescent);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gyre::check
