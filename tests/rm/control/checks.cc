#include "tests/rm/control/checks.hh"

#include <fmt/format.h>

#include <algorithm>

namespace gyre::rm::model {

namespace {

// Until it is known everywhere that something was lost by itself, what was planned before goes on.
constexpr Duration grace = 10s;

}  // namespace

void Checks::violated(const std::string& clause, const std::string& text) {
  violations_.push_back(fmt::format("{:.6f} {}: {}", timeline_.seconds(), clause, text));
}

void Checks::begins(std::uint32_t node, const Operation& of) {
  if (of.task != "stop") stuck_.erase({of.resource, node});
  if (of.task == "start" || of.task == "migrate_from") {
    active_[of.resource].insert(node);
    count("S1");
    if (promises_.one_copy && rules_.exclusive.contains(of.resource) &&
        active_[of.resource].size() > 1)
      violated("S1", fmt::format("{} is started on n{} and active elsewhere, too ({})", of.resource,
                                 node, of.key));
    check_order(of);
  }
  if (of.task == "stop") {
    for (const auto& [first, then] : rules_.order)
      if (first == of.resource && up_[first].contains(node) && rules_.exclusive.contains(first)) {
        count("S10 stop");
        if (promises_.one_copy && !up_[then].empty() && rules_.exclusive.contains(then))
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
  if (of.task == "stop") stuck_.erase({of.resource, node});
}

// What could not be stopped is up as it was. Who plans takes it for up (as Pacemaker does), even
// where it had died before, until it is looked at anew.
void Checks::failed(std::uint32_t node, const Operation& of) {
  if (of.task != "stop") return;
  stuck_.emplace(of.resource, node);
  if (active_[of.resource].contains(node)) up_[of.resource].insert(node);
}

void Checks::died(std::uint32_t node, const std::string& resource) {
  active_[resource].erase(node);
  if (up_[resource].erase(node) > 0) lost_[resource][node] = timeline_.now();
}

void Checks::lost(std::uint32_t node) {
  for (auto& [resource, nodes] : active_) nodes.erase(node);
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
  const auto [known, fresh] = documents_.emplace(place, hash);
  if (!fresh && known->second != hash)
    violated("agreement", fmt::format("documents differ at {}", control::to_text(place)));
}

}  // namespace gyre::rm::model
