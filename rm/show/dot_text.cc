#include "rm/show/dot_text.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

namespace gyre::rm::show {

namespace {

using schedule::Action;
using schedule::Edge;
using schedule::Step;

std::string name_of(const Action& action) {
  if (action.pseudo) return schedule::spoken_key(action);
  const std::string key =
      action.task == "do_shutdown" ? "do_shutdown" : schedule::spoken_key(action);
  return fmt::format("{} {}", key, action.node ? action.node->name : "<none>");
}

class Dot {
 public:
  Dot(const schedule::Cluster& cluster, const std::vector<Step>& steps, bool all)
      : cluster_(cluster), all_(all) {
    for (const Step& step : steps) steps_.emplace(step.action, &step);
  }

  std::string text() {
    text_ = " digraph \"g\" {\n";
    const auto& actions = cluster_.actions;
    for (auto action = actions.rbegin(); action != actions.rend(); ++action) node(*action);
    for (auto action = actions.rbegin(); action != actions.rend(); ++action) edges(*action);
    return std::move(text_ += "}\n");
  }

 private:
  bool is_done(const Action& action) const { return steps_.contains(&action); }
  bool shown(const Action& action) const {
    const bool unmanaged = action.resource && !action.resource->managed;
    return is_done(action) || all_ || !(unmanaged || action.optional);
  }

  void node(const Action& action) {
    if (!shown(action)) return;
    const bool done = is_done(action);
    fmt::format_to(std::back_inserter(text_), "\"{}\" [ style={} color=\"{}\" fontcolor=\"{}\"]\n",
                   name_of(action), done ? "bold" : "dashed",
                   done              ? "green"
                   : action.optional ? "blue"
                                     : "red",
                   action.pseudo ? "orange" : "black");
  }

  void edges(const Action& action) {
    if (!shown(action)) return;
    std::unordered_set<const Action*> awaited;
    if (const auto step = steps_.find(&action); step != steps_.end())
      awaited.insert(step->second->inputs.begin(), step->second->inputs.end());
    std::unordered_set<const Action*> drawn;
    for (const Edge& edge : action.before) {
      if (!shown(*edge.action) || edge.flags == 0 || !drawn.insert(edge.action).second) continue;
      fmt::format_to(std::back_inserter(text_), "\"{}\" -> \"{}\" [ style = {}]\n",
                     name_of(*edge.action), name_of(action),
                     awaited.contains(edge.action) ? "bold" : "dashed");
    }
  }

  const schedule::Cluster& cluster_;
  bool all_;
  std::unordered_map<const Action*, const Step*> steps_;
  std::string text_;
};

}  // namespace

std::string dot(const schedule::Cluster& cluster, const std::vector<Step>& steps, bool all) {
  return Dot(cluster, steps, all).text();
}

}  // namespace gyre::rm::show
