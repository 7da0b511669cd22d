// A model of the ordered group: extended virtual synchrony (Moser, Amir, Melliar-Smith and Agarwal
// 1994) with safe delivery, of as many nodes as a test wants, in virtual time. What is ordered has
// one place for all; a node is delivered it when all nodes of the ring have it; when a ring breaks,
// those who go on together come to the same end of it. What every node is delivered is held against
// the same specification as what the ring delivers (tests/check).
#pragma once

#include <deque>
#include <map>

#include "tests/rm/control/group.hh"

namespace gyre::rm::model {

class GroupModel final : public Group {
 public:
  GroupModel(Timeline&, sim::Dice, Settings, Events);

  bool step(Time) override { return false; }  // all that it does is on the timeline
  void power(Node, bool on) override;
  void set_side(Node, unsigned side) override;
  bool trouble() override { return false; }
  void calm_down(bool) override {}
  void join(Node) override;
  void leave(Node) override;
  void send(Node, std::string payload) override;
  bool has_lease(Node, std::uint64_t verdict) const override;
  std::optional<bool> may_act(Node) const override;
  std::optional<std::uint64_t> ring_of(Node) const override;
  std::uint64_t arrived() const override { return arrived_; }
  std::uint64_t hash() const override { return hash_.value(); }
  std::vector<check::Violation> finish(bool at_rest) override { return checker_.finish(at_rest); }

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
  void enter(Node, const std::vector<Node>& together);
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
  void deliver(Node, Delivery);
  void deliver_view(Node, Place, std::vector<Node> together);

  Timeline& timeline_;
  sim::Dice dice_;
  Settings settings_;
  Events events_;
  std::vector<Daemon> daemons_;
  check::Checker checker_;
  sim::TraceHash hash_;
  std::uint64_t rings_ = 0, topology_ = 0, born_ = 0, arrived_ = 0;
};

}  // namespace gyre::rm::model
