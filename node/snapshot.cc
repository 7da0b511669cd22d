// What a node tells of itself: its counters by name.

#include "node/node.hh"

namespace gyre::node {
namespace {

template <typename Counters>
struct Named {
  const char* name;
  std::uint64_t Counters::*value;
};

using R = totem::Counters;
constexpr Named<R> ring_names[] = {
    {"tokens_received", &R::tokens_received},
    {"tokens_sent", &R::tokens_sent},
    {"tokens_retransmitted", &R::tokens_retransmitted},
    {"token_duplicates", &R::token_duplicates},
    {"tokens_foreign", &R::tokens_foreign},
    {"data_received", &R::data_received},
    {"data_sent", &R::data_sent},
    {"data_duplicates", &R::data_duplicates},
    {"data_foreign", &R::data_foreign},
    {"data_outside_window", &R::data_outside_window},
    {"data_stale", &R::data_stale},
    {"retransmits_requested", &R::retransmits_requested},
    {"retransmits_sent", &R::retransmits_sent},
    {"recovered_sent", &R::recovered_sent},
    {"messages_delivered", &R::messages_delivered},
    {"joins_received", &R::joins_received},
    {"joins_sent", &R::joins_sent},
    {"joins_stale", &R::joins_stale},
    {"joins_paused", &R::joins_paused},
    {"joins_held_down", &R::joins_held_down},
    {"joins_frame_size", &R::joins_frame_size},
    {"joins_ring_seq", &R::joins_ring_seq},
    {"joins_deaf", &R::joins_deaf},
    {"joins_divisive", &R::joins_divisive},
    {"commit_tokens_received", &R::commit_tokens_received},
    {"commit_tokens_sent", &R::commit_tokens_sent},
    {"commit_tokens_refused", &R::commit_tokens_refused},
    {"merge_detects_received", &R::merge_detects_received},
    {"merge_detects_sent", &R::merge_detects_sent},
    {"hold_cancels_received", &R::hold_cancels_received},
    {"hold_cancels_sent", &R::hold_cancels_sent},
    {"holds", &R::holds},
    {"hand_offs", &R::hand_offs},
    {"lingers", &R::lingers},
    {"malformed", &R::malformed},
    {"malformed_items", &R::malformed_items},
    {"no_frames", &R::no_frames},
    {"gathers", &R::gathers},
    {"rings_installed", &R::rings_installed},
    {"token_losses", &R::token_losses},
    {"pauses", &R::pauses},
    {"rotations", &R::rotation_count},
};

using T = TransportCounters;
constexpr Named<T> transport_names[] = {
    {"sent", &T::sent},
    {"received", &T::received},
    {"sent_bytes", &T::sent_bytes},
    {"received_bytes", &T::received_bytes},
    {"system_calls", &T::system_calls},
    {"dropped_no_buffer", &T::dropped_no_buffer},
    {"dropped_truncated", &T::dropped_truncated},
    {"dropped_unresolved", &T::dropped_unresolved},
    {"dropped_stalled", &T::dropped_stalled},
    {"dropped_error", &T::dropped_error},
    {"dropped_source", &T::dropped_source},
    {"dropped_kernel", &T::dropped_kernel},
};

using G = membership::GroupCounters;
constexpr Named<G> group_names[] = {
    {"malformed", &G::malformed},
    {"unknown_group", &G::unknown_group},
    {"not_a_member", &G::not_a_member},
    {"refused", &G::refused},
    {"unknown_sender", &G::unknown_sender},
    {"early", &G::early},
    {"stale_barrier", &G::stale_barrier},
    {"lists", &G::lists},
    {"barriers", &G::barriers},
};

using N = NodeCounters;
constexpr Named<N> node_names[] = {
    {"turns", &N::turns},
    {"dropped_unlisted", &N::dropped_unlisted},
    {"dropped_peers_full", &N::dropped_peers_full},
    {"dropped_namesake", &N::dropped_namesake},
    {"gathers", &N::gathers},
    {"gathers_in_a_row", &N::gathers_in_a_row},
    {"commits", &N::commits},
    {"recoveries", &N::recoveries},
    {"operationals", &N::operationals},
    {"tokens_lost_in_commit", &N::tokens_lost_in_commit},
    {"tokens_lost_in_recovery", &N::tokens_lost_in_recovery},
};

// `others` of them are told elsewhere; all are told.
template <std::size_t others = 0, typename Counters, std::size_t count>
void add(Snapshot& page, const char* group, const Named<Counters> (&names)[count],
         const Counters& counters) {
  static_assert(sizeof(Counters) == (count + others) * sizeof(std::uint64_t));
  for (const Named<Counters>& counter : names)
    page.add(group, counter.name, counters.*counter.value);
}

std::uint64_t nanoseconds(Time time) noexcept {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

}  // namespace

void Node::tell_members(Snapshot& page) const noexcept {
  const auto add_member = [&](const totem::Member& member) {
    if (page.known_count == page.members.size()) return;
    Snapshot::Member& entry = page.members[page.known_count++];
    entry = {.member = member,
             .votes = membership_.quorum().votes_of(member.node),
             .device = membership_.quorum().device_of(member.node)};
    const auto index = peers_.find(member.node);
    if (!index) return;
    const Known& known = known_[at(*index)];
    entry.joins = known.joins;
    entry.frames = known.frames;
    entry.heard = known.heard == Time::min() ? 0 : nanoseconds(known.heard);
    entry.addresses = addresses_[at(*index)];
    entry.first = known.first;
  };
  page.known_count = 0;
  for (const totem::Member& member : std::span(view_members_).first(view_size_)) add_member(member);
  page.member_count = page.known_count;
  for (std::size_t i = 0; i < peers_.count(); ++i)
    if (known_[i].joins > 0 && !known_[i].member) add_member({.node = peers_.id(NodeIndex(i))});
}

void Node::tell_programs(Snapshot& page) const noexcept {
  std::uint64_t requests = counters_.requests, events = counters_.events;
  page.program_count = 0;
  ports_.each([&](const ClientPort& port) {
    requests += port.counters().requests;
    events += port.counters().events;
    if (page.program_count == page.programs.size()) return;
    page.programs[page.program_count++] = {.process = port.process(),
                                           .waits = port.stuck(),
                                           .requests = port.counters().requests,
                                           .events = port.counters().events};
  });
  page.add("clients", "requests", requests);
  page.add("clients", "events", events);
}

void Node::snapshot(Snapshot& page, Time now) const noexcept {
  page.self = peers_.self();
  page.state = text(ring_.state()).data();
  page.ring = ring_.ring();
  page.view = view_number_;
  page.verdict = membership_.quorum().verdict();
  const Time lease = lease_until();
  page.lease = lease == Time::min() ? 0 : nanoseconds(lease);
  page.started = nanoseconds(started_);
  page.taken = nanoseconds(now);
  page.client_count = static_cast<std::uint32_t>(ports_.size());
  if (ring_.last_visit() != Time::min()) page.token = nanoseconds(ring_.last_visit());
  if (const totem::wire::Token* token = ring_.token()) {
    page.seq = totem::number(token->seq);
    page.aru = totem::number(token->aru);
    page.aru_owner = token->aru_owner;
    page.frames = token->fcc;
    page.backlog = token->backlog;
  }
  page.rotations = rotations_;
  page.pauses = pauses_;
  tell_members(page);
  tell_rotation(page);
  page.counter_count = 0;
  add<4>(page, "node", node_names, counters_);  // but for those of clients
  tell_programs(page);
  page.add("clients", "opened", counters_.clients_opened);
  page.add("clients", "cut_off", counters_.clients_cut_off);
  add(page, "ring", ring_names, ring_.counters());
  page.add("groups", "count", membership_.group_count());
  add(page, "groups", group_names, membership_.counters());
  add(page, "transport", transport_names, transport_.counters());
}

void Node::dump(Time now) {
  Snapshot page;
  snapshot(page, now);
  log_.write(now, LogLevel::info, "state: node {}, {}, ring {}.{}, view {}, {} members, {} clients",
             static_cast<std::uint32_t>(page.self), page.state,
             static_cast<std::uint32_t>(page.ring.representative), page.ring.seq, page.view,
             page.member_count, page.client_count);
  for (const Snapshot::Member& entry : std::span(page.members).first(page.member_count))
    log_.write(now, LogLevel::info, "state: member {} since {}",
               static_cast<std::uint32_t>(entry.member.node), entry.member.since);
  for (const Snapshot::Counter& counter : std::span(page.counters).first(page.counter_count))
    if (counter.value != 0)
      log_.write(now, LogLevel::info, "state: {}.{} {}", counter.group, counter.name,
                 counter.value);
}

}  // namespace gyre::node
