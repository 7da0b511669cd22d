#include "rm/control/transition.hh"

#include <algorithm>
#include <utility>

namespace gyre::rm::control {

namespace {

bool is_a(pugi::xml_node action, std::string_view task) {
  return action.attribute("operation").value() == task;
}

bool is_probe(pugi::xml_node action) {
  return is_a(action, "monitor") &&
         action.child("attributes").attribute("CRM_meta_interval").as_llong() == 0;
}

// All instances of a clone have the same.
std::string_view agent_of(pugi::xml_node action) {
  const std::string_view id = action.child("primitive").attribute("id").value();
  return id.substr(0, id.find(':'));
}

}  // namespace

Transition::Transition(std::string_view graph) {
  graph_.load_buffer(graph.data(), graph.size(), pugi::parse_default, pugi::encoding_utf8);
  for (pugi::xml_node synapse : graph_.child("transition_graph").children("synapse")) {
    const pugi::xml_node action = synapse.child("action_set").first_child();
    by_action_[action.attribute("id").as_int()] = todo_.size();
    todo_.push_back({action, 0, {}, false});
  }
  std::size_t at = 0;
  for (pugi::xml_node synapse : graph_.child("transition_graph").children("synapse")) {
    for (pugi::xml_node trigger : synapse.child("inputs").children("trigger"))
      if (const auto first = by_action_.find(trigger.first_child().attribute("id").as_int());
          first != by_action_.end())
        wait(at, first->second);
    ++at;
  }
  let_promote_once_looked();
  let_leave_last();
  for (at = 0; at < todo_.size(); ++at)
    if (todo_[at].waits_for == 0) ready_.push_back(at);
  undone_ = todo_.size();
}

void Transition::wait(std::size_t then, std::size_t first) {
  todo_[first].followers.push_back(then);
  ++todo_[then].waits_for;
}

// Whoever leaves has done all that is to be done there: a probe may find what has to stop first.
void Transition::let_leave_last() {
  for (std::size_t leaves = 0; leaves < todo_.size(); ++leaves) {
    if (!is_a(todo_[leaves].action, "do_shutdown")) continue;
    const std::string_view node = todo_[leaves].action.attribute("on_node").value();
    for (std::size_t first = 0; first < todo_.size(); ++first)
      if (const pugi::xml_node each = todo_[first].action;
          std::string_view(each.name()) == "rsc_op" && each.attribute("on_node").value() == node)
        wait(leaves, first);
  }
}

// A clone's instances wait for no other's probe, but one that is found may be promoted. A probe
// that waits for something itself might wait for this promotion.
void Transition::let_promote_once_looked() {
  std::vector<std::size_t> probes;
  for (std::size_t at = 0; at < todo_.size(); ++at)
    if (is_probe(todo_[at].action) && todo_[at].waits_for == 0) probes.push_back(at);
  for (std::size_t promotes = 0; promotes < todo_.size(); ++promotes)
    for (const std::size_t probe : probes)
      if (is_a(todo_[promotes].action, "promote") &&
          agent_of(todo_[promotes].action) == agent_of(todo_[probe].action))
        wait(promotes, probe);
}

std::vector<pugi::xml_node> Transition::take_ready() {
  std::vector<pugi::xml_node> taken;
  while (!ready_.empty()) {
    std::ranges::sort(ready_);
    for (const std::size_t at : std::exchange(ready_, {})) {
      const pugi::xml_node action = todo_[at].action;
      if (std::string_view(action.name()) == "pseudo_event")
        done(action.attribute("id").as_int());
      else
        taken.push_back(action);
    }
  }
  return taken;
}

bool Transition::has(std::string_view task, std::string_view node) const {
  return std::ranges::any_of(todo_, [&](const Todo& each) {
    return each.action.attribute("operation").value() == task &&
           each.action.attribute("on_node").value() == node;
  });
}

void Transition::done(int action) {
  const auto found = by_action_.find(action);
  if (found == by_action_.end() || std::exchange(todo_[found->second].done, true)) return;
  --undone_;
  for (const std::size_t follower : todo_[found->second].followers)
    if (--todo_[follower].waits_for == 0) ready_.push_back(follower);
}

}  // namespace gyre::rm::control
