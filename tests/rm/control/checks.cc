#include "tests/rm/control/checks.hh"

#include <fmt/format.h>

#include <algorithm>

namespace gyre::rm::model {

namespace {

// Until it is known everywhere what a monitor has found, what was planned before goes on.
constexpr Duration grace = 10s, for_ever = 10'000h;
// Until a node that lost quorum has stopped all: the others may be away for ten seconds, an agent
// may take its timeout, and one waits for the other.
constexpr Duration patience = 60s;
constexpr int fences_max = 2;
constexpr std::int64_t first_second = 1'700'000'000;

std::string resource_of(const std::string& what) {
  return what.substr(0, what.find(' '));
}

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
    if (given_up_.contains(of.key)) violated("S7", "begun once it was given up: " + of.key);
    return;
  }
  check_instance(node, of);
  if (of.task == "notify") return;
  // A probe is where nothing is known any more: who did not stop it was another process.
  if (of.task == "monitor" && !of.recurs()) failed_stops_.erase({node, of.resource});
  if (of.task != "stop") stuck_.erase({of.resource, node});
  if (of.task == "start" || of.task == "migrate_from") rises(node, of.resource, of);
  if (of.task == "promote") rises(node, promoted(of.resource), of);
  if (of.task == "demote" || of.task == "stop") falls(node, promoted(of.resource), of);
  if (of.task == "stop") falls(node, of.resource, of);
}

void Checks::rises(std::uint32_t node, const std::string& what, const Operation& of) {
  auto& active = active_[what];
  // What comes from another node is there already, or stays where it is.
  if (of.task != "migrate_from") active.insert(node);
  const auto most = rules_.most.find(what);
  if (most != rules_.most.end()) {
    count(of.task == "start" ? "S1" : "S1 " + of.task);
    if (promises_.one_copy && active.size() > most->second && !is_misled(node, what))
      violated("S1", fmt::format("{} is begun on n{} and active elsewhere, too ({})", what, node,
                                 of.key));
  }
  check_order(what, of);
  check_lost(node, what, of);
  if (of.task != "migrate_from") held_[what].insert(node);
}

// An agent has said that it runs there, and who could know better was away: it is restarted.
bool Checks::is_misled(std::uint32_t node, const std::string& what) {
  return misled_.erase({what, node}) > 0 && std::ranges::all_of(active_[what], [&](auto other) {
           return other == node || away_.contains(other);
         });
}

void Checks::falls(std::uint32_t node, const std::string& what, const Operation& of) {
  for (const auto& [first, then] : rules_.order) {
    if (first != what || up_[first] != std::set{node} || !rules_.most.contains(first)) continue;
    if (what != of.resource && is_stuck(then)) continue;  // instances do not wait for that
    // Another one is up, as far as anybody knows.
    if (seems_up(first)) continue;
    count("S10 " + of.task);
    // Who has lost quorum stops, whatever is elsewhere.
    const bool needed = std::ranges::any_of(up_[then], [&](std::uint32_t other) {
      return !promises_.fences || seen_[node].contains(other);
    });
    if (promises_.one_copy && needed && rules_.most.contains(then))
      violated("S10", fmt::format("{} ends on n{} while {} is up, which needs it ({})", first, node,
                                  then, of.key));
  }
  up_[what].erase(node);
  lost_[what].erase(node);
}

// Of an instance: it is promoted where it is up, stopped once it is not promoted, and told before
// it changes, if it wants to know.
void Checks::check_instance(std::uint32_t node, const Operation& of) {
  const auto parameter = [&](const std::string& name) {
    const auto is_it = [&](const auto& each) { return each.first == "CRM_meta_notify_" + name; };
    const auto found = std::ranges::find_if(of.parameters, is_it);
    return found == of.parameters.end() ? "" : found->second;
  };
  if (of.task == "notify") {
    const std::tuple about(of.resource, node, parameter("operation"));
    // What comes of a fencing is told at once, and is of who was fenced.
    if (parameter("type") == "pre")
      told_.insert(about);
    else if (parameter("key_operation") != "stonith")
      told_.erase(about);
  }
  const std::string role = promoted(of.resource);
  if (of.task == "promote" && is_known_to_be_down(node, of.resource))
    violated("S10", fmt::format("{} is promoted on n{}, where it is not up ({})", of.resource, node,
                                of.key));
  if (of.task == "stop" && up_[role].contains(node))
    violated("S10", fmt::format("{} is stopped on n{} before it was demoted ({})", of.resource,
                                node, of.key));
  const bool changes = of.task == "promote" || of.task == "demote" || of.task == "stop";
  const bool is_there = up_[of.task == "demote" ? role : of.resource].contains(node);
  if (!changes || !is_there || !rules_.notified.contains(of.resource)) return;
  // Nor is anybody told, where who has to stop first cannot.
  for (const auto& [first, then] : rules_.order)
    if (resource_of(first) == of.resource && is_stuck(then)) return;
  count("S10 notify");
  if (!told_.contains({of.resource, node, of.task}))
    violated("S10", fmt::format("{} was not told on n{} of its {} ({})", of.resource, node, of.task,
                                of.key));
}

// As far as anybody knows: where a manager is away, or was until now, nothing is known yet.
bool Checks::is_stuck(const std::string& what) const {
  return std::ranges::any_of(stuck_, [&](const auto& each) { return each.first == what; });
}

bool Checks::seems_up(const std::string& what) const {
  if (is_stuck(what)) return true;
  const auto lost = lost_.find(what);
  return lost != lost_.end() && std::ranges::any_of(lost->second, [&](const auto& each) {
           return seems_up_on(each.first, what);
         });
}

bool Checks::seems_up_on(std::uint32_t node, const std::string& what) const {
  const auto lost = lost_.find(what);
  if (lost == lost_.end()) return false;
  const auto since = lost->second.find(node);
  return since != lost->second.end() &&
         (away_.contains(node) || since->second + grace > timeline_.now());
}

bool Checks::is_known_to_be_down(std::uint32_t node, const std::string& what) const {
  const auto missed = missed_.find({what, node});
  return missed != missed_.end() && missed->second + grace < timeline_.now();
}

void Checks::back(std::uint32_t node) {
  if (away_.erase(node) == 0) return;
  for (auto& [resource, nodes] : lost_)
    if (const auto since = nodes.find(node); since != nodes.end()) since->second = timeline_.now();
}

void Checks::check_order(const std::string& what, const Operation& of) {
  for (const auto& [first, then] : rules_.order) {
    if (then != what) continue;
    count("S10 start");
    if (up_[first].empty() && !seems_up(first))
      violated("S10", fmt::format("{} is started before {} is up ({})", then, first, of.key));
  }
}

void Checks::is_up(std::uint32_t node, const std::string& what) {
  missed_.erase({what, node});
  hidden_.erase({what, node});
  up_[what].insert(node);
  lost_[what].erase(node);
}

void Checks::is_gone(std::uint32_t node, const std::string& what) {
  active_[what].erase(node);
  held_[what].erase(node);
}

void Checks::is_lost(std::uint32_t node, const std::string& what) {
  active_[what].erase(node);
  if (up_[what].erase(node) > 0) lost_[what][node] = timeline_.now() + for_ever;
}

void Checks::is_told(std::uint32_t node, const std::string& what) {
  const auto since = lost_[what].find(node);
  if (since != lost_[what].end()) since->second = std::min(since->second, timeline_.now());
}

void Checks::succeeded(std::uint32_t node, const Operation& of) {
  if (of.task == "start" || of.task == "migrate_from") is_up(node, of.resource);
  if (of.task == "promote") is_up(node, promoted(of.resource));
  if (of.task == "demote" || of.task == "stop") is_gone(node, promoted(of.resource));
  if (of.task != "stop") return;
  is_gone(node, of.resource);
  failed_stops_.erase({node, of.resource});
  stuck_.erase({of.resource, node});
}

// What could not be stopped is up as it was. Who plans takes it for up (as Pacemaker does), even
// where it had died before, until it is looked at anew.
void Checks::failed(std::uint32_t node, const Operation& of) {
  fault(node);
  // Who failed to demote it takes it for demoted, as Pacemaker does, and stops it.
  if (of.task == "demote") hidden_.emplace(promoted(of.resource), node);
  if (!of.target.empty() || of.task != "stop") return;
  failed_stops_.emplace(node, of.resource);
  stuck_.emplace(of.resource, node);
  // Where that is not fenced, who was not demoted either counts as such (as in Pacemaker).
  if (!promises_.fences) is_gone(node, promoted(of.resource));
  if (active_[of.resource].contains(node)) up_[of.resource].insert(node);
}

void Checks::died(std::uint32_t node, const std::string& resource) {
  for (const std::string& what : {resource, promoted(resource)}) is_lost(node, what);
}

void Checks::demoted(std::uint32_t node, const std::string& resource) {
  is_lost(node, promoted(resource));
}

// What is hidden is found by who looks anew. What recurs says nothing if nothing has changed for
// it, and the first word of what nobody knew to be promoted is on its way only.
void Checks::found(std::uint32_t node, const Operation& of, bool as_promoted) {
  if (of.recurs() && hidden_.contains({of.resource, node})) return;
  const auto find = [&](const std::string& what) {
    is_up(node, what);
    active_[what].insert(node);
    held_[what].insert(node);
  };
  find(of.resource);
  const std::string role = promoted(of.resource);
  if (!as_promoted) is_gone(node, role);  // a promotion that came to nothing
  if (!as_promoted) is_told(node, role);
  if (as_promoted && of.recurs() && !active_[role].contains(node) &&
      surprised_.insert(of.key).second)
    return;
  if (as_promoted && !(of.recurs() && hidden_.contains({role, node}))) find(role);
}

void Checks::missed(std::uint32_t node, const std::string& resource) {
  for (const std::string& what : {resource, promoted(resource)}) {
    held_[what].erase(node);
    is_told(node, what);
  }
  missed_.emplace(std::pair(resource, node), timeline_.now());
}

// Where a probe comes to no end it counts as active, and who knows whether it is promoted?
void Checks::unseen(std::uint32_t node, const std::string& resource) {
  up_[promoted(resource)].erase(node);
}

// Until somebody says something else it counts as what was lost just now.
void Checks::pretended(std::uint32_t node, const std::string& resource) {
  missed_.erase({resource, node});
  lost_[resource][node] = timeline_.now() + grace;
  misled_.emplace(resource, node);
}

void Checks::hidden(std::uint32_t node, const std::string& resource) {
  hidden_.emplace(resource, node);
  for (const std::string& what : {resource, promoted(resource)}) {
    is_gone(node, what);
    up_[what].erase(node);
  }
}

// What moves is up all the while, as far as anybody knows until it has arrived.
void Checks::moved(std::uint32_t from, std::uint32_t to, const std::string& resource) {
  is_gone(from, resource);
  if (up_[resource].erase(from) > 0) lost_[resource][to] = timeline_.now() + for_ever;
  active_[resource].insert(to);
  held_[resource].insert(to);
  count("S1 move");
  if (promises_.one_copy && active_[resource].size() > 1)
    violated("S1", fmt::format("{} came from n{} to n{} and is active elsewhere, too", resource,
                               from, to));
}

void Checks::lost(std::uint32_t node) {
  for (auto& [what, nodes] : active_) nodes.erase(node);
  for (auto& [what, nodes] : held_) nodes.erase(node);
  off_[node] = timeline_.now();
  booted_.erase(node);
  std::erase_if(told_, [&](const auto& each) { return std::get<1>(each) == node; });
  std::erase_if(failed_stops_, [&](const auto& each) {
    if (each.first == node) count("S9");
    return each.first == node;
  });
  sees_nothing(node);
  for (auto& [what, nodes] : up_) {
    is_lost(node, what);
    is_told(node, what);
  }
  away_.erase(node);
  std::erase_if(stuck_, [&](const auto& each) { return each.second == node; });
  std::erase_if(hidden_, [&](const auto& each) { return each.second == node; });
}

void Checks::left(std::uint32_t node) {
  count("left");
  for (const auto& [what, nodes] : active_)
    if (nodes.contains(node))
      violated("left", fmt::format("n{} leaves, and {} runs there", node, what));
  // Others may not have heard of it.
  if (seen_[node].size() == most_seen_) left_[node] = timeline_.now();
  sees_nothing(node);
}

void Checks::begun(const control::Control& control, bool regular, bool lease,
                   std::optional<bool> may_act, const control::Output::Begun& begun) {
  const Operation& of = begun.operation;
  count("S5");
  const Place& at = control.view().place;
  const std::string view = fmt::format("-{:012x}", at.ring & 0xffffffffffff);
  if (!regular) violated("S5", "begun between two views: " + of.key);
  if (!of.key.ends_with(view))
    violated("S5", fmt::format("begun in view {}: {}", control::to_text(at), of.key));
  if (!keys_.insert(of.key).second) violated("S5", "begun twice: " + of.key);
  if (of.task != "start" && of.task != "promote" && !of.task.starts_with("migrate")) return;
  count("S3");
  if (!promises_.quorum_for_starts) return;
  if (!control.view().quorate)
    violated("S3", "begun without quorum: " + of.key + " of " + of.resource);
  if (!lease && !begun.needs_quorum)
    violated("S3", "begun without a lease: " + of.key + " of " + of.resource);
  if (!lease) count("S3 in vain");
  if (lease && may_act == false)
    violated("S3", "begun where nothing may be: " + of.key + " of " + of.resource);
}

// What was begun on a node that is not seen any more, and was not off since.
void Checks::check_lost(std::uint32_t node, const std::string& what, const Operation& of) {
  if (!promises_.fences || !rules_.most.contains(what)) return;
  count("S2");
  for (const std::uint32_t other : held_[what])
    if (other != node && !seen_[node].contains(other))
      violated("S2", fmt::format("{} is started on n{}, and n{}, where it was, is neither seen nor "
                                 "off ({})",
                                 what, node, other, of.key));
}

void Checks::sees(std::uint32_t node, const BusView& view) {
  auto& seen = seen_[node];
  seen.clear();
  for (const BusMember& each : view.members) seen.insert(each.node);
  most_seen_ = std::max(most_seen_, seen.size());
  if (view.quorate)
    without_quorum_.erase(node);
  else
    without_quorum_.emplace(node, timeline_.now());
}

void Checks::sees_nothing(std::uint32_t node) {
  seen_.erase(node);
  without_quorum_.erase(node);
}

// Or something that is to be stopped before it.
bool Checks::could_not_be_stopped(std::uint32_t node, const std::string& what) const {
  const std::string resource = resource_of(what);
  return failed_stops_.contains({node, resource}) || stuck_.contains({resource, node}) ||
         std::ranges::any_of(rules_.order, [&](const auto& each) {
           return each.first == what && could_not_be_stopped(node, each.second);
         });
}

// But for what could not be stopped.
void Checks::lost_quorum(std::uint32_t node) {
  const auto since = without_quorum_.find(node);
  if (!promises_.fences || since == without_quorum_.end() ||
      since->second + patience > timeline_.now())
    return;
  count("S4");
  for (const auto& [what, most] : rules_.most)
    if (active_[what].contains(node) && !could_not_be_stopped(node, what))
      violated("S4", fmt::format("n{} has been without quorum since {:.6f}, and {} runs there",
                                 node, seconds_of(since->second), what));
}

void Checks::switched_off(std::uint32_t node, const std::string& key) {
  count("S7");
  if (const auto left = left_.find(node); left != left_.end() && left->second < fence_begun_[key])
    violated("S7", fmt::format("n{} is fenced, and had left in order ({})", node, key));
  if (promises_.fences && ++fences_[node] > fences_max)
    violated("S7", fmt::format("n{} is fenced for the {}rd time, and nothing new was wrong", node,
                               fences_[node]));
}

void Checks::fencings(const control::Control& control) {
  const auto status = control.cib().child("status");
  for (pugi::xml_node event : status.child("fence_history").children()) {
    for (pugi::xml_node attempt : event.children("fence_attempt"))
      if (std::string_view(attempt.attribute("status").value()) == "unknown")
        given_up_.insert(attempt.attribute("key").value());
    if (std::string_view(event.attribute("status").value()) == "success")
      check_fenced(event.attribute("target").value(), event);
  }
}

// A success is one only if the node was off since its device was told to do that, or when a person
// said that it was.
void Checks::check_fenced(const std::string& target, pugi::xml_node event) {
  const auto node = static_cast<std::uint32_t>(std::stoul(target.substr(1)));
  const auto off = off_.find(node);
  if (std::string_view(event.attribute("client").value()) == "a person") {
    const std::string when = event.attribute("completed").value();
    if (!judged_.insert(target + " at " + when).second) return;
    count("S6 confirmed");
    const auto said = std::stoll(when) - first_second;
    const auto booted = booted_.find(node);
    if (off == off_.end() ||
        (booted != booted_.end() && seconds_of(booted->second) < static_cast<double>(said)))
      violated("S6", fmt::format("{} counts as down, and was not off", target));
    return;
  }
  pugi::xml_node attempt = event.last_child();
  while (std::string_view(attempt.attribute("action").value()) == "on")
    attempt = attempt.previous_sibling();
  const std::string key = attempt.attribute("key").value();
  if (key.empty() || !judged_.insert(key).second) return;
  count("S6");
  if (off == off_.end() || off->second < fence_begun_[key])
    violated("S6", fmt::format("{} counts as fenced, and was not off ({})", target, key));
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
