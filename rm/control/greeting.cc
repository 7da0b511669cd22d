#include "rm/control/greeting.hh"

#include <algorithm>
#include <functional>
#include <tuple>

#include "rm/control/lineage.hh"

namespace gyre::rm::control {

namespace {

// Less: it is the older one.
auto age(const BusMember& member) {
  return std::tuple(member.since, member.node);
}

}  // namespace

Greeting::Greeting(const BusView& view) : view_(view) {}

void Greeting::add(std::uint32_t node, Hello hello) {
  const auto is_it = [&](const BusMember& member) { return member.node == node; };
  if (std::ranges::any_of(view_.members, is_it)) hellos_[node] = std::move(hello);
}

const BusMember& Greeting::member(std::uint32_t node) const {
  return *std::ranges::find(view_.members, node, &BusMember::node);
}

std::uint32_t Greeting::best() const {
  const auto rank = [&](std::uint32_t node) {
    const Hello& hello = hellos_.at(node);
    const Version& version = hello.version;
    return std::tuple(read_lineage(hello.lineage).firm, hello.quorate, version.admin_epoch,
                      version.epoch, hello.live, hello.lineage, version.num_updates);
  };
  std::uint32_t best = view_.members.front().node;
  for (const BusMember& each : view_.members) {
    const auto here = rank(each.node), there = rank(best);
    if (here > there || (here == there && age(each) < age(member(best)))) best = each.node;
  }
  return best;
}

std::optional<std::uint32_t> Greeting::source() const {
  const auto has = [&](const auto& each) { return has_it(each.first); };
  if (std::ranges::all_of(hellos_, has)) return std::nullopt;
  return best();
}

bool Greeting::has_it(std::uint32_t node) const {
  return hellos_.at(node).digest == winner().digest;
}

std::optional<std::uint32_t> Greeting::namesake(std::uint32_t node) const {
  for (const auto& [other, hello] : hellos_)
    if (other != node && hello.name == hellos_.at(node).name &&
        age(member(other)) < age(member(node)))
      return other;
  return std::nullopt;
}

std::uint32_t coordinator_of(const BusView& view, const std::map<std::uint32_t, Hello>& hellos) {
  const auto rank = [&](const BusMember& each) {
    const auto hello = hellos.find(each.node);
    const std::uint64_t feature_set = hello == hellos.end() ? 0 : hello->second.feature_set;
    return std::tuple(feature_set, each.since, each.node);
  };
  return std::ranges::min(view.members, std::less<>(), rank).node;
}

}  // namespace gyre::rm::control
