// A model of the ordered group: extended virtual synchrony (Moser, Amir, Melliar-Smith and Agarwal
// 1994) with safe delivery, of as many nodes as a test wants, in virtual time. What is ordered has
// one place for all; a node is delivered it when all nodes of the ring have it; when a ring breaks,
// those who go on together come to the same end of it. What every node is delivered is held against
// the same specification as what the ring delivers (tests/check).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "rm/bus.hh"
#include "tests/check/checker.hh"
#include "tests/rm/control/timeline.hh"
#include "tests/sim/dice.hh"

namespace gyre::rm::model {

using Node = std::uint32_t;
using Payload = std::shared_ptr<const std::string>;

struct Said {
  Place place;
  BusMember sender;
  Payload payload;
};
// As a BusEvent, but it can be kept.
using Delivery = std::variant<BusView, Said, BusInterrupted>;

class Group {
 public:
  struct Settings {
    Node nodes = 3;         // 1 to this
    bool two_node = false;  // one is enough, once it has seen the other (wait_for_all)
    Node broken = 0;        // to this one each eighth comes behind the next: is that seen?
  };
  Group(Timeline&, sim::Dice, Settings, std::function<void(Node, Delivery)> deliver);

  // The daemon of a node; without power nothing of it is left.
  void power(Node, bool on);
  // Nodes with the same side reach each other.
  void set_side(Node, unsigned side);

  // A process of that node asks to be in the group; one at a time.
  BusMember join(Node);
  // It is not there any more, or wants out; what it sent may get a place yet, or not.
  void leave(Node);
  void send(Node, std::string payload);

  // Its ring stands, and is quorate.
  bool has_lease(Node) const;
  // Where the ring that stands began. Nothing: none stands.
  std::optional<Place> ring_of(Node) const;
  std::uint64_t rings() const noexcept { return rings_; }
  std::uint64_t lost() const noexcept { return lost_; }
  std::uint64_t ordered() const noexcept { return ordered_; }
  // What was wrong with it, asked once. At rest: nothing is under way any more.
  std::vector<check::Violation> finish(bool at_rest) { return checker_.finish(at_rest); }

 private:
  struct Entry {
    enum class Kind { said, joined, left } kind = Kind::said;
    BusMember who;
    Payload payload;
    check::Content content;
    std::vector<Time> received;  // by node of the ring
  };
  struct Ring {
    std::uint64_t id = 0;
    std::vector<Node> nodes;
    bool quorate = false, broken = false;
    std::vector<Entry> log;
    std::vector<Time> received, delivered;  // the last, by node of the ring
  };
  struct Daemon {
    bool on = false;
    unsigned side = 0;
    bool seen_all = false;  // since it came up: what wait_for_all waits for
    std::shared_ptr<Ring> ring;
    std::size_t delivered = 0;          // of its ring's log
    std::map<Node, BusMember> members;  // of the group, as delivered
    Place view;                         // the last one delivered to its process
    std::optional<BusMember> process;   // here, from when it asks
    bool is_member = false;             // and was delivered a view
    std::deque<Entry> outbox;           // without a place yet
    bool ordering = false;
    std::uint64_t processes = 0, starts = 0;
  };

  Daemon& at(Node node) { return daemons_[node - 1]; }
  const Daemon& at(Node node) const { return daemons_[node - 1]; }
  std::size_t index(const Ring&, Node) const;
  void topology_changed();
  void form(const std::vector<Node>& component);
  void recover(const std::vector<Node>& together, const Ring& next);
  bool is_quorate(const std::vector<Node>&);
  void order_later(Node);
  void order(Node);
  void deliver_next(Node, const Ring&, std::size_t entry);
  void arrive(Node, const Ring&, std::size_t entry);
  void note_delivered(Node, const Ring&, std::size_t entry);
  check::Process start_of(Node) const;
  void install(Node, totem::Configuration::Kind, const Ring& next,
               const std::vector<Node>& members);
  void deliver_view(Node, Place, std::vector<Node> together);

  Timeline& timeline_;
  sim::Dice dice_;
  Settings settings_;
  std::function<void(Node, Delivery)> deliver_;
  std::vector<Daemon> daemons_;
  check::Checker checker_;
  std::uint64_t rings_ = 0, topology_ = 0, born_ = 0, lost_ = 0, ordered_ = 0;
};

}  // namespace gyre::rm::model
