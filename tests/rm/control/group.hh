// The ordered group of a cluster in virtual time: a model of it, or whole nodes on their ring.
#pragma once

#include <cstdint>
#include <functional>
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

// What a process is told: an event, or only that there is another verdict on the quorum.
struct Arrival {
  std::optional<Delivery> event;
  std::uint64_t verdict = 0;  // the number of the last one
};

class Group {
 public:
  struct Settings {
    Node nodes = 3;         // 1 to this
    bool two_node = false;  // one is enough, once it has seen the other (wait_for_all)
    bool parts = false;     // nodes may lose each other
    Node broken = 0;        // a model's: to this one each eighth comes behind the next
  };
  struct Events {
    std::function<void(Node, Arrival)> arrives;
    std::function<void(Node)> cut_off = {};  // its process is not connected any more
    std::function<void(Node)> crashed = {};  // by itself: all of the node
  };

  virtual ~Group() = default;
  // What it does of itself next, if it does it by `end`. False: nothing; it is `end` for it now.
  virtual bool step(Time end) = 0;

  // The daemon of a node; without power nothing of it is left.
  virtual void power(Node, bool on) = 0;
  // Nodes with the same side reach each other.
  virtual void set_side(Node, unsigned side) = 0;
  // Some trouble that only such a group knows; false: it knows none. It lasts until it calms down.
  virtual bool trouble() = 0;
  virtual void calm_down(bool for_good) = 0;

  // A process of that node asks to be in the group; one at a time.
  virtual void join(Node) = 0;
  // It is not there any more, or wants out; what it sent may get a place yet, or not.
  virtual void leave(Node) = 0;
  virtual void send(Node, std::string payload) = 0;

  // What it was told last, the verdict of that number, holds still, and is that it is quorate.
  virtual bool has_lease(Node, std::uint64_t verdict) const = 0;
  // Whether that node may act, by the group's own record, whatever its process asks. Nothing: it
  // keeps none.
  virtual std::optional<bool> may_act(Node) const = 0;
  // The number of the ring that stands, for all of its nodes. Nothing: none does.
  virtual std::optional<std::uint64_t> ring_of(Node) const = 0;
  // How many messages came to processes.
  virtual std::uint64_t arrived() const = 0;
  // What it did, as one number.
  virtual std::uint64_t hash() const = 0;
  // What was wrong with it, asked once. At rest: nothing is under way any more.
  virtual std::vector<check::Violation> finish(bool at_rest) = 0;
};

using MakeGroup =
    std::function<std::unique_ptr<Group>(Timeline&, sim::Dice, Group::Settings, Group::Events)>;

}  // namespace gyre::rm::model
