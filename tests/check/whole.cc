// The clauses that need the events of several processes, or the end of the run.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "tests/check/trace.hh"

namespace gyre::check {

namespace {

using totem::Guarantee;
using totem::RingId;

// A process in one regular configuration and the transitional one that it may have installed next:
// the span in which it delivers the messages of the ring.
struct Stay {
  Index process = none;
  std::size_t install = 0;
  bool transitional = false;
  bool settled = false;  // it shall deliver here nothing more: it left, or the run is at rest
};

class Whole {
 public:
  Whole(const Trace& trace, bool quiescent, Findings& findings)
      : trace_(trace), quiescent_(quiescent), findings_(findings) {}

  void check();

 private:
  void check_sent();
  void check_starts();
  void check_companions();
  void check_atomicity();
  void check_rest();

  void collect_rings();
  void check_ring(const RingId& ring, std::vector<Stay>& stays);
  void check_self_delivery(const Stay& stay);
  void check_regular_holes(const Stay& stay, std::span<const Index> of_ring);
  void check_transitional_holes(const Stay& stay, std::span<const Index> of_ring);
  void check_safe(const ConfigurationTrace& in, const std::vector<Index>& safe, const Stay& stay);
  void check_all_installed(const ConfigurationTrace& in, const std::vector<Stay>& stays);

  const ProcessTrace& process(Index index) const { return trace_.processes[index]; }
  const MessageTrace& message(Index index) const { return trace_.messages[index]; }
  bool alive(const ProcessTrace& process) const {
    return quiescent_ && !process.failed && !process.truncated;
  }
  bool truncated(NodeId node) const { return truncated_.contains(node); }

  std::span<const Index> deliveries(const ProcessTrace& process, std::size_t install) const {
    const std::size_t begin = process.installs[install].deliveries_begin;
    const std::size_t end = install + 1 < process.installs.size()
                                ? process.installs[install + 1].deliveries_begin
                                : process.deliveries.size();
    return {process.deliveries.data() + begin, end - begin};
  }
  std::span<const Index> sends(const ProcessTrace& process, std::size_t install) const {
    const std::size_t begin = process.installs[install].sends_begin;
    const std::size_t end = install + 1 < process.installs.size()
                                ? process.installs[install + 1].sends_begin
                                : process.sends.size();
    return {process.sends.data() + begin, end - begin};
  }
  std::string name(const Stay& stay) const { return text(process(stay.process).id); }

  // Which messages the stay under examination delivered: those that bear its mark.
  void mark(const Stay& stay);
  bool delivered(Index message) const { return marks_[message] == mark_; }

  const Trace& trace_;
  const bool quiescent_;
  Findings& findings_;
  std::set<NodeId> truncated_;
  std::map<RingId, std::vector<Stay>> stays_;
  std::map<RingId, std::vector<Index>> of_ring_;  // messages, in order
  std::vector<Index> marks_;
  Index mark_ = 0;
};

void Whole::check() {
  for (const ProcessTrace& each : trace_.processes)
    if (each.truncated) truncated_.insert(each.id.node);
  marks_.assign(trace_.messages.size(), 0);
  collect_rings();
  check_sent();
  check_starts();
  check_companions();
  check_atomicity();
  for (auto& [ring, stays] : stays_) check_ring(ring, stays);
  if (quiescent_) check_rest();
}

void Whole::collect_rings() {
  for (Index p = 0; p < trace_.processes.size(); ++p) {
    const ProcessTrace& at = process(p);
    for (std::size_t i = 0; i < at.installs.size(); ++i) {
      const ConfigurationTrace& in = trace_.configuration(at.installs[i]);
      if (!in.regular()) continue;
      const bool transitional =
          i + 1 < at.installs.size() && !trace_.configuration(at.installs[i + 1]).regular();
      const bool left = i + 1 + (transitional ? 1 : 0) < at.installs.size();
      stays_[in.ring].push_back({p, i, transitional, left || alive(at)});
    }
  }
  for (Index m = 0; m < trace_.messages.size(); ++m) of_ring_[message(m).place.ring].push_back(m);
  for (auto& [ring, messages] : of_ring_)
    std::sort(messages.begin(), messages.end(), [&](Index a, Index b) {
      return position(message(a).place) < position(message(b).place);
    });
}

void Whole::check_sent() {
  for (const MessageTrace& each : trace_.messages)
    if (each.sent_by == none && !truncated(each.content.sender))
      findings_.add("1.3",
                    fmt::format("{} was delivered as from node {}, which never sent it",
                                text(each.place), static_cast<std::uint32_t>(each.content.sender)));
}

// No process but itself may ever have been in the ring from which a process starts.
void Whole::check_starts() {
  std::map<RingId, std::set<Index>> were_in;
  for (Index p = 0; p < trace_.processes.size(); ++p)
    for (const Install& install : process(p).installs) {
      const ConfigurationTrace& in = trace_.configuration(install);
      were_in[in.regular() ? in.ring : in.previous].insert(p);
    }
  for (Index p = 0; p < trace_.processes.size(); ++p) {
    if (process(p).installs.empty()) continue;
    const ConfigurationTrace& first = trace_.configuration(process(p).installs.front());
    const RingId& start = first.regular() ? first.ring : first.previous;
    for (const Index other : were_in[start])
      if (other != p)
        findings_.add("W3", fmt::format("{}: starts from ring {}, in which {} was too",
                                        text(process(p).id), text(start), text(process(other).id)));
  }
}

// A node comes into a ring from one ring: the transitional configurations that lead to a ring have
// no member in common.
void Whole::check_companions() {
  std::map<std::pair<RingId, NodeId>, RingId> came_from;
  for (const auto& [id, index] : trace_.transitional_of)
    for (const NodeId node : trace_.configurations[index].members) {
      const auto& [ring, previous] = id;
      const auto [found, is_first] = came_from.try_emplace({ring, node}, previous);
      if (!is_first)
        findings_.add("W2", fmt::format("node {} came into ring {} from ring {} and from ring {}",
                                        static_cast<std::uint32_t>(node), text(ring),
                                        text(found->second), text(previous)));
    }
}

void Whole::check_atomicity() {
  struct Example {
    Index process;
    std::size_t install;
  };
  std::map<std::pair<Index, Index>, Example> examples;
  for (Index p = 0; p < trace_.processes.size(); ++p) {
    const ProcessTrace& at = process(p);
    for (std::size_t i = 0; i + 1 < at.installs.size(); ++i) {
      const auto key = std::pair(at.installs[i].configuration, at.installs[i + 1].configuration);
      const auto [found, is_first] = examples.try_emplace(key, Example{p, i});
      if (is_first) continue;
      const ProcessTrace& other = process(found->second.process);
      const auto mine = deliveries(at, i), theirs = deliveries(other, found->second.install);
      const auto [a, b] = std::mismatch(mine.begin(), mine.end(), theirs.begin(), theirs.end());
      if (a == mine.end() && b == theirs.end()) continue;
      const auto which = a != mine.end() ? *a : *b;
      findings_.add("4",
                    fmt::format("{} and {} went together from {} to {}, but one of them "
                                "did not deliver {} ({} and {} messages)",
                                text(at.id), text(other.id), text(trace_.configurations[key.first]),
                                text(trace_.configurations[key.second]), text(message(which).place),
                                mine.size(), theirs.size()));
    }
  }
}

void Whole::mark(const Stay& stay) {
  ++mark_;
  const ProcessTrace& at = process(stay.process);
  for (const Index m : deliveries(at, stay.install)) marks_[m] = mark_;
  if (stay.transitional)
    for (const Index m : deliveries(at, stay.install + 1)) marks_[m] = mark_;
}

void Whole::check_ring(const RingId& ring, std::vector<Stay>& stays) {
  // The safe messages of each configuration: the regular one and those that follow it.
  std::map<Index, std::vector<Index>> safe_in;
  std::set<std::pair<Index, Index>> counted;
  for (const Stay& stay : stays) {
    const ProcessTrace& at = process(stay.process);
    for (std::size_t i = stay.install; i <= stay.install + stay.transitional; ++i)
      for (const Index m : deliveries(at, i))
        if (message(m).content.guarantee == Guarantee::safe &&
            counted.emplace(at.installs[i].configuration, m).second)
          safe_in[at.installs[i].configuration].push_back(m);
  }
  for (const Stay& stay : stays) {
    mark(stay);
    if (stay.settled) check_self_delivery(stay);
    check_regular_holes(stay, of_ring_[ring]);
    if (stay.transitional) check_transitional_holes(stay, of_ring_[ring]);
    if (!stay.settled) continue;
    for (const auto& [in, safe] : safe_in) check_safe(trace_.configurations[in], safe, stay);
  }
  const auto regular = trace_.regular_of.find(ring);
  if (safe_in.contains(regular->second))
    check_all_installed(trace_.configurations[regular->second], stays);
}

void Whole::check_self_delivery(const Stay& stay) {
  for (const Index m : sends(process(stay.process), stay.install))
    if (!delivered(m))
      findings_.add("3", fmt::format("{}: left or rests without having delivered its own {}",
                                     name(stay), text(message(m).place)));
}

// In a regular configuration a process delivers all that was sent up to its last one.
void Whole::check_regular_holes(const Stay& stay, std::span<const Index> of_ring) {
  const auto mine = deliveries(process(stay.process), stay.install);
  if (mine.empty()) return;
  const Position last = position(message(mine.back()).place);
  for (const Index m : of_ring) {
    if (position(message(m).place) >= last) break;
    if (!delivered(m))
      findings_.add(
          "6.3", fmt::format("{}: delivers {} in the regular configuration without {}", name(stay),
                             text(message(mine.back()).place), text(message(m).place)));
  }
}

// In a transitional configuration what is missing was sent by nodes that did not come along, and
// nothing that depends on it is delivered after it.
void Whole::check_transitional_holes(const Stay& stay, std::span<const Index> of_ring) {
  const ProcessTrace& at = process(stay.process);
  const auto mine = deliveries(at, stay.install + 1);
  if (mine.empty()) return;
  const ConfigurationTrace& in = trace_.configuration(at.installs[stay.install + 1]);
  const Position last = position(message(mine.back()).place);
  const MessageTrace* first_missed = nullptr;
  std::set<Index> senders_missed;
  for (const Index m : of_ring) {
    const MessageTrace& each = message(m);
    if (position(each.place) > last) break;
    if (delivered(m)) {
      if (first_missed &&
          (senders_missed.contains(each.sent_by) || each.known >= position(first_missed->place)))
        findings_.add("5", fmt::format("{}: delivers {}, whose sender knew or had sent what it "
                                       "misses, from {} on",
                                       name(stay), text(each.place), text(first_missed->place)));
      continue;
    }
    if (!first_missed) first_missed = &each;
    if (each.sent_by != none) senders_missed.insert(each.sent_by);
    if (each.delivered && in.has(each.content.sender))
      findings_.add("6.3",
                    fmt::format("{}: delivers {} in {} without {} of node {}, a member", name(stay),
                                text(message(mine.back()).place), text(in), text(each.place),
                                static_cast<std::uint32_t>(each.content.sender)));
  }
}

void Whole::check_safe(const ConfigurationTrace& in, const std::vector<Index>& safe,
                       const Stay& stay) {
  if (!in.has(process(stay.process).id.node)) return;
  for (const Index m : safe)
    if (!delivered(m))
      findings_.add("7.1", fmt::format("{}: left or rests without {}, which is safe and was "
                                       "delivered in {}",
                                       name(stay), text(message(m).place), text(in)));
}

void Whole::check_all_installed(const ConfigurationTrace& in, const std::vector<Stay>& stays) {
  std::set<NodeId> installed;
  for (const Stay& stay : stays) installed.insert(process(stay.process).id.node);
  for (const NodeId node : in.members)
    if (!installed.contains(node) && !truncated(node))
      findings_.add("7.2", fmt::format("node {} never installed {}, in which a safe message was "
                                       "delivered",
                                       static_cast<std::uint32_t>(node), text(in)));
}

void Whole::check_rest() {
  std::set<std::pair<Index, NodeId>> rests;
  for (const ProcessTrace& each : trace_.processes)
    if (alive(each) && !each.installs.empty())
      rests.emplace(each.installs.back().configuration, each.id.node);
  for (const ProcessTrace& each : trace_.processes) {
    if (!alive(each) || each.installs.empty()) continue;
    const Index last = each.installs.back().configuration;
    const ConfigurationTrace& in = trace_.configurations[last];
    if (!in.regular())
      findings_.add("2.1", fmt::format("{}: rests in {}", text(each.id), text(in)));
    for (const NodeId node : in.members)
      if (!rests.contains({last, node}) && !truncated(node))
        findings_.add("2.1", fmt::format("{}: rests in {}, but node {} does not", text(each.id),
                                         text(in), static_cast<std::uint32_t>(node)));
  }
}

}  // namespace

void check_whole(const Trace& trace, bool quiescent, Findings& findings) {
  Whole(trace, quiescent, findings).check();
}

}  // namespace gyre::check
