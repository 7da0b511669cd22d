#include "rm/control/transition.hh"

#include <algorithm>
#include <utility>

namespace gyre::rm::control {

Transition::Transition(std::string_view graph) {
  graph_.load_buffer(graph.data(), graph.size(), pugi::parse_default, pugi::encoding_utf8);
  for (pugi::xml_node synapse : graph_.child("transition_graph").children("synapse")) {
    const pugi::xml_node action = synapse.child("action_set").first_child();
    by_action_[action.attribute("id").as_int()] = todo_.size();
    todo_.push_back({action, 0, {}, false});
  }
  std::size_t at = 0;
  for (pugi::xml_node synapse : graph_.child("transition_graph").children("synapse")) {
    for (pugi::xml_node trigger : synapse.child("inputs").children("trigger")) {
      const auto first = by_action_.find(trigger.first_child().attribute("id").as_int());
      if (first == by_action_.end()) continue;
      todo_[first->second].followers.push_back(at);
      ++todo_[at].waits_for;
    }
    if (todo_[at].waits_for == 0) ready_.push_back(at);
    ++at;
  }
  undone_ = todo_.size();
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
