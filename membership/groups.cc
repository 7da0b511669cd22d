#include "membership/groups.hh"

#include <algorithm>
#include <cassert>

#include "membership/barrier.hh"
#include "membership/difference.hh"
#include "membership/group_table.hh"

namespace gyre::membership {

namespace {

QuorumSettings with_kept(QuorumSettings settings, const KeptVotes& kept) noexcept {
  settings.highest_seen = settings.section ? kept.highest : kept.seen.size();
  return settings;
}

}  // namespace

struct Membership::State {
  State(NodeId own, const GroupLimits& limits, Sink& to, const QuorumSettings& settings,
        const KeptVotes& kept)
      : self(own),
        sink(to),
        views(own),
        section(settings.section),
        quorum(with_kept(settings, kept), own),
        seen(kept.seen),
        groups(limits),
        barrier(limits),
        difference(limits),
        leaving(make_array<const Group*>(limits.groups)),
        leaving_ids(make_array<GroupId>(limits.groups)) {}

  void complete() noexcept;
  void count_votes() noexcept;
  void apply(const wire::Join&, const totem::Message&) noexcept;
  void apply(const wire::Leave&, const totem::Message&) noexcept;
  void apply(const wire::ProcessDown&, const totem::Message&) noexcept;
  void apply(const wire::Data&, const totem::Message&) noexcept;
  void apply(const wire::Word& word, const totem::Message& message) noexcept {
    sink.word(message.sender, word);
  }
  void apply(const wire::Votes&, const totem::Message&) noexcept;
  QuorumChange change_votes(const wire::Votes&, NodeId sender) noexcept;
  void take_out(GroupId, const Process&, ChangeReason, const totem::Place&) noexcept;
  void count_missing(GroupId) noexcept;
  template <typename Request>
  void apply_if(const std::optional<Request>& request, const totem::Message& message) noexcept {
    if (request)
      apply(*request, message);
    else
      ++counters.malformed;
  }

  NodeId self;
  Sink& sink;
  GroupCounters counters;
  ViewHistory views;
  bool section;
  Quorum quorum;
  SeenNodes seen;                         // where there is no section
  totem::Seq list_at = totem::Seq::none;  // where the last list of the present view stands
  std::uint64_t verdicts = 0;             // that were told
  GroupTable groups;                      // as of the last complete barrier and the messages since
  bool open = false;  // that barrier is the one of the latest regular configuration
  Barrier barrier;
  Difference difference;
  Array<const Group*> leaving;  // the groups of a process that went down,
  Array<GroupId> leaving_ids;   // by name, while they are taken away one by one
};

Membership::Membership(NodeId self, const GroupLimits& limits, Sink& sink,
                       const QuorumSettings& settings, const KeptVotes& kept)
    : state_(std::make_unique<State>(self, limits, sink, settings, kept)) {}
Membership::~Membership() = default;

void Membership::configuration(const totem::Configuration& configuration) noexcept {
  State& state = *state_;
  if (configuration.kind == totem::Configuration::Kind::transitional) {
    state.barrier.abort();
    state.quorum.retire(configuration.stable >= state.list_at);
    state.views.transitional(configuration);
    state.sink.transitional(configuration);
    return;
  }
  state.open = false;
  state.quorum.retire(false);
  state.views.regular(configuration);
  state.barrier.start(configuration.ring, configuration.members, state.self, state.groups,
                      state.quorum.status(), state.seen.nodes());
}

void Membership::message(const totem::Message& message) noexcept {
  State& state = *state_;
  if (message.barrier) {
    if (!state.barrier.take(message.sender, message.payload, state.counters)) return;
    state.list_at = message.place.seq;
    state.complete();
    return;
  }
  if (!state.open) {
    ++state.counters.early;
    return;
  }
  switch (wire::kind(message.payload)) {
    case wire::Kind::data:
      return state.apply_if(wire::read_data(message.payload), message);
    case wire::Kind::join:
      return state.apply_if(wire::read_join(message.payload), message);
    case wire::Kind::leave:
      return state.apply_if(wire::read_leave(message.payload), message);
    case wire::Kind::process_down:
      return state.apply_if(wire::read_process_down(message.payload), message);
    case wire::Kind::word:
      return state.apply_if(wire::read_word(message.payload), message);
    case wire::Kind::votes:
      return state.apply_if(wire::read_votes(message.payload), message);
    case wire::Kind::none:
      break;
  }
  ++state.counters.malformed;
}

// The barrier is through: what the lists say takes the place of what this node knew.
void Membership::State::complete() noexcept {
  std::swap(groups, barrier.incoming());
  const GroupTable& before = barrier.incoming();
  open = true;
  ++counters.barriers;
  count_votes();
  View view = views.view();
  view.verdict = quorum.verdict();
  view.verdict_number = ++verdicts;
  sink.view(view);
  difference.report(before, groups, views, sink);
  difference.report_refused(before, groups, self, sink);
  views.complete();
  sink.barrier_done();
}

void Membership::State::count_votes() noexcept {
  if (!section) {
    for (const NodeId node : barrier.seen().nodes()) seen.add(node);
    for (const totem::Member& member : views.members()) seen.add(member.node);
    quorum.nodes_seen(seen.size());
  }
  quorum.view(views.ring(), barrier.votes());
}

void Membership::State::apply(const wire::Join& join, const totem::Message& message) noexcept {
  if (!groups.knows(message.sender)) {
    ++counters.unknown_sender;
    return;
  }
  const Process process{message.sender, join.pid, join.client};
  const Refusal refusal = groups.add(join.name, process);
  if (refusal != Refusal::none) {
    ++counters.refused;
    if (process.node == self) sink.join_refused(process, join.name, text(refusal));
    return;
  }
  const Group& group = *groups.find(group_id(join.name));
  const Change joined{process, ChangeReason::join};
  sink.group_change(
      {group.name(), group.id, message.place, groups.members(group), std::span(&joined, 1), {}});
}

void Membership::State::apply(const wire::Leave& leave, const totem::Message& message) noexcept {
  if (const auto process = groups.process(leave.group, message.sender, leave.client))
    take_out(leave.group, *process, leave.reason, message.place);
  else
    count_missing(leave.group);
}

void Membership::State::apply(const wire::ProcessDown& down,
                              const totem::Message& message) noexcept {
  std::size_t count = 0;
  for (const Group& group : groups.groups())
    if (groups.process(group.id, message.sender, down.client)) leaving[count++] = &group;
  std::sort(leaving.get(), leaving.get() + count,
            [](const Group* a, const Group* b) { return a->name() < b->name(); });
  const std::span ids(leaving_ids.get(), count);
  std::transform(leaving.get(), leaving.get() + count, ids.begin(),
                 [](const Group* group) { return group->id; });
  for (const GroupId id : ids)
    take_out(id, *groups.process(id, message.sender, down.client), ChangeReason::process_down,
             message.place);
}

void Membership::State::apply(const wire::Data& data, const totem::Message& message) noexcept {
  const auto sender = groups.process(data.group, message.sender, data.client);
  if (!sender) {
    count_missing(data.group);
    return;
  }
  const Group& group = *groups.find(data.group);
  sink.message({group.name(), group.id, groups.members(group), *sender, message.place,
                message.guarantee, data.payload});
}

void Membership::State::apply(const wire::Votes& votes, const totem::Message& message) noexcept {
  const Verdict before = quorum.verdict();
  // In a transitional configuration the members differ in what they deliver: nothing is changed.
  const bool late = !quorum.in_view() || votes.ring != views.ring();
  const QuorumChange answer = late ? QuorumChange::too_late : change_votes(votes, message.sender);
  if (quorum.verdict() != before) sink.verdict({message.place, quorum.verdict(), ++verdicts});
  if (message.sender == self && votes.request != 0) sink.votes_answered(votes.request, answer);
}

QuorumChange Membership::State::change_votes(const wire::Votes& votes, NodeId sender) noexcept {
  using What = wire::Votes::What;
  switch (votes.what) {
    case What::leaves:
      quorum.leaves(sender);
      break;
    case What::grown:
      quorum.grown(sender);
      break;
    case What::window_over:
      quorum.window_over();
      break;
    case What::device:
      quorum.device(sender,
                    {.registered = (votes.subject & wire::Votes::device_registered) != 0,
                     .alive = (votes.subject & wire::Votes::device_alive) != 0,
                     .votes = (votes.subject & wire::Votes::device_votes) != 0,
                     .master_wins = (votes.subject & wire::Votes::device_master_wins) != 0});
      break;
    case What::device_gone:
      quorum.device_gone(NodeId{votes.subject}, votes.number);
      break;
    case What::expected:
      return quorum.set_expected(votes.number);
    case What::votes:
      return quorum.set_votes(NodeId{votes.subject}, votes.number);
    case What::cancel_wait_for_all:
      quorum.cancel_wait_for_all();
      break;
  }
  return QuorumChange::done;
}

void Membership::State::take_out(GroupId id, const Process& process, ChangeReason reason,
                                 const totem::Place& place) noexcept {
  groups.remove(id, process);
  const Group& group = *groups.find(id);
  const Change left{process, reason};
  sink.group_change({group.name(), id, place, groups.members(group), {}, std::span(&left, 1)});
  groups.drop_if_empty(id);
}

void Membership::State::count_missing(GroupId id) noexcept {
  ++(groups.find(id) ? counters.not_a_member : counters.unknown_group);
}

std::span<const std::byte> Membership::barrier() const noexcept {
  return state_->barrier.list();
}
bool Membership::syncing() const noexcept {
  return !state_->open;
}

std::optional<std::string_view> Membership::name(GroupId id) const noexcept {
  const Group* group = state_->groups.find(id);
  if (!group) return std::nullopt;
  return group->name();
}

bool Membership::is_member(GroupId id, const Process& process) const noexcept {
  return state_->groups.process(id, process.node, process.client) == process;
}

void Membership::grow_up() noexcept {
  state_->quorum.grow_up();
}
const Quorum& Membership::quorum() const noexcept {
  return state_->quorum;
}

std::optional<Duration> Membership::consensus_of(NodeId member) const noexcept {
  const QuorumStatus* status = state_->barrier.status_of(member);
  if (!status || status->consensus == Duration::zero()) return std::nullopt;
  return status->consensus;
}

KeptVotes Membership::kept_votes() const noexcept {
  return {.highest = state_->quorum.verdict().highest_expected, .seen = state_->seen};
}
const GroupCounters& Membership::counters() const noexcept {
  return state_->counters;
}
std::size_t Membership::group_count() const noexcept {
  return state_->groups.groups().size();
}

Membership::GroupState Membership::group(std::size_t index) const noexcept {
  assert(index < group_count());
  const Group& group = state_->groups.groups()[index];
  return {group.name(), group.id, state_->groups.members(group)};
}

}  // namespace gyre::membership
