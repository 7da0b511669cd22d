// The clauses that need the events of several processes in one ring.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>

#include "tests/check/trace.hh"

namespace gyre::check {

namespace {

using totem::Guarantee;

class RingCheck {
 public:
  RingCheck(Trace& trace, const RingTrace& ring, bool at_rest)
      : trace_(trace), ring_(ring), at_rest_(at_rest) {}

  void check();

 private:
  void sort();
  void check_sent();
  void check_together();
  void check_alike(const Stay& a, const Stay& b, bool in_exit);
  void check_stay(const Stay& stay);
  void check_self_delivery(const Stay& stay);
  void check_regular_holes(const Stay& stay);
  void check_exit_holes(const Stay& stay);
  void collect_safe();
  void check_safe(const Stay& stay);
  void check_all_installed();

  template <typename... Arguments>
  void found(const char* clause, fmt::format_string<Arguments...> what, Arguments&&... arguments) {
    trace_.findings.add(clause, fmt::format(what, std::forward<Arguments>(arguments)...));
  }
  const Process& process(const Stay& stay) const { return trace_.processes[stay.process].id; }
  std::string name(const MessageTrace& message) const { return text(ring_, message); }
  std::string name(const Exit& exit) const {
    return fmt::format("T {} → {}", text(ring_.id), text(exit.to));
  }
  // It shall deliver here nothing more, and did not fail in it.
  bool settled(const Stay& stay) const {
    const ProcessTrace& at = trace_.processes[stay.process];
    return stay.left || (at_rest_ && !stay.ended && !at.truncated);
  }

  std::span<const Act> in_regular(const Stay& stay) const {
    return std::span(stay.acts).first(stay.exit == none ? stay.acts.size() : stay.exit_begin);
  }
  std::span<const Act> in_exit(const Stay& stay) const {
    return std::span(stay.acts).subspan(in_regular(stay).size());
  }
  // What it delivered in either of the two configurations.
  std::vector<Index> deliveries(const Stay& stay, bool exit) const {
    std::vector<Index> messages;
    for (const Act& act : exit ? in_exit(stay) : in_regular(stay))
      if (!act.sent()) messages.push_back(act.message());
    return messages;
  }
  // Those of the stay under examination bear its mark.
  bool delivered(Index message) const { return marks_[message] == mark_; }

  Trace& trace_;
  const RingTrace& ring_;
  const bool at_rest_;
  std::vector<Index> order_;  // the messages by place
  std::vector<Index> marks_;
  Index mark_ = 0;
  std::vector<Index> safe_;                    // delivered in R
  std::vector<std::vector<Index>> safe_exit_;  // delivered in each transitional configuration
};

void RingCheck::check() {
  sort();
  marks_.assign(ring_.messages.size(), 0);
  check_sent();
  check_together();
  collect_safe();
  for (const Stay& stay : ring_.stays) check_stay(stay);
  if (!safe_.empty()) check_all_installed();
}

void RingCheck::sort() {
  order_.resize(ring_.messages.size());
  std::iota(order_.begin(), order_.end(), 0);
  const auto before = [&](Index a, Index b) {
    return ring_.messages[a].position < ring_.messages[b].position;
  };
  if (!std::is_sorted(order_.begin(), order_.end(), before))
    std::sort(order_.begin(), order_.end(), before);
}

void RingCheck::check_sent() {
  for (const MessageTrace& each : ring_.messages)
    if (each.sent_by == none && !trace_.truncated(each.content.sender))
      found("1.3", "{} was delivered as from {}, which never sent it", name(each),
            text(each.content.sender));
}

// Those who go from one configuration to the same next one have delivered the same in it.
void RingCheck::check_together() {
  std::vector<const Stay*> regular(ring_.exits.size()), exit(ring_.exits.size());
  for (const Stay& stay : ring_.stays) {
    if (stay.exit == none) continue;
    const Stay*& first = regular[stay.exit];
    if (stay.in_regular && !first)
      first = &stay;
    else if (stay.in_regular)
      check_alike(*first, stay, false);
    const Stay*& first_left = exit[stay.exit];
    if (stay.left && !first_left)
      first_left = &stay;
    else if (stay.left)
      check_alike(*first_left, stay, true);
  }
}

void RingCheck::check_alike(const Stay& a, const Stay& b, bool in_exit) {
  const auto one = deliveries(a, in_exit), other = deliveries(b, in_exit);
  const auto [x, y] = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
  if (x == one.end() && y == other.end()) return;
  found("4",
        "{} and {} went together {} {}, but one of them did not deliver {} ({} and {} messages)",
        text(process(a)), text(process(b)), in_exit ? "through" : "into", name(ring_.exits[a.exit]),
        name(ring_.messages[x != one.end() ? *x : *y]), one.size(), other.size());
}

void RingCheck::check_stay(const Stay& stay) {
  ++mark_;
  for (const Act& act : stay.acts)
    if (!act.sent()) marks_[act.message()] = mark_;
  if (settled(stay)) check_self_delivery(stay);
  check_regular_holes(stay);
  if (stay.exit != none) check_exit_holes(stay);
  if (settled(stay)) check_safe(stay);
}

void RingCheck::check_self_delivery(const Stay& stay) {
  for (const Act& act : stay.acts)
    if (act.sent() && !delivered(act.message()))
      found("3", "{}: left or rests without having delivered its own {}", text(process(stay)),
            name(ring_.messages[act.message()]));
}

// In a regular configuration a process delivers all that was sent up to its last one.
void RingCheck::check_regular_holes(const Stay& stay) {
  Position last;
  for (const Act& act : in_regular(stay))
    if (!act.sent()) last = std::max(last, ring_.messages[act.message()].position);
  for (const Index m : order_) {
    const MessageTrace& message = ring_.messages[m];
    if (message.position >= last) break;
    if (!delivered(m))
      found("6.3", "{}: delivers place {}.{} in the regular configuration without {}",
            text(process(stay)), number(last.seq), last.index, name(message));
  }
}

// In a transitional configuration what is missing was sent by nodes that did not come along, and
// nothing that depends on it is delivered after it.
void RingCheck::check_exit_holes(const Stay& stay) {
  const auto mine = in_exit(stay);
  if (std::all_of(mine.begin(), mine.end(), [](const Act& act) { return act.sent(); })) return;
  const Exit& exit = ring_.exits[stay.exit];
  const MessageTrace* first_missed = nullptr;
  std::vector<Index> senders_missed;
  for (const Index m : order_) {
    const MessageTrace& each = ring_.messages[m];
    if (each.position > stay.delivered_to) break;
    const auto missed = std::find(senders_missed.begin(), senders_missed.end(), each.sent_by);
    if (delivered(m)) {
      if (first_missed && (missed != senders_missed.end() || each.known >= first_missed->position))
        found("5", "{}: delivers {}, whose sender knew or had sent what it misses, from {} on",
              text(process(stay)), name(each), name(*first_missed));
      continue;
    }
    if (!first_missed) first_missed = &each;
    if (each.sent_by != none && missed == senders_missed.end())
      senders_missed.push_back(each.sent_by);
    if (each.delivered && exit.has(each.content.sender))
      found("6.3", "{}: delivers message {}.{} in {} without {} of {}, a member",
            text(process(stay)), number(stay.delivered_to.seq), stay.delivered_to.index, name(exit),
            name(each), text(each.content.sender));
  }
}

// The safe messages of each configuration: the regular one and those that follow it.
void RingCheck::collect_safe() {
  safe_exit_.resize(ring_.exits.size());
  std::vector<Index> seen(ring_.messages.size(), none);
  const auto collect = [&](std::span<const Act> acts, std::vector<Index>& safe, Index mark) {
    for (const Act& act : acts) {
      const Index m = act.message();
      if (act.sent() || ring_.messages[m].content.guarantee != Guarantee::safe || seen[m] == mark)
        continue;
      seen[m] = mark;
      safe.push_back(m);
    }
  };
  const auto regular = static_cast<Index>(ring_.exits.size());
  for (const Stay& stay : ring_.stays) collect(in_regular(stay), safe_, regular);
  for (Index e = 0; e < regular; ++e)
    for (const Stay& stay : ring_.stays)
      if (stay.exit == e) collect(in_exit(stay), safe_exit_[e], e);
}

void RingCheck::check_safe(const Stay& stay) {
  const auto check = [&](const std::vector<Index>& safe, const std::string& where) {
    for (const Index m : safe)
      if (!delivered(m))
        found("7.1", "{}: left or rests without {}, which is safe and was delivered in {}",
              text(process(stay)), name(ring_.messages[m]), where);
  };
  if (!safe_.empty() && ring_.has(process(stay).node)) check(safe_, text(ring_.id));
  for (std::size_t e = 0; e < safe_exit_.size(); ++e)
    if (!safe_exit_[e].empty() && ring_.exits[e].has(process(stay).node))
      check(safe_exit_[e], name(ring_.exits[e]));
}

void RingCheck::check_all_installed() {
  for (const NodeId node : ring_.members) {
    const bool installed = std::any_of(
        ring_.stays.begin(), ring_.stays.end(),
        [&](const Stay& stay) { return stay.in_regular && process(stay).node == node; });
    if (!installed && !trace_.truncated(node))
      found("7.2", "{} never installed {}, in which a safe message was delivered", text(node),
            text(ring_.id));
  }
}

}  // namespace

void check_ring(Trace& trace, const RingTrace& ring, bool at_rest) {
  RingCheck(trace, ring, at_rest).check();
  if (ring.effect_first) check_cycles(trace, ring);
}

}  // namespace gyre::check
