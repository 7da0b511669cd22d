// Clauses that go beyond the places of one ring: cycles, the rest at the end, the primary
// component.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "tests/check/trace.hh"

namespace gyre::check {

namespace {

using totem::RingId;

// Lets the processes of a ring do again what they did, each in its order, no delivery before its
// send. What cannot be played to its end has a cycle (this is Kahn's sorting of the graph). With
// `together`, the installs of one transitional configuration are one event.
class Replay {
 public:
  Replay(const RingTrace& ring, bool together)
      : ring_(ring),
        together_(together),
        sent_(ring.messages.size()),
        waiting_for_(ring.messages.size(), none),
        waiting_at_(ring.exits.size(), none),
        awaited_(ring.exits.size()),
        next_(ring.stays.size(), none),
        done_(ring.stays.size()),
        through_(ring.exits.size()) {}

  // The stay that cannot be played to its end; none if all can.
  Index stuck() {
    for (const Stay& stay : ring_.stays)
      if (stay.exit != none) ++awaited_[stay.exit];
    for (Index i = 0; i < ring_.stays.size(); ++i) ready_.push_back(i);
    while (!ready_.empty()) {
      const Index stay = ready_.back();
      ready_.pop_back();
      play(stay);
    }
    for (Index i = 0; i < ring_.stays.size(); ++i)
      if (done_[i] < ring_.stays[i].acts.size() || waits_at_exit(i)) return i;
    return none;
  }

 private:
  bool waits_at_exit(Index i) const {
    const Stay& stay = ring_.stays[i];
    return together_ && stay.exit != none && done_[i] == stay.exit_begin && !through_[stay.exit];
  }
  void wait(Index stay, Index& list) {
    next_[stay] = list;
    list = stay;
  }
  void wake(Index& list) {
    for (Index i = std::exchange(list, none); i != none; i = next_[i]) ready_.push_back(i);
  }
  void play(Index i) {
    const Stay& stay = ring_.stays[i];
    for (;; ++done_[i]) {
      if (waits_at_exit(i)) {
        through_[stay.exit] = --awaited_[stay.exit] == 0;
        if (!through_[stay.exit]) return wait(i, waiting_at_[stay.exit]);
        wake(waiting_at_[stay.exit]);
      }
      if (done_[i] == stay.acts.size()) return;
      const Act act = stay.acts[done_[i]];
      if (act.sent()) {
        sent_[act.message()] = true;
        wake(waiting_for_[act.message()]);
      } else if (!sent_[act.message()] && ring_.messages[act.message()].sent_by != none) {
        return wait(i, waiting_for_[act.message()]);
      }
    }
  }

  const RingTrace& ring_;
  const bool together_;
  std::vector<bool> sent_;
  std::vector<Index> waiting_for_, waiting_at_;  // lists of stays: for a message, at an exit
  std::vector<std::size_t> awaited_;             // stays that have not come to the exit
  std::vector<Index> next_;
  std::vector<std::size_t> done_;
  std::vector<bool> through_;
  std::vector<Index> ready_;
};

}  // namespace

void check_cycles(Trace& trace, const RingTrace& ring) {
  const bool apart = Replay(ring, false).stuck() == none;
  const Index stuck = Replay(ring, apart).stuck();
  if (stuck == none) return;
  trace.findings.add(
      apart ? "2.3" : "1.1",
      fmt::format("{}: what it did in ring {} has a cycle of causes with what others did there{}",
                  text(trace.processes[ring.stays[stuck].process].id), text(ring.id),
                  apart ? ", if they installed their transitional configuration at once" : ""));
}

void check_rest(Trace& trace) {
  const auto alive = [](const ProcessTrace& each) {
    return !each.failed && !each.truncated && each.in;
  };
  std::set<std::pair<RingId, NodeId>> rests;
  for (const ProcessTrace& each : trace.processes)
    if (alive(each) && each.in->kind == totem::Configuration::Kind::regular)
      rests.emplace(each.in->ring, each.id.node);
  for (const ProcessTrace& each : trace.processes) {
    if (!alive(each)) continue;
    if (!rests.contains({each.in->ring, each.id.node})) {
      trace.findings.add("2.1", fmt::format("{}: rests in {}", text(each.id), text(*each.in)));
      continue;
    }
    for (const NodeId node : each.in->members)
      if (!rests.contains({each.in->ring, node}) && !trace.truncated(node))
        trace.findings.add("2.1", fmt::format("{}: rests in {}, but {} does not", text(each.id),
                                              text(*each.in), text(node)));
  }
}

// Takes the rings in an order in which each comes after those before it. The quorate ones are one
// line if each has the one that came last among those before it.
void check_primary(Trace& trace) {
  struct Ring {
    std::vector<RingId> after;
    std::size_t awaited = 0;
    std::size_t newest = 0;  // how many quorate ones there were up to the newest one before it
  };
  std::unordered_map<RingId, Ring, RingHash> rings;
  std::vector<RingId> ready;
  for (const auto& [id, lineage] : trace.lineage) {
    rings[id].awaited += lineage.before.size();
    for (const RingId& before : lineage.before) rings[before].after.push_back(id);
    if (lineage.before.empty()) ready.push_back(id);
  }
  std::sort(ready.begin(), ready.end(), std::greater<>());
  std::vector<RingId> line;
  while (!ready.empty()) {
    const RingId id = ready.back();
    ready.pop_back();
    Ring& ring = rings[id];
    const Lineage& lineage = trace.lineage[id];
    if (lineage.quorate && !lineage.fencing) {
      if (ring.newest != line.size())
        trace.findings.add("8.1", fmt::format("rings {} and {} were quorate side by side",
                                              text(line.back()), text(id)));
      else if (!line.empty() &&
               std::ranges::find_first_of(lineage.nodes, trace.lineage[line.back()].nodes) ==
                   lineage.nodes.end())
        trace.findings.add("8.2", fmt::format("quorate rings {} and {} share no node",
                                              text(line.back()), text(id)));
      line.push_back(id);
      ring.newest = line.size();
    }
    for (const RingId& next : ring.after) {
      rings[next].newest = std::max(rings[next].newest, ring.newest);
      if (--rings[next].awaited == 0) ready.push_back(next);
    }
  }
}

}  // namespace gyre::check
