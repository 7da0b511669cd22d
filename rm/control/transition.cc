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
  let_leave_last();
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

// Whoever leaves has done all that is to be done there: a probe may find what has to stop first.
void Transition::let_leave_last() {
  const auto is = [](const Todo& todo, const char* attribute, std::string_view value) {
    return todo.action.attribute(attribute).value() == value;
  };
  for (std::size_t leaves = 0; leaves < todo_.size(); ++leaves) {
    if (!is(todo_[leaves], "operation", "do_shutdown")) continue;
    const std::string_view node = todo_[leaves].action.attribute("on_node").value();
    for (Todo& each : todo_) {
      if (std::string_view(each.action.name()) != "rsc_op" || !is(each, "on_node", node)) continue;
      each.followers.push_back(leaves);
      ++todo_[leaves].waits_for;
    }
  }
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
