// What programs see of their groups: messages, and who is in them.
#include <fmt/format.h>

#include <algorithm>

#include "tests/check/program_trace.hh"

namespace gyre::check {

namespace {

std::uint64_t content_of(std::span<const Peer> members) {
  std::uint64_t content = 1;
  for (const Peer& member : members)
    content = mixed(content ^ (static_cast<std::uint64_t>(member.node) << 32 | member.client));
  return content;
}

bool contains(std::span<const Peer> peers, const Peer& peer) {
  return std::ranges::find(peers, peer) != peers.end();
}

}  // namespace

// --- the one order ---

void Programs::State::check_place(const ProgramTrace& program, const Membership& membership,
                                  const totem::Place& place) {
  if (!program.view || *program.view != place.ring)
    found("9 order", "{}: sees {} while in the view of ring {}", text(program.id), text(place),
          program.view ? text(*program.view) : "none");
  else if (position(place) < program.at || (membership.at && position(place) == *membership.at))
    found("9 order", "{}: sees {} after a later place", text(program.id), text(place));
}

// What a member sees next is what all saw next who were members from its last one on.
void Programs::State::follow(ProgramTrace& program, const std::string& group,
                             const totem::Place& place, std::uint64_t content, bool message) {
  Membership& membership = program.groups[group];
  check_place(program, membership, place);
  program.at = position(place);
  ViewTrace* const in = view(program);
  if (!in || in->ring != place.ring) return;
  GroupLog& log = program.exit ? program.exit->groups[group] : in->groups[group];
  const Position now = position(place);
  GroupLog::Entry& entry =
      log.entries.try_emplace(now, GroupLog::Entry{content, message, {}}).first->second;
  if (entry.content != content)
    found("9 order", "{}: sees something else at {} in group {} than others", text(program.id),
          text(place), group);
  std::optional<Position>* next = nullptr;
  if (membership.at) {
    const auto last = log.entries.find(*membership.at);
    if (last != log.entries.end()) next = &last->second.next;
  } else if (membership.from_start) {
    next = &log.first;
  }
  if (next && *next && **next != now)
    found("9 order", "{}: sees {} in group {} where others saw {}.{}", text(program.id),
          text(place), group, number((*next)->seq), (*next)->index);
  if (next && !*next) *next = now;
  membership.at = now;
  if (!program.exit && messages.size() > in->trimmed_at + trim_after) trim(*in);
}

// Up to where no one will come back to in this group; nothing if someone may be anywhere. Who is
// not a member and has not asked to be will join behind all that anyone has seen.
std::optional<Position> Programs::State::passed(const ViewTrace& view,
                                                const std::string& group) const {
  std::optional<Position> lowest = Position{totem::Seq{~std::uint64_t{}}, 0};
  for (const Index index : living) {
    const ProgramTrace& program = programs.at(index);
    const auto membership = program.groups.find(group);
    if (!view.member(program.id.node) || membership == program.groups.end()) continue;
    const bool waits = membership->second.joins > membership->second.answers;
    if (!membership->second.member && !waits) continue;
    if (program.view && (*program.view > view.ring || (*program.view == view.ring && program.exit)))
      continue;
    if (program.view != view.ring || !membership->second.at) return std::nullopt;
    lowest = std::min(lowest, membership->second.at);
  }
  return lowest;
}

void Programs::State::trim(ViewTrace& view) {
  for (auto& [name, log] : view.groups) {
    const auto low = passed(view, name);
    if (!low) continue;
    const auto end = log.entries.lower_bound(*low);
    for (auto at = log.entries.begin(); at != end; at = log.entries.erase(at)) forget(at->second);
  }
  view.trimmed_at = messages.size();
}

// --- messages ---

void Programs::State::check_content(const ProgramTrace& program, const totem::Place& place,
                                    const Peer& sender, std::string_view group,
                                    MessageOfProgram& message) {
  const Program& from = programs.at(message.sender).id;
  if (peer(from) != sender || message.group != group)
    found("9 content", "{}: receives as of {} in group {} what {} sent to group {}",
          text(program.id), text(sender), group, text(from), message.group);
  if (!message.place) message.place = place;
  if (message.place != place)
    found("9 once", "{}: receives at {} what stands at {}", text(program.id), text(place),
          text(*message.place));
}

void Programs::State::check_fifo(ProgramTrace& program, const MessageOfProgram& message) {
  std::uint64_t& last = program.received[message.sender];
  if (message.number == last)
    found("9 once", "{}: receives message {} of {} twice", text(program.id), message.number,
          text(programs.at(message.sender).id));
  else if (message.number < last)
    found("9 fifo", "{}: receives message {} of {} after message {}", text(program.id),
          message.number, text(programs.at(message.sender).id), last);
  last = std::max(last, message.number);
}

// Its own message comes back: all that it had sent before to the group came before.
void Programs::State::take_back(const ProgramTrace& program, Membership& membership,
                                std::uint64_t hash) {
  auto& waiting = membership.outstanding;
  const auto mine = std::ranges::find(waiting, hash, &Membership::Sent::hash);
  if (mine == waiting.end()) return;
  for (auto before = waiting.begin(); before != mine; ++before)
    if (!before->excused)
      found("9 accepted", "{}: message {} came back, but not message {} before it",
            text(program.id), number_of(hash), number_of(before->hash));
  for (auto before = waiting.begin(); before != mine; ++before) left_behind.push_back(before->hash);
  waiting.erase(waiting.begin(), mine + 1);
}

void Programs::received(const Program& id, const totem::Place& place, const Peer& sender,
                        std::string_view group, totem::Guarantee guarantee, std::uint64_t hash,
                        std::uint32_t length) {
  State& state = *state_;
  ProgramTrace* program = state.connected(id, "receives");
  if (!program) return;
  const std::string name(group);
  Membership& membership = program->groups[name];
  if (!membership.member || !contains(membership.members, sender))
    state.found("9 member", "{}: receives in group {} from {}, and not both are members", text(id),
                name, text(sender));
  if (!membership.stale.empty())
    state.found("9 pause", "{}: receives in group {} before it is told that {} left", text(id),
                name, text(membership.stale.front()));
  membership.stale.clear();
  const auto message = state.messages.find(hash);
  if (message == state.messages.end())
    return state.found("9 content", "{}: receives at {} what no one sent", text(id), text(place));
  if (message->second.length != length || message->second.guarantee != guarantee)
    state.found("9 content", "{}: receives at {} with another length or guarantee than it was sent",
                text(id), text(place));
  state.check_content(*program, place, sender, group, message->second);
  state.check_fifo(*program, message->second);
  state.follow(*program, name, place, hash, true);
  if (sender == peer(id)) state.take_back(*program, membership, hash);
}

// --- members ---

void Programs::State::excuse(Membership& membership, std::uint64_t up_to) {
  for (auto& sent : membership.outstanding)
    if (sent.join <= up_to) sent.excused = true;
}

void Programs::State::joined(Membership& membership) {
  membership.answers = std::min(membership.answers + 1, membership.joins);
}

// Before it left, all came back that it had sent. If it did not ask to leave, it was put out.
void Programs::State::left(const ProgramTrace& program, Membership& membership,
                           std::string_view group) {
  if (membership.left >= membership.answers)
    for (const auto& sent : membership.outstanding)
      if (sent.join <= membership.answers && !sent.excused)
        found("9 accepted", "{}: left group {}, but its message {} never came back",
              text(program.id), group, number_of(sent.hash));
  excuse(membership, membership.answers);
}

void Programs::State::refuse(Membership& membership) {
  if (membership.answers < membership.joins) ++membership.answers;
  if (!membership.member) excuse(membership, membership.answers);
}

// The incarnation of a member of this view; 0: unknown. A ring's id never comes twice, but the seq
// of which a node is known to have joined does, after a lost file.
std::uint64_t Programs::State::life_of(NodeId node, const ViewTrace* view) const {
  const totem::Member* const member = view ? view->member(node) : nullptr;
  if (!member) return 0;
  if (const auto seen = view->lives.find(node); seen != view->lives.end()) return seen->second;
  if (const auto trace = nodes.find(node); trace != nodes.end() && trace->second.file_lost)
    return 0;
  const auto line = lines.find({node, member->since});
  return line == lines.end() ? 0 : line->second;
}

// Someone of this name asked to join, in that life of its node which the view is about.
void Programs::State::check_asked(const ProgramTrace& program, std::string_view group,
                                  const Peer& peer) {
  const std::uint64_t life = life_of(peer.node, view(program));
  const auto named = starts.find(peer);
  if (named != starts.end())
    for (const Index index : named->second) {
      const ProgramTrace& other = programs.at(index);
      const auto asked = other.groups.find(group);
      if (asked != other.groups.end() && asked->second.joins > 0 &&
          (life == 0 || other.id.incarnation == life))
        return;
    }
  found("9 ghost", "{}: {} is listed in group {}, which it never joined", text(program.id),
        text(peer), group);
}

void Programs::State::check_list(const ProgramTrace& program, std::string_view group,
                                 const Membership& membership, std::span<const Peer> members,
                                 std::span<const Peer> joined, std::span<const Peer> left) {
  const ViewTrace* const in = view(program);
  for (const Peer& each : members) {
    if (in && !in->member(each.node))
      found("9 pause", "{}: {} is listed in group {}, but its node is not in the view",
            text(program.id), text(each), group);
    if (!membership.member || contains(joined, each)) check_asked(program, group, each);
  }
  for (const Peer& each : membership.stale)
    if (!contains(left, each))
      found("9 pause", "{}: is told of group {}, but not that {} left, which did not come along",
            text(program.id), group, text(each));
  const Peer self = peer(program.id);
  if (!membership.member && !(contains(members, self) && contains(joined, self)))
    found("9 self", "{}: is told of group {} before it is in it", text(program.id), group);
  if (!membership.member) return;
  std::vector<Peer> expected;
  for (const Peer& each : membership.members)
    if (!contains(left, each)) expected.push_back(each);
  expected.insert(expected.end(), joined.begin(), joined.end());
  std::ranges::sort(expected);
  if (!std::ranges::equal(expected, members))
    found("9 member", "{}: the members of group {} are not those before with the change",
          text(program.id), group);
}

void Programs::changed(const Program& id, const totem::Place& place, std::string_view group,
                       std::span<const Peer> members, std::span<const Peer> joined,
                       std::span<const Peer> left) {
  State& state = *state_;
  ProgramTrace* program = state.connected(id, "is told of a change");
  if (!program) return;
  const std::string name(group);
  Membership& membership = program->groups[name];
  state.check_list(*program, group, membership, members, joined, left);
  membership.stale.clear();
  const Peer self = peer(id);
  if (contains(joined, self)) {
    if (!membership.member) {
      membership.at.reset();
      membership.from_start = false;
    }
    state.joined(membership);
  }
  membership.member = contains(members, self);
  membership.members.assign(members.begin(), members.end());
  // A merge has no room for it: it alone is told so, and what it sent is not taken any more.
  const bool put_out = !membership.member && place.seq == totem::Seq::none;
  if (!put_out) state.follow(*program, name, place, content_of(members), false);
  if (contains(left, self) && !membership.member) {
    if (put_out)
      state.excuse(membership, membership.answers);
    else
      state.left(*program, membership, group);
    membership.members.clear();
    membership.at.reset();
  }
}

// Who loses a membership has been told that it left.
void Programs::refused(const Program& id, std::string_view group, Refused what) {
  ProgramTrace* program = state_->connected(id, "is refused");
  if (program && what == Refused::join) state_->refuse(program->groups[std::string(group)]);
}

}  // namespace gyre::check
