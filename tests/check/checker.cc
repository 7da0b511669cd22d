// Takes the events, and checks what one process' own events can show.
#include "tests/check/checker.hh"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "node/record.hh"
#include "tests/check/trace.hh"

namespace gyre::check {

namespace {

bool is_regular(const Installed& installed) {
  return installed.kind == totem::Configuration::Kind::regular;
}

bool did(const Stay& stay, Index message, bool sent) {
  return std::find(stay.acts.begin(), stay.acts.end(), Act(message, sent)) != stay.acts.end();
}

}  // namespace

Judged judged(const totem::RingId& ring, const node::record_format::OfVerdict& verdict) {
  auto said = verdict;
  said.seq = said.index = 0;
  return {{ring, totem::Seq{verdict.seq}, verdict.index},
          verdict.quorate != 0,
          verdict.fencing != 0,
          node::payload_hash(std::as_bytes(std::span(&said, 1)))};
}

struct Checker::State {
  Trace trace;
  Index last = none;  // the process whose event came last: often the next is its own, too

  template <typename... Arguments>
  void found(const char* clause, fmt::format_string<Arguments...> what, Arguments&&... arguments) {
    trace.findings.add(clause, fmt::format(what, std::forward<Arguments>(arguments)...));
  }

  Index process(const Process& id);
  Index message(RingTrace& ring, const Position& position, const Content& content);

  void take(Index process, const Sent& sent);
  void take(Index process, const Delivered& delivered);
  void take(Index process, const Installed& installed);
  void take(Index process, const Judged& judged);
  void take(Index process, const Failed&);
  void take(Index process, const Truncated&) { trace.processes[process].truncated = true; }
  void deliver_elsewhere(const ProcessTrace& process, const totem::Place& place);

  void check_shape(const ProcessTrace& process, const Installed& installed);
  void check_growth(Index process, const totem::RingId& ring);
  void check_cycle(const totem::RingId& from, const totem::RingId& to);
  void install_regular(Index process, const Installed& installed);
  void install_transitional(Index process, const Installed& installed);
  RingTrace* open(const Process& id, const totem::RingId& ring, bool starts);
  void enter(Index process, RingTrace& ring, bool starts);
  void leave(ProcessTrace& process, bool failed);

  bool over(const RingTrace& ring) const;
  bool came_as_far(NodeId node, const RingTrace& ring) const;
};

Index Checker::State::process(const Process& id) {
  if (last != none && trace.processes[last].id == id) return last;
  last = trace.process_of.insert(id, static_cast<Index>(trace.processes.size()));
  if (last == trace.processes.size()) trace.processes.emplace_back().id = id;
  return last;
}

Index Checker::State::message(RingTrace& ring, const Position& position, const Content& content) {
  const auto next = static_cast<Index>(ring.messages.size());
  const Index found = ring.message_at.insert(position, next);
  if (found == next) {
    ring.messages.push_back({.position = position, .content = content, .known = {}});
    ++trace.messages;
  }
  return found;
}

// --- messages ---

void Checker::State::take(Index index, const Sent& sent) {
  ProcessTrace& process = trace.processes[index];
  const auto& [place, content] = sent;
  if (!process.in || !is_regular(*process.in))
    found("1.4", "{}: sends {} outside a regular configuration", text(process.id), text(place));
  else if (process.in->ring != place.ring)
    found("2.2", "{}: sends {} while in ring {}", text(process.id), text(place),
          text(process.in->ring));
  if (!process.ring || process.ring->id != place.ring) return;

  RingTrace& ring = *process.ring;
  Stay& stay = ring.stays[process.stay];
  const Index at = message(ring, position(place), content);
  MessageTrace& message = ring.messages[at];
  if (message.sent_by == index && message.content == content) {
    found("1.4", "{}: sends {} twice", text(process.id), text(place));
    return;
  }
  if (message.sent_by != none) {
    found("6.2", "{}: sends {}, a place where {} has another message", text(process.id),
          text(place), text(trace.processes[message.sent_by].id));
    return;
  }
  if (position(place) <= std::max(stay.delivered_to, stay.sent_to))
    found("6.1", "{}: sends {} after it sent or delivered a later place", text(process.id),
          text(place));
  if (message.content != content || content.sender != process.id.node)
    found("1.3", "{}: what was delivered as {} is not what it sent", text(process.id), text(place));
  ring.effect_first |= message.delivered || stay.exit != none;
  message.content = content;
  message.sent_by = index;
  message.known = stay.delivered_to;
  stay.sent_to = std::max(stay.sent_to, message.position);
  stay.acts.emplace_back(at, true);
}

void Checker::State::take(Index index, const Delivered& delivered) {
  ProcessTrace& process = trace.processes[index];
  const auto& [place, content] = delivered;
  if (!process.ring || process.ring->id != place.ring) return deliver_elsewhere(process, place);
  RingTrace& ring = *process.ring;
  Stay& stay = ring.stays[process.stay];
  const Index at = message(ring, position(place), content);
  MessageTrace& message = ring.messages[at];
  message.delivered = true;
  if (message.content != content)
    found("1.3", "{}: delivers {} otherwise than it was sent or delivered", text(process.id),
          text(place));
  if (message.position <= stay.delivered_to) {
    if (did(stay, at, false)) {
      found("1.4", "{}: delivers {} twice", text(process.id), text(place));
      return;
    }
    found("6.1", "{}: delivers {} after a later place", text(process.id), text(place));
  }
  stay.delivered_to = std::max(stay.delivered_to, message.position);
  stay.acts.emplace_back(at, false);
}

// A message of a ring that the process is not in, or not any more.
void Checker::State::deliver_elsewhere(const ProcessTrace& process, const totem::Place& place) {
  if (const auto ring = trace.rings.find(place.ring); ring != trace.rings.end()) {
    const Index at = ring->second->message_at.find(position(place));
    for (const Stay& stay : ring->second->stays)
      if (at != none && trace.processes[stay.process].id == process.id && did(stay, at, false))
        return found("1.4", "{}: delivers {} twice", text(process.id), text(place));
  }
  found("2.2", "{}: delivers {} while in {}", text(process.id), text(place),
        process.in ? text(*process.in) : "no configuration");
}

// --- configurations ---

void Checker::State::check_shape(const ProcessTrace& process, const Installed& installed) {
  const auto bad = [&](const char* why) {
    found("W2", "{}: installs ring {} from {} with {}: {}", text(process.id), text(installed.ring),
          text(installed.previous), text(installed.members), why);
  };
  const auto& members = installed.members;
  if (!std::binary_search(members.begin(), members.end(), process.id.node))
    bad("it is not a member");
  if (std::adjacent_find(members.begin(), members.end(), std::greater_equal<>()) != members.end())
    bad("members are not in ascending order");

  if (!process.in) {
    if (members != std::vector{process.id.node})
      found("W3", "{}: starts in ring {} with {}, not alone", text(process.id),
            text(installed.ring), text(members));
    return;
  }
  const Installed& in = *process.in;
  if (is_regular(installed) == is_regular(in))
    return bad("regular and transitional ones do not take turns");
  if (is_regular(installed)) {
    // What came before it may differ from member to member: it is compared at this process only.
    if (in.ring != installed.ring) bad("its transitional configuration led to another ring");
    if (in.previous != installed.previous) bad("its transitional one came from another ring");
    if (!std::includes(members.begin(), members.end(), in.members.begin(), in.members.end()))
      bad("a member of its transitional configuration is missing");
  } else {
    if (in.ring != installed.previous) bad("this process was in another ring");
    if (!std::includes(in.members.begin(), in.members.end(), members.begin(), members.end()))
      bad("a member of the transitional configuration was not in the ring that it comes from");
  }
}

// Rings grow at a process, and from one start of a node to the next where the file survived.
void Checker::State::check_growth(Index index, const totem::RingId& ring) {
  const ProcessTrace& process = trace.processes[index];
  NodeTrace& node = trace.nodes[process.id.node];
  const bool same_start = node.newest_by == index;
  if (node.newest && (same_start || !node.file_lost) && node.newest->seq >= ring.seq) {
    found("W1", "{}: installs ring {} after ring {}", text(process.id), text(ring),
          text(*node.newest));
    if (same_start) check_cycle(*node.newest, ring);
  }
  Lineage& lineage = trace.lineage[ring];
  if (node.newest) lineage.before.push_back(*node.newest);
  lineage.nodes.push_back(process.id.node);
  if (same_start)
    if (const auto before = trace.rings.find(*node.newest); before != trace.rings.end())
      before->second->after.push_back(ring);
  if (!same_start) node.file_lost = false;
  node.newest = ring;
  node.newest_by = index;
}

// A process went back from a ring to a lower one. Did another go the opposite way? Where rings
// grow, no such cycle exists, and nothing needs to be looked for.
void Checker::State::check_cycle(const totem::RingId& from, const totem::RingId& to) {
  std::vector<totem::RingId> pending{to};
  std::unordered_map<totem::RingId, bool, RingHash> seen;
  while (!pending.empty()) {
    const totem::RingId ring = pending.back();
    pending.pop_back();
    if (ring == from)
      return found("2.3", "rings {} and {} were installed in one order and in the opposite one",
                   text(from), text(to));
    if (!seen.emplace(ring, true).second) continue;
    if (const auto at = trace.rings.find(ring); at != trace.rings.end())
      pending.insert(pending.end(), at->second->after.begin(), at->second->after.end());
  }
}

// The ring of this id; nothing if it is over.
RingTrace* Checker::State::open(const Process& id, const totem::RingId& ring, bool starts) {
  const auto [at, is_new] = trace.rings.try_emplace(ring);
  if (!is_new) return at->second.get();
  if (trace.lineage.contains(ring)) {
    trace.rings.erase(at);
    if (starts)
      found("W3", "{}: starts from ring {}, which others were in", text(id), text(ring));
    else
      found("W0", "{}: comes into ring {}, which is over: its id is used again", text(id),
            text(ring));
    return nullptr;
  }
  at->second = std::make_unique<RingTrace>();
  at->second->id = ring;
  return at->second.get();
}

// No process but itself may ever be in the ring from which a process starts.
void Checker::State::enter(Index index, RingTrace& ring, bool starts) {
  ProcessTrace& process = trace.processes[index];
  if (starts && ring.started_by == none) ring.started_by = index;
  if (ring.started_by != none)
    for (const Index other : {index, ring.stays.empty() ? index : ring.stays[0].process})
      if (other != ring.started_by)
        found("W3", "{}: starts from ring {}, in which {} was too",
              text(trace.processes[ring.started_by].id), text(ring.id),
              text(trace.processes[other].id));
  process.ring = &ring;
  process.stay = static_cast<Index>(ring.stays.size());
  ring.stays.emplace_back().process = index;
  ++ring.stays_open;
}

void Checker::State::leave(ProcessTrace& process, bool failed) {
  if (!process.ring) return;
  Stay& stay = process.ring->stays[process.stay];
  stay.ended = true;
  stay.left = !failed;
  --process.ring->stays_open;
  process.ring = nullptr;
}

void Checker::State::install_regular(Index index, const Installed& installed) {
  ProcessTrace& process = trace.processes[index];
  const bool starts = !process.in;
  leave(process, false);
  RingTrace* ring = open(process.id, installed.ring, starts);
  check_growth(index, installed.ring);
  if (!ring) return;
  enter(index, *ring, starts);
  ring->stays.back().in_regular = true;
  if (!ring->installed)
    ring->members = installed.members;
  else if (ring->members != installed.members)
    found("W0", "{}: members {} in {}, which others installed with {}", text(process.id),
          text(installed.members), text(installed), text(ring->members));
  ring->installed = true;
}

void Checker::State::install_transitional(Index index, const Installed& installed) {
  ProcessTrace& process = trace.processes[index];
  const bool starts = !process.in;
  if (!process.ring || process.ring->id != installed.previous) {
    leave(process, false);
    if (RingTrace* ring = open(process.id, installed.previous, starts)) enter(index, *ring, starts);
  }
  if (process.ring) {
    auto& exits = process.ring->exits;
    const auto known = std::find_if(exits.begin(), exits.end(),
                                    [&](const Exit& exit) { return exit.to == installed.ring; });
    Stay& stay = process.ring->stays[process.stay];
    stay.exit = static_cast<Index>(known - exits.begin());
    stay.exit_begin = stay.acts.size();
    if (known == exits.end())
      exits.push_back({installed.ring, installed.members});
    else if (known->members != installed.members)
      found("W0", "{}: members {} in {}, which others installed with {}", text(process.id),
            text(installed.members), text(installed), text(known->members));
  }
  // A node comes into a ring from one ring: the transitional configurations that lead to a ring
  // have no member in common.
  RingTrace* next = open(process.id, installed.ring, false);
  if (!next) return;
  for (const NodeId node : installed.members) {
    const auto known = std::find_if(next->came_from.begin(), next->came_from.end(),
                                    [&](const auto& each) { return each.first == node; });
    if (known == next->came_from.end())
      next->came_from.emplace_back(node, installed.previous);
    else if (known->second != installed.previous)
      found("W2", "{} came into ring {} from ring {} and from ring {}", text(node),
            text(installed.ring), text(known->second), text(installed.previous));
  }
}

void Checker::State::take(Index index, const Installed& installed) {
  check_shape(trace.processes[index], installed);
  if (is_regular(installed))
    install_regular(index, installed);
  else
    install_transitional(index, installed);
  trace.processes[index].in = installed;
}

void Checker::State::take(Index index, const Judged& judged) {
  const ProcessTrace& process = trace.processes[index];
  const totem::RingId& ring = judged.place.ring;
  if (!process.in || !is_regular(*process.in) || process.in->ring != ring || !process.ring)
    return found("8.3", "{}: has a verdict on ring {} while in {}", text(process.id), text(ring),
                 process.in ? text(*process.in) : "no configuration");
  Lineage& lineage = trace.lineage[ring];
  lineage.quorate |= judged.quorate;
  lineage.fencing |= judged.fencing;
  const auto [at, is_new] = process.ring->verdicts.try_emplace(position(judged.place), judged.hash);
  if (!is_new && at->second != judged.hash)
    found("8.4", "{}: has another verdict at {} than others", text(process.id), text(judged.place));
}

void Checker::State::take(Index index, const Failed&) {
  trace.processes[index].failed = true;
  leave(trace.processes[index], true);
}

// --- rings that are over ---

// Its rings grow, so it will not come into one that is not above its newest.
bool Checker::State::came_as_far(NodeId node, const RingTrace& ring) const {
  const auto at = trace.nodes.find(node);
  return at != trace.nodes.end() && at->second.newest && !at->second.file_lost &&
         at->second.newest->seq >= ring.id.seq;
}

bool Checker::State::over(const RingTrace& ring) const {
  if (ring.stays_open > 0) return false;
  const auto far = [&](NodeId node) { return came_as_far(node, ring); };
  return std::all_of(ring.members.begin(), ring.members.end(), far) &&
         std::all_of(ring.came_from.begin(), ring.came_from.end(),
                     [&](const auto& each) { return far(each.first); }) &&
         std::all_of(ring.stays.begin(), ring.stays.end(),
                     [&](const Stay& stay) { return far(trace.processes[stay.process].id.node); });
}

Checker::Checker() : state_(std::make_unique<State>()) {}
Checker::~Checker() = default;

void Checker::add(const Process& id, const Event& event) {
  const Index index = state_->process(id);
  if (state_->trace.processes[index].failed)
    return state_->found("W4", "{}: an event after its end", text(id));
  std::visit([&](const auto& what) { state_->take(index, what); }, event);
}

void Checker::send(const Process& id, const totem::Place& place, totem::Guarantee guarantee,
                   std::span<const std::byte> payload) {
  add(id, Sent{place,
               {id.node, guarantee, node::payload_hash(payload),
                static_cast<std::uint32_t>(payload.size())}});
}

void Checker::deliver(const Process& id, const totem::Message& m) {
  add(id, Delivered{m.place,
                    {m.sender, m.guarantee, node::payload_hash(m.payload),
                     static_cast<std::uint32_t>(m.payload.size())}});
}

void Checker::configuration(const Process& id, const totem::Configuration& c) {
  Installed installed{c.kind, c.ring, c.previous, {}};
  for (const totem::Member& member : c.members) installed.members.push_back(member.node);
  add(id, installed);
}

void Checker::verdict(const Process& id, const totem::Place& place,
                      const membership::Verdict& verdict) {
  add(id, judged(place.ring, node::record_format::flat(place, verdict)));
}

void Checker::fail(const Process& id) {
  add(id, Failed{});
}

void Checker::file_lost(NodeId node) {
  state_->trace.nodes[node].file_lost = true;
}

void Checker::settle() {
  Trace& trace = state_->trace;
  std::erase_if(trace.rings, [&](const auto& each) {
    const RingTrace& ring = *each.second;
    if (!state_->over(ring)) return false;
    check_ring(trace, ring, false);
    trace.lineage.try_emplace(ring.id);
    trace.messages -= ring.messages.size();
    return true;
  });
}

const std::vector<Violation>& Checker::violations() const noexcept {
  return state_->trace.findings.list();
}

std::size_t Checker::messages() const noexcept {
  return state_->trace.messages;
}

std::vector<Violation> Checker::finish(bool quiescent) {
  Trace& trace = state_->trace;
  std::vector<const RingTrace*> open;
  for (const auto& [id, ring] : trace.rings) open.push_back(ring.get());
  std::sort(open.begin(), open.end(),
            [](const RingTrace* a, const RingTrace* b) { return a->id < b->id; });
  for (const RingTrace* ring : open) check_ring(trace, *ring, quiescent);
  if (quiescent) check_rest(trace);
  check_primary(trace);
  return trace.findings.list();
}

}  // namespace gyre::check
