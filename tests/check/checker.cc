// Takes the events, and checks what one process' own events can show.
#include "tests/check/checker.hh"

#include <fmt/format.h>

#include <algorithm>

#include "node/record.hh"
#include "tests/check/trace.hh"

namespace gyre::check {

struct Checker::State {
  Trace trace;
  Findings findings;

  Index process(const Process& id);
  Index message(const totem::Place& place, const Content& content);
  Index configuration(const Process& id, const Installed& installed);

  void take(Index process, const Sent& sent);
  void take(Index process, const Delivered& delivered);
  void take(Index process, const Installed& installed);
  void take(Index process, const Failed&) { trace.processes[process].failed = true; }
  void take(Index process, const Truncated&) { trace.processes[process].truncated = true; }

  const ConfigurationTrace* current(const ProcessTrace& process) const {
    return process.installs.empty() ? nullptr : &trace.configuration(process.installs.back());
  }
  // Where the process stands in `ring`; a default position if it did nothing there yet.
  Position last(const std::vector<Index>& messages, const totem::RingId& ring) const {
    if (messages.empty()) return {};
    const totem::Place& place = trace.messages[messages.back()].place;
    return place.ring == ring ? position(place) : Position{};
  }
  void check_first(const ProcessTrace& process, const Installed& installed);
  void check_shape(const ProcessTrace& process, const Installed& installed);
};

Index Checker::State::process(const Process& id) {
  const auto [found, is_new] =
      trace.process_of.try_emplace(id, static_cast<Index>(trace.processes.size()));
  if (is_new) trace.processes.emplace_back().id = id;
  return found->second;
}

Index Checker::State::message(const totem::Place& place, const Content& content) {
  const auto [found, is_new] =
      trace.message_at.try_emplace(place, static_cast<Index>(trace.messages.size()));
  if (is_new) {
    MessageTrace& made = trace.messages.emplace_back();
    made.place = place;
    made.content = content;
  }
  return found->second;
}

// The one configuration of this id, which must be alike wherever it is installed.
Index Checker::State::configuration(const Process& id, const Installed& installed) {
  const auto next = static_cast<Index>(trace.configurations.size());
  const bool regular = installed.kind == totem::Configuration::Kind::regular;
  Index found = 0;
  if (regular)
    found = trace.regular_of.try_emplace(installed.ring, next).first->second;
  else
    found =
        trace.transitional_of.try_emplace({installed.ring, installed.previous}, next).first->second;
  if (found == next)
    trace.configurations.push_back(
        {installed.kind, installed.ring, installed.previous, installed.members});
  else if (const auto& known = trace.configurations[found]; known.members != installed.members)
    findings.add("W0", fmt::format("{}: members {} in {}, which others installed with {}", text(id),
                                   text(installed.members), text(known), text(known.members)));
  return found;
}

void Checker::State::take(Index index, const Sent& sent) {
  ProcessTrace& process = trace.processes[index];
  const ConfigurationTrace* in = current(process);
  const auto& [place, content] = sent;
  if (!in || !in->regular())
    findings.add("1.4", fmt::format("{}: sends {} outside a regular configuration",
                                    text(process.id), text(place)));
  else if (in->ring != place.ring)
    findings.add("2.2", fmt::format("{}: sends {} while in ring {}", text(process.id), text(place),
                                    text(in->ring)));
  const Position known = last(process.deliveries, place.ring);
  if (position(place) <= std::max(known, last(process.sends, place.ring)))
    findings.add("1.1", fmt::format("{}: sends {} after it sent or delivered a later place",
                                    text(process.id), text(place)));

  const Index at = message(place, content);
  MessageTrace& message = trace.messages[at];
  if (message.sent_by != none) {
    findings.add("1.4", fmt::format("{}: sends {}, which {} had sent", text(process.id),
                                    text(place), text(trace.processes[message.sent_by].id)));
    return;
  }
  if (message.content != content || content.sender != process.id.node)
    findings.add("1.3", fmt::format("{}: what was delivered as {} is not what it sent",
                                    text(process.id), text(place)));
  message.content = content;
  message.sent_by = index;
  message.known = known;
  process.sends.push_back(at);
}

void Checker::State::take(Index index, const Delivered& delivered) {
  ProcessTrace& process = trace.processes[index];
  const ConfigurationTrace* in = current(process);
  const auto& [place, content] = delivered;
  const Index at = message(place, content);
  MessageTrace& message = trace.messages[at];
  message.delivered = true;
  if (message.content != content)
    findings.add("1.3", fmt::format("{}: delivers {} otherwise than it was sent or delivered",
                                    text(process.id), text(place)));

  const bool out_of_place = !in || place.ring != (in->regular() ? in->ring : in->previous);
  const bool out_of_order = position(place) <= last(process.deliveries, place.ring);
  if (!out_of_place && !out_of_order) {
    process.deliveries.push_back(at);
    return;
  }
  const auto& before = process.deliveries;
  if (std::find(before.begin(), before.end(), at) != before.end())
    findings.add("1.4", fmt::format("{}: delivers {} twice", text(process.id), text(place)));
  else if (out_of_place)
    findings.add("2.2", fmt::format("{}: delivers {} while in {}", text(process.id), text(place),
                                    in ? text(*in) : "no configuration"));
  else
    findings.add("6.1",
                 fmt::format("{}: delivers {} after a later place", text(process.id), text(place)));
}

// A process comes from a ring of its own, which it may have installed or not.
void Checker::State::check_first(const ProcessTrace& process, const Installed& installed) {
  const std::vector<NodeId> alone{process.id.node};
  if (installed.members != alone)
    findings.add("W3", fmt::format("{}: starts in ring {} with {}, not alone", text(process.id),
                                   text(installed.ring), text(installed.members)));
}

void Checker::State::check_shape(const ProcessTrace& process, const Installed& installed) {
  const auto bad = [&](const char* why) {
    findings.add("W2", fmt::format("{}: installs ring {} from {} with {}: {}", text(process.id),
                                   text(installed.ring), text(installed.previous),
                                   text(installed.members), why));
  };
  const auto& members = installed.members;
  if (!std::binary_search(members.begin(), members.end(), process.id.node))
    bad("it is not a member");
  if (std::adjacent_find(members.begin(), members.end(), std::greater_equal<>()) != members.end())
    bad("members are not in ascending order");

  const bool regular = installed.kind == totem::Configuration::Kind::regular;
  const ConfigurationTrace* in = current(process);
  if (!in) return check_first(process, installed);
  if (regular == in->regular()) return bad("regular and transitional ones do not take turns");
  if (regular) {
    // What came before it may differ from member to member: it is compared at this process only.
    if (in->ring != installed.ring) bad("its transitional configuration led to another ring");
    if (in->previous != installed.previous) bad("its transitional one came from another ring");
    if (!std::includes(members.begin(), members.end(), in->members.begin(), in->members.end()))
      bad("a member of its transitional configuration is missing");
  } else {
    if (in->ring != installed.previous) bad("this process was in another ring");
    if (!std::includes(in->members.begin(), in->members.end(), members.begin(), members.end()))
      bad("a member of the transitional configuration was not in the ring that it comes from");
  }
}

void Checker::State::take(Index index, const Installed& installed) {
  ProcessTrace& process = trace.processes[index];
  check_shape(process, installed);
  if (installed.kind == totem::Configuration::Kind::regular) {
    const auto [newest, is_first] = trace.newest_ring.try_emplace(process.id.node, installed.ring);
    if (!is_first && newest->second.seq >= installed.ring.seq)
      findings.add("W1", fmt::format("{}: installs ring {} after ring {}", text(process.id),
                                     text(installed.ring), text(newest->second)));
    newest->second = installed.ring;
  }
  const Index at = configuration(process.id, installed);
  process.installs.push_back({at, process.sends.size(), process.deliveries.size()});
}

Checker::Checker() : state_(std::make_unique<State>()) {}
Checker::~Checker() = default;

void Checker::add(const Process& id, const Event& event) {
  const Index index = state_->process(id);
  if (state_->trace.processes[index].failed) {
    state_->findings.add("W4", fmt::format("{}: an event after its end", text(id)));
    return;
  }
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

void Checker::fail(const Process& id) {
  add(id, Failed{});
}

const std::vector<Violation>& Checker::violations() const noexcept {
  return state_->findings.list();
}

std::vector<Violation> Checker::finish(bool quiescent) {
  check_whole(state_->trace, quiescent, state_->findings);
  return state_->findings.list();
}

}  // namespace gyre::check
