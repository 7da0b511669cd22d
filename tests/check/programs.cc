// What programs ask for, the views that they see, and how they end.
#include "tests/check/programs.hh"

#include <fmt/format.h>

#include <algorithm>

#include "tests/check/program_trace.hh"

namespace gyre::check {

namespace {

bool same(std::span<const totem::Member> a, std::span<const totem::Member> b) {
  return std::ranges::equal(a, b);
}

bool has(std::span<const totem::Member> members, NodeId node) {
  return std::ranges::find(members, node, &totem::Member::node) != members.end();
}

}  // namespace

std::string text(const Program& program) {
  return fmt::format("program {} of {} (start {:016x})", program.client, text(program.node),
                     program.incarnation);
}
std::string text(const Peer& peer) {
  return fmt::format("program {} of {}", peer.client, text(peer.node));
}

const totem::Member* ViewTrace::member(NodeId node) const {
  const auto found = std::ranges::find(members, node, &totem::Member::node);
  return found == members.end() ? nullptr : &*found;
}

ProgramTrace* Programs::State::connected(const Program& id, const char* does) {
  const auto known = program_of.find(id);
  if (known != program_of.end())
    if (ProgramTrace& program = programs.at(known->second); !program.ended) return &program;
  found("9 ended", "{}: {} when it is not connected", text(id), does);
  return nullptr;
}

ViewTrace* Programs::State::view(const ProgramTrace& program) {
  const auto found = program.view ? views.find(*program.view) : views.end();
  return found == views.end() ? nullptr : &found->second;
}

Programs::Programs() : state_(std::make_unique<State>()) {}
Programs::~Programs() = default;

// --- requests ---

void Programs::started(const Program& id) {
  State& state = *state_;
  const auto [known, is_new] = state.program_of.try_emplace(id, state.programs_ever);
  if (!is_new) return state.found("9 ended", "{}: starts again", text(id));
  if (NodeOfPrograms& node = state.nodes[id.node]; node.incarnation != id.incarnation) {
    state.left_behind.insert(state.left_behind.end(), node.held.begin(), node.held.end());
    node.held.clear();
    node.incarnation = id.incarnation;
    state.forget_oldest();
  }
  state.programs[state.programs_ever].id = id;
  state.starts[peer(id)].push_back(state.programs_ever);
  state.living.push_back(state.programs_ever);
  ++state.programs_ever;
}

void Programs::joining(const Program& id, std::string_view group) {
  if (ProgramTrace* program = state_->connected(id, "joins"))
    ++program->groups[std::string(group)].joins;
}

void Programs::leaving(const Program& id, std::string_view group) {
  ProgramTrace* program = state_->connected(id, "leaves");
  if (!program) return;
  Membership& membership = program->groups[std::string(group)];
  membership.left = membership.joins;
}

void Programs::sent(const Program& id, std::string_view group, totem::Guarantee guarantee,
                    std::uint64_t hash, std::uint32_t length) {
  ProgramTrace* program = state_->connected(id, "sends");
  if (!program) return;
  MessageOfProgram message{state_->program_of.at(id), std::string(group), guarantee, length,
                           ++program->sent,           std::nullopt};
  if (!state_->messages.try_emplace(hash, std::move(message)).second)
    return state_->found("9 once", "{}: a payload like one before: the run cannot be checked",
                         text(id));
  Membership& membership = program->groups[std::string(group)];
  membership.outstanding.push_back({hash, membership.joins, false});
}

// --- views ---

// All who took one way out of a view have seen the same in it, as far as they were members.
void Programs::State::end_part(ProgramTrace& program) {
  ViewTrace* const in = view(program);
  if (!in || !program.exit) return;
  for (auto& [name, membership] : program.groups) {
    if (!membership.member) continue;
    GroupLog& log = program.exit->groups[name];
    if (!log.ended) {
      log.ended = true;
      log.last = membership.at;
    } else if (log.last != membership.at) {
      found("9 together",
            "{}: leaves ring {} with another last message or change in group {} than "
            "others that went the same way",
            text(program.id), text(in->ring), name);
    }
  }
}

void Programs::transitional(const Program& id, const totem::RingId& ring,
                            const totem::RingId& previous, std::span<const totem::Member> members) {
  State& state = *state_;
  ProgramTrace* program = state.connected(id, "sees a transitional configuration");
  if (!program) return;
  program->over = previous;
  std::erase_if(program->along, [&](NodeId node) { return !has(members, node); });
  program->narrowed = true;
  state.end_part(*program);
  program->exit = nullptr;
  ViewTrace* const view = state.view(*program);
  if (!view || view->ring != previous) return;
  auto exit = std::ranges::find(view->exits, ring, &ViewExit::to);
  if (exit == view->exits.end())
    exit = view->exits.insert(exit, {ring, {members.begin(), members.end()}, {}});
  else if (!same(exit->members, members))
    state.found("9 order", "{}: comes from ring {} to {} with other members than others", text(id),
                text(previous), text(ring));
  program->exit = &*exit;
  for (auto& [name, membership] : program->groups) {
    if (!membership.member) continue;
    const auto [end, is_first] = view->regular_ends.try_emplace({ring, name}, membership.at);
    if (!is_first && end->second != membership.at)
      state.found("9 together",
                  "{}: leaves the regular part of ring {} with another last message "
                  "or change in group {} than others that went the same way",
                  text(id), text(previous), name);
    membership.at.reset();
    membership.from_start = true;
  }
}

// Who comes after its node's first view is told that view without news, and then its daemon alone
// knows who came along to the next.
void Programs::State::check_news(const ProgramTrace& program,
                                 std::span<const totem::Member> members, const ViewNews& news) {
  std::vector<NodeId> joined, left;
  const ViewTrace* const before = view(program);
  const auto stayed = [&](NodeId node) {
    if (!program.narrowed) return before && node == program.id.node;
    return std::ranges::find(program.along, node) != program.along.end();
  };
  for (const totem::Member& member : members)
    if (!stayed(member.node)) joined.push_back(member.node);
  if (before)
    for (const totem::Member& member : before->members)
      if (!stayed(member.node)) left.push_back(member.node);
  const bool no_news = news.joined.empty() && news.left.empty();
  const bool fits = news.joined == joined && news.left == left;
  if (!fits && (before ? program.follows : !no_news))
    found("9 view", "{}: is told that {} nodes joined and {} left, not {} and {}", text(program.id),
          news.joined.size(), news.left.size(), joined.size(), left.size());
  const auto oldest = std::ranges::min_element(members, {}, [](const totem::Member& member) {
    return std::pair(member.since, member.node);
  });
  if (oldest != members.end() && news.oldest != oldest->node)
    found("9 view", "{}: a view says that {} is the oldest, but that is {}", text(program.id),
          text(news.oldest), text(oldest->node));
}

void Programs::judged(const Program& id, const totem::Place& place, std::uint64_t number,
                      std::uint64_t verdict) {
  State& state = *state_;
  ProgramTrace* program = state.connected(id, "is told a verdict");
  if (!program) return;
  if (program->view != place.ring || program->narrowed)
    return state.found("9 verdict", "{}: is told a verdict on ring {}, which it is not in",
                       text(id), text(place.ring));
  if (number != program->verdict + 1)
    state.found("9 verdict", "{}: is told verdict {} after {}", text(id), number, program->verdict);
  program->verdict = number;
  const auto [at, is_new] =
      state.views.at(place.ring).verdicts.try_emplace(position(place), verdict);
  if (!is_new && at->second != verdict)
    state.found("9 verdict", "{}: is told another verdict at {} than others", text(id),
                text(place));
}

void Programs::unread(const Program& id, Duration since, Duration allowed) {
  if (since > allowed && state_->connected(id, "reads nothing"))
    state_->found("9 stalled", "{}: has taken no event for {} ms, and is not cut off", text(id),
                  since.count() / 1'000'000);
}

void Programs::viewed(const Program& id, const totem::RingId& ring,
                      std::span<const totem::Member> members, const ViewNews* news) {
  State& state = *state_;
  ProgramTrace* program = state.connected(id, "sees a view");
  if (!program) return;
  if (!has(members, id.node) || (program->view && *program->view >= ring))
    state.found("9 order", "{}: sees the view of ring {} that is not its own or not newer",
                text(id), text(ring));
  if (program->over && *program->over >= ring)
    state.found("9 view", "{}: sees the view of ring {} when that ring is over", text(id),
                text(ring));
  if (news) state.check_news(*program, members, *news);
  if (news) program->verdict = news->verdict;
  program->follows = program->view || (news && !news->joined.empty());
  state.end_part(*program);
  const auto [view, is_new] = state.views.try_emplace(ring);
  if (is_new) {
    view->second.ring = ring;
    view->second.members.assign(members.begin(), members.end());
  } else if (!same(view->second.members, members)) {
    state.found("9 order", "{}: sees ring {} with other members than others", text(id), text(ring));
  }
  program->view = ring;
  state.begin_view(*program);
  state.drop_views();
}

// Whoever did not come along must be seen to leave, even who is back already.
void Programs::State::begin_view(ProgramTrace& program) {
  ViewTrace& view = views.at(*program.view);
  view.lives[program.id.node] = program.id.incarnation;
  if (!program.narrowed) program.along = {program.id.node};
  for (auto& [name, membership] : program.groups) {
    if (!membership.stale.empty())
      found("9 pause", "{}: was not told before the view of ring {} that {} left group {}",
            text(program.id), text(view.ring), text(membership.stale.front()), name);
    membership.stale.clear();
    if (!membership.member) continue;
    for (const Peer& each : membership.members)
      if (!view.member(each.node) ||
          std::ranges::find(program.along, each.node) == program.along.end())
        membership.stale.push_back(each);
    membership.at.reset();
    membership.from_start = true;
  }
  program.exit = nullptr;
  program.at = {};
  program.narrowed = false;
  program.along.clear();
  for (const totem::Member& member : view.members) program.along.push_back(member.node);
  // A node that has joined another ring is known by when it did so.
  if (const auto since = view.member(program.id.node) ? view.member(program.id.node)->since : 0)
    lines.try_emplace({program.id.node, since}, program.id.incarnation);
  std::erase_if(program.received, [&](const auto& each) {
    const auto sender = programs.find(each.first);
    return sender == programs.end();
  });
}

void Programs::State::forget(const GroupLog::Entry& entry) {
  if (entry.message) messages.erase(entry.content);
}

// 0: long forgotten.
std::uint64_t Programs::State::number_of(std::uint64_t hash) const {
  const auto message = messages.find(hash);
  return message == messages.end() ? 0 : message->second.number;
}

// A view is needed while a program is in it, or may yet come to it: one that reads slowly.
void Programs::State::drop_views() {
  for (auto at = views.begin(); at != views.end();) {
    const ViewTrace& view = at->second;
    const bool needed = std::ranges::any_of(living, [&](Index index) {
      const ProgramTrace& program = programs.at(index);
      return view.member(program.id.node) && (!program.view || *program.view <= view.ring);
    });
    if (needed) {
      ++at;
      continue;
    }
    for (const auto& [name, log] : view.groups)
      for (const auto& [position, entry] : log.entries) forget(entry);
    for (const ViewExit& exit : view.exits)
      for (const auto& [name, log] : exit.groups)
        for (const auto& [position, entry] : log.entries) forget(entry);
    at = views.erase(at);
  }
}

// --- ends ---

// Others may still receive what it sent, and list it.
void Programs::State::bury(ProgramTrace& program) {
  program.ended = true;
  std::erase(living, program_of.at(program.id));
  NodeOfPrograms& node = nodes[program.id.node];
  auto& behind = node.incarnation == program.id.incarnation ? node.held : left_behind;
  for (auto& [name, membership] : program.groups) {
    for (const auto& sent : membership.outstanding) behind.push_back(sent.hash);
    const std::uint64_t joins = membership.joins;
    membership = {};
    membership.joins = joins;
  }
  program.received.clear();
  forget_oldest();
  over.push_back(program_of.at(program.id));
  if (over.size() <= left_behind_max) return;
  const auto oldest = programs.find(over.front());
  over.pop_front();
  auto& named = starts[peer(oldest->second.id)];
  std::erase(named, oldest->first);
  if (named.empty()) starts.erase(peer(oldest->second.id));
  program_of.erase(oldest->second.id);
  programs.erase(oldest);
}

void Programs::State::forget_oldest() {
  while (left_behind.size() > left_behind_max) {
    const auto message = messages.find(left_behind.front());
    if (message != messages.end() && !message->second.place) messages.erase(message);
    left_behind.pop_front();
  }
}

void Programs::ended(const Program& id, ProgramEnd ending) {
  ProgramTrace* program = state_->connected(id, "ends");
  if (!program) return;
  if (ending == ProgramEnd::accused)
    state_->found("9 accused", "{}: is cut off for what it wrote", text(id));
  state_->bury(*program);
  state_->drop_views();
}

void Programs::file_lost(NodeId node) {
  state_->nodes[node].file_lost = true;
}

const std::vector<Violation>& Programs::violations() const noexcept {
  return state_->findings.list();
}

bool Programs::State::awaits(const Membership& membership) {
  return membership.answers < membership.joins ||
         std::ranges::any_of(membership.outstanding,
                             [](const auto& each) { return !each.excused; });
}

bool Programs::waits(const Program& id) const {
  const auto known = state_->program_of.find(id);
  if (known == state_->program_of.end()) return false;
  const auto& groups = state_->programs.at(known->second).groups;
  return std::ranges::any_of(groups, [](const auto& each) { return State::awaits(each.second); });
}

std::size_t Programs::messages() const noexcept {
  return state_->messages.size();
}

std::vector<Violation> Programs::finish(bool quiescent) {
  State& state = *state_;
  if (!quiescent) return state.findings.list();
  for (const Index index : state.living) {
    const ProgramTrace& program = state.programs.at(index);
    const Program& id = program.id;
    const ViewTrace* const view = state.view(program);
    for (const auto& [name, membership] : program.groups) {
      if (membership.answers < membership.joins)
        state.found("9 answered", "{}: asked to join group {}, and was never answered", text(id),
                    name);
      for (const auto& sent : membership.outstanding)
        if (!sent.excused)
          state.found("9 accepted", "{}: message {} to group {} was accepted and never came back",
                      text(id), state.number_of(sent.hash), name);
      if (!membership.stale.empty())
        state.found("9 pause", "{}: was never told that {} left group {}", text(id),
                    text(membership.stale.front()), name);
      if (!membership.member || !view || !view->groups.contains(name)) continue;
      const GroupLog& log = view->groups.find(name)->second;
      const bool behind = membership.at ? log.entries.at(*membership.at).next.has_value()
                                        : membership.from_start && log.first.has_value();
      if (behind && !program.exit)
        state.found("9 together", "{}: rests in ring {} without what others saw in group {}",
                    text(id), text(view->ring), name);
    }
  }
  return state.findings.list();
}

}  // namespace gyre::check
