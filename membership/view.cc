#include "membership/view.hh"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace gyre::membership {

namespace {

bool has(std::span<const totem::Member> members, NodeId node) noexcept {
  return std::ranges::binary_search(members, node, {}, &totem::Member::node);
}

}  // namespace

template <typename Keep>
void ViewHistory::narrow(Keep keep) noexcept {
  const auto end = std::remove_if(along_.begin(), along_.begin() + along_size_,
                                  [&](NodeId node) { return !keep(node); });
  along_size_ = static_cast<std::size_t>(end - along_.begin());
}

void ViewHistory::transitional(const totem::Configuration& configuration) noexcept {
  narrow([&](NodeId node) { return has(configuration.members, node); });
  narrowed_ = true;
}

void ViewHistory::regular(const totem::Configuration& configuration) noexcept {
  assert(configuration.members.size() <= nodes_max);
  // Without a transitional configuration nobody else is known to have delivered the same.
  if (!narrowed_) narrow([this](NodeId node) { return node == self_; });
  narrowed_ = false;
  ring_ = configuration.ring;
  next_size_ = configuration.members.size();
  std::ranges::copy(configuration.members, next_.begin());
  // Whoever was lost between two rings without a word of it did not come along either.
  narrow([this](NodeId node) { return has(members(), node); });
}

bool ViewHistory::came_along(NodeId node) const noexcept {
  return std::binary_search(along_.begin(), along_.begin() + along_size_, node);
}

View ViewHistory::view() noexcept {
  std::size_t joined = 0, left = 0;
  for (const totem::Member& member : members())
    if (!came_along(member.node)) joined_[joined++] = member.node;
  for (const NodeId node : std::span(previous_.data(), previous_size_))
    if (!came_along(node)) left_[left++] = node;

  View view;
  view.number = ring_.seq;
  view.ring = ring_;
  view.members = members();
  view.joined = {joined_.data(), joined};
  view.left = {left_.data(), left};
  const auto oldest = std::ranges::min_element(view.members, {}, [](const totem::Member& member) {
    return std::tuple(member.since, member.node);
  });
  if (oldest != view.members.end()) view.oldest = oldest->node;
  return view;
}

void ViewHistory::complete() noexcept {
  previous_size_ = along_size_ = next_size_;
  std::ranges::transform(members(), previous_.begin(), &totem::Member::node);
  along_ = previous_;
}

}  // namespace gyre::membership
