#include "membership/difference.hh"

#include <algorithm>

namespace gyre::membership {

namespace {

std::span<const Group*> by_name(const GroupTable& table, const Group** room) noexcept {
  const auto groups = table.groups();
  std::ranges::transform(groups, room, [](const Group& group) { return &group; });
  const std::span<const Group*> order(room, groups.size());
  std::ranges::sort(order, {}, [](const Group* group) { return group->name(); });
  return order;
}

}  // namespace

Difference::Difference(const GroupLimits& limits)
    : before_(make_array<const Group*>(limits.groups)),
      after_(make_array<const Group*>(limits.groups)),
      joined_(make_array<Change>(limits.members)),
      left_(make_array<Change>(limits.members)) {}

void Difference::report(const GroupTable& before, const GroupTable& after, const ViewHistory& view,
                        Sink& sink) noexcept {
  const totem::Place place{view.ring(), totem::Seq::none, 0};
  const auto olds = by_name(before, before_.get());
  const auto news = by_name(after, after_.get());
  auto old = olds.begin();
  auto now = news.begin();
  while (old != olds.end() || now != news.end()) {
    const bool has_old =
        old != olds.end() && (now == news.end() || (*old)->name() <= (*now)->name());
    const bool has_new =
        now != news.end() && (old == olds.end() || (*now)->name() <= (*old)->name());
    const Group& group = has_new ? **now : **old;
    const auto members = has_new ? after.members(**now) : std::span<const Process>{};
    compare(has_old ? before.members(**old) : std::span<const Process>{}, members, view);
    if (joined_size_ + left_size_ != 0)
      sink.group_change({group.name(), group.id, place, members,
                         std::span(joined_.get(), joined_size_),
                         std::span(left_.get(), left_size_)});
    if (has_old) ++old;
    if (has_new) ++now;
  }
}

void Difference::compare(std::span<const Process> before, std::span<const Process> after,
                         const ViewHistory& view) noexcept {
  joined_size_ = left_size_ = 0;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    const bool in_old = old != before.end() && (now == after.end() || *old <= *now);
    const bool in_new = now != after.end() && (old == before.end() || *now <= *old);
    const Process& process = in_new ? *now : *old;
    const bool came_along = view.came_along(process.node);
    if (in_old && !(in_new && came_along))
      left_[left_size_++] = {process,
                             came_along ? ChangeReason::process_down : ChangeReason::node_down};
    if (in_new && !(in_old && came_along))
      joined_[joined_size_++] = {process, came_along ? ChangeReason::join : ChangeReason::node_up};
    if (in_old) ++old;
    if (in_new) ++now;
  }
}

void Difference::report_refused(const GroupTable& before, const GroupTable& after, NodeId self,
                                Sink& sink) noexcept {
  for (const Group* group : by_name(before, before_.get())) {
    const Group* known = after.find(group->id);
    const bool collides = known && known->name() != group->name();
    for (const Process& process : before.members(*group, self)) {
      if (!collides && after.process(group->id, self, process.client)) continue;
      sink.membership_refused(process, group->name(),
                              text(collides ? Refusal::name_collision : Refusal::merge_full));
    }
  }
}

}  // namespace gyre::membership
