#include "tests/rm/control/checks.hh"

#include <fmt/format.h>

#include <algorithm>

namespace gyre::rm::model {

namespace {

// Until it is known everywhere that something was lost by itself, what was planned before goes on.
constexpr Duration grace = 10s, for_ever = 10'000h;
// Until a node that lost quorum has stopped all: the others may be away for ten seconds, an agent
// may take its timeout, and one waits for the other.
constexpr Duration patience = 60s;
constexpr int fences_max = 2;

double seconds_of(Time time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

void Checks::violated(const std::string& clause, const std::string& text) {
  violations_.push_back(fmt::format("{:.6f} {}: {}", timeline_.seconds(), clause, text));
}

void Checks::begins(std::uint32_t node, const Operation& of) {
  if (!of.target.empty()) {
    fence_begun_[of.key] = timeline_.now();
    return;
  }
  // A probe is where nothing is known any more: who did not stop it was another process.
  if (of.task == "monitor" && !of.recurs()) failed_stops_.erase({node, of.resource});
  if (of.task != "stop") stuck_.erase({of.resource, node});
  if (of.task == "start" || of.task == "migrate_from") {
    active_[of.resource].insert(node);
    count("S1");
    if (promises_.one_copy && rules_.exclusive.contains(of.resource) &&
        active_[of.resource].size() > 1)
      violated("S1", fmt::format("{} is started on n{} and active elsewhere, too ({})", of.resource,
                                 node, of.key));
    check_order(of);
    check_lost(node, of);
    held_[of.resource].insert(node);
  }
  if (of.task == "stop") {
    for (const auto& [first, then] : rules_.order)
      if (first == of.resource && up_[first].contains(node) && rules_.exclusive.contains(first)) {
        count("S10 stop");
        // Who has lost quorum stops, whatever is elsewhere.
        const bool needed = std::ranges::any_of(up_[then], [&](std::uint32_t other) {
          return !promises_.fences || seen_[node].contains(other);
        });
        if (promises_.one_copy && needed && rules_.exclusive.contains(then))
          violated("S10", fmt::format("{} stops on n{} while {} is up, which needs it ({})", first,
                                      node, then, of.key));
      }
    up_[of.resource].erase(node);
    lost_[of.resource].erase(node);
  }
}

// As far as anybody knows: where a manager is away, or was until now, nothing is known yet.
bool Checks::seems_up(const std::string& resource) const {
  const auto is_stuck = [&](const auto& each) { return each.first == resource; };
  if (std::ranges::any_of(stuck_, is_stuck)) return true;
  const auto lost = lost_.find(resource);
  return lost != lost_.end() && std::ranges::any_of(lost->second, [this](const auto& each) {
           return away_.contains(each.first) || each.second + grace > timeline_.now();
         });
}

void Checks::back(std::uint32_t node) {
  away_.erase(node);
  for (auto& [resource, nodes] : lost_)
    if (const auto since = nodes.find(node); since != nodes.end()) since->second = timeline_.now();
}

void Checks::check_order(const Operation& of) {
  for (const auto& [first, then] : rules_.order) {
    if (then != of.resource) continue;
    count("S10 start");
    if (up_[first].empty() && !seems_up(first))
      violated("S10", fmt::format("{} is started before {} is up ({})", then, first, of.key));
  }
}

void Checks::succeeded(std::uint32_t node, const Operation& of) {
  if (of.task == "start" || of.task == "migrate_from") {
    up_[of.resource].insert(node);
    lost_[of.resource].erase(node);
  }
  if (of.task == "monitor") up_[of.resource].insert(node);
  if (of.task == "stop" || of.task == "migrate_to") active_[of.resource].erase(node);
  if (of.task == "stop" || of.task == "migrate_to") held_[of.resource].erase(node);
  if (of.task == "stop") failed_stops_.erase({node, of.resource});
  if (of.task == "stop") stuck_.erase({of.resource, node});
}

// What could not be stopped is up as it was. Who plans takes it for up (as Pacemaker does), even
// where it had died before, until it is looked at anew.
void Checks::failed(std::uint32_t node, const Operation& of) {
  fault(node);
  if (!of.target.empty() || of.task != "stop") return;
  failed_stops_.emplace(node, of.resource);
  stuck_.emplace(of.resource, node);
  if (active_[of.resource].contains(node)) up_[of.resource].insert(node);
}

void Checks::died(std::uint32_t node, const std::string& resource, bool watched) {
  active_[resource].erase(node);
  if (up_[resource].erase(node) > 0)
    lost_[resource][node] = watched ? timeline_.now() : timeline_.now() + for_ever;
}

void Checks::lost(std::uint32_t node) {
  for (auto& [resource, nodes] : active_) nodes.erase(node);
  for (auto& [resource, nodes] : held_) nodes.erase(node);
  off_[node] = timeline_.now();
  std::erase_if(failed_stops_, [&](const auto& each) {
    if (each.first == node) count("S9");
    return each.first == node;
  });
  sees_nothing(node);
  for (auto& [resource, nodes] : up_)
    if (nodes.erase(node) > 0) lost_[resource][node] = timeline_.now();
  away_.erase(node);
  std::erase_if(stuck_, [&](const auto& each) { return each.second == node; });
}

void Checks::begun(const control::Control& control, bool regular, bool lease,
                   const control::Output::Begun& begun) {
  const Operation& of = begun.operation;
  count("S5");
  const Place& at = control.view().place;
  const std::string view = fmt::format("-{:012x}", at.ring & 0xffffffffffff);
  if (!regular) violated("S5", "begun between two views: " + of.key);
  if (!of.key.ends_with(view))
    violated("S5", fmt::format("begun in view {}: {}", control::to_text(at), of.key));
  if (!keys_.insert(of.key).second) violated("S5", "begun twice: " + of.key);
  if (of.task != "start" && of.task != "promote") return;
  count("S3");
  if (!promises_.quorum_for_starts) return;
  if (!control.view().quorate)
    violated("S3", "begun without quorum: " + of.key + " of " + of.resource);
  if (!lease && !begun.needs_quorum)
    violated("S3", "begun without a lease: " + of.key + " of " + of.resource);
}

// What was begun on a node that is not seen any more, and was not off since.
void Checks::check_lost(std::uint32_t node, const Operation& of) {
  if (!promises_.fences || !rules_.exclusive.contains(of.resource)) return;
  count("S2");
  for (const std::uint32_t other : held_[of.resource])
    if (other != node && !seen_[node].contains(other))
      violated("S2", fmt::format("{} is started on n{}, and n{}, where it was, is neither seen nor "
                                 "off ({})",
                                 of.resource, node, other, of.key));
}

void Checks::sees(std::uint32_t node, const BusView& view) {
  auto& seen = seen_[node];
  seen.clear();
  for (const BusMember& each : view.members) seen.insert(each.node);
  if (view.quorate)
    without_quorum_.erase(node);
  else
    without_quorum_.emplace(node, timeline_.now());
}

void Checks::sees_nothing(std::uint32_t node) {
  seen_.erase(node);
  without_quorum_.erase(node);
}

// But for what could not be stopped.
void Checks::lost_quorum(std::uint32_t node) {
  const auto since = without_quorum_.find(node);
  if (!promises_.fences || since == without_quorum_.end() ||
      since->second + patience > timeline_.now())
    return;
  count("S4");
  for (const std::string& resource : rules_.exclusive)
    if (active_[resource].contains(node) && !failed_stops_.contains({node, resource}))
      violated("S4", fmt::format("n{} has been without quorum since {:.6f}, and {} runs there",
                                 node, seconds_of(since->second), resource));
}

void Checks::switched_off(std::uint32_t node) {
  count("S7");
  if (promises_.fences && ++fences_[node] > fences_max)
    violated("S7", fmt::format("n{} is fenced for the {}rd time, and nothing new was wrong", node,
                               fences_[node]));
}

// A success is one only if the node was off since its device was told to do that.
void Checks::fencings(const control::Control& control) {
  const auto status = control.cib().child("status");
  for (pugi::xml_node event : status.child("fence_history").children()) {
    if (std::string_view(event.attribute("status").value()) != "success") continue;
    pugi::xml_node attempt = event.last_child();
    while (std::string_view(attempt.attribute("action").value()) == "on")
      attempt = attempt.previous_sibling();
    const std::string key = attempt.attribute("key").value();
    const std::string target = event.attribute("target").value();
    if (key.empty() || !judged_.insert(key).second) continue;
    count("S6");
    const auto off = off_.find(static_cast<std::uint32_t>(std::stoul(target.substr(1))));
    if (off == off_.end() || off->second < fence_begun_[key])
      violated("S6", fmt::format("{} counts as fenced, and was not off ({})", target, key));
  }
}

void Checks::no_failed_stop_is_left() {
  for (const auto& [node, resource] : failed_stops_)
    violated("S9", fmt::format("{} did not stop on n{}, and that was not fenced", resource, node));
}

void Checks::still_there(const control::Control& control) {
  if (!promises_.acknowledged_stays) return;
  count("S8");
  std::set<std::string> there;
  for (pugi::xml_node set : control.cib().child("configuration").child("crm_config").children())
    if (std::string_view(set.attribute("id").value()) == "marks")
      for (pugi::xml_node mark : set.children()) there.insert(mark.attribute("name").value());
  for (const std::string& mark : acknowledged_)
    if (!there.contains(mark)) {
      violated("S8",
               fmt::format("change {} was acknowledged, and is not in the document of node "
                           "{} in view {}",
                           mark, control.coordinator(), control::to_text(control.view().place)));
      acknowledged_.erase(mark);
      return;
    }
}

void Checks::agree(const control::Control& control, const Place& place) {
  count("digest");
  const std::size_t hash = std::hash<std::string>()(control.document().text());
  const auto [known, fresh] =
      documents_.emplace(std::pair(place, control.view().members.front().node), hash);
  if (!fresh && known->second != hash)
    violated("agreement", fmt::format("documents differ at {}", control::to_text(place)));
}

}  // namespace gyre::rm::model
