#include "rm/daemon/group_stream.hh"

#include <algorithm>

namespace gyre::rm::daemon {

namespace {

Place place_of(const client::Place& place) {
  return {place.ring.seq, place.seq, place.index};
}

// The changes of groups that come with a view are at its place, and behind it.
Place place_of_change(const client::Place& place) {
  return place.seq == 0 ? Place{place.ring.seq, 0, 1} : place_of(place);
}

}  // namespace

GroupStream::GroupStream(std::string group, client::Process self)
    : group_(std::move(group)), self_(self) {}

std::optional<BusEvent> GroupStream::take(const client::Event& event) {
  return std::visit([this](const auto& each) { return meaning(each); }, event);
}

std::optional<BusEvent> GroupStream::meaning(const client::Message& message) {
  if (message.group != group_) return std::nullopt;
  const auto* text = reinterpret_cast<const char*>(message.payload.data());
  return BusMessage{place_of(message.place), member_of(message.sender),
                    std::string_view(text, message.payload.size())};
}

// Who did not come along is out of the group, even if it comes back with the next change.
std::optional<BusEvent> GroupStream::meaning(const client::View& view_now) {
  nodes_ = view_now.members;
  verdict_ = view_now.verdict;
  std::erase_if(members_, [&](const client::Process& process) {
    return (along_ && !along_->contains(process.node)) ||
           std::ranges::find(nodes_, process.node, &client::Member::node) == nodes_.end();
  });
  along_.reset();
  std::vector<std::uint32_t> together;
  for (const auto& process : members_) together.push_back(process.node);
  return view({view_now.ring.seq, 0, 0}, std::move(together));
}

std::optional<BusEvent> GroupStream::meaning(const client::VerdictChange& change) {
  const bool same = change.verdict.quorate == verdict_.quorate;
  verdict_ = change.verdict;
  if (same) return std::nullopt;
  std::vector<std::uint32_t> together;
  for (const auto& process : members_) together.push_back(process.node);
  return view(place_of(change.place), std::move(together));
}

std::optional<BusEvent> GroupStream::meaning(const client::Transitional& configuration) {
  std::set<std::uint32_t> nodes;
  for (const client::Member& member : configuration.members)
    if (!along_ || along_->contains(member.node)) nodes.insert(member.node);
  along_ = std::move(nodes);
  if (std::ranges::find(members_, self_) == members_.end()) return std::nullopt;
  return BusInterrupted{};
}

std::optional<BusEvent> GroupStream::meaning(const client::GroupChange& change) {
  if (change.group != group_) return std::nullopt;
  std::vector<std::uint32_t> together;
  const auto joins = [&](const client::Process& process) {
    return std::ranges::find(change.joined, process, &client::GroupChange::Entry::process) !=
           change.joined.end();
  };
  for (const client::Process& process : change.members)
    if (!joins(process) && std::ranges::find(members_, process) != members_.end())
      together.push_back(process.node);
  members_ = change.members;
  if (std::ranges::find(together, self_.node) == together.end()) together = {self_.node};
  return view(place_of_change(change.place), std::move(together));
}

std::optional<BusEvent> GroupStream::meaning(const client::JoinRefused& refused) {
  if (refused.group == group_)
    throw client::Error(
        client::ErrorCode::refused,
        "the cluster refuses the resource manager's group: " + std::string(refused.reason));
  return std::nullopt;
}

std::optional<BusEvent> GroupStream::view(Place place, std::vector<std::uint32_t> together) const {
  if (std::ranges::find(members_, self_) == members_.end()) return std::nullopt;
  BusView view{place,
               {},
               std::move(together),
               {},
               verdict_.quorate,
               verdict_.fencing != client::Verdict::Fencing::not_needed};
  for (const client::Process& process : members_) {
    const bool twice = !view.members.empty() && view.members.back().node == process.node;
    if (!twice) view.members.push_back(member_of(process));
  }
  for (const client::Member& member : nodes_) view.nodes.push_back(member.node);
  return view;
}

BusMember GroupStream::member_of(const client::Process& process) const {
  const auto node = std::ranges::find(nodes_, process.node, &client::Member::node);
  return {process.node, std::uint64_t{process.pid} << 32 | process.client,
          node == nodes_.end() ? 0 : node->since};
}

std::optional<std::uint32_t> GroupStream::namesake() const {
  for (const client::Process& process : members_)
    if (process.node == self_.node && process != self_) return process.pid;
  return std::nullopt;
}

}  // namespace gyre::rm::daemon
