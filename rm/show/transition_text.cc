#include "rm/show/transition_text.hh"

#include <fmt/format.h>

#include <algorithm>

namespace gyre::rm::show {

namespace {

using schedule::Action;

constexpr std::size_t width_min = 5;

std::string node_change(const Change& change) {
  return fmt::format("{} {} '{}'", change.action, change.subject, change.reason);
}

std::string done_text(const simulate::Done& done) {
  const Action& action = *done.action;
  const std::string_view node = action.node ? action.node->name : "";
  if (action.pseudo) {
    const bool fencing = action.task == "stonith";
    return fmt::format("Pseudo action:   {}{}{}", schedule::spoken_key(action),
                       fencing ? " on " : "", fencing ? node : "");
  }
  if (action.task == "stonith")
    return fmt::format("Fencing {} ({})", node, simulate::fence_action(action));
  if (action.task == "do_shutdown") return fmt::format("Cluster action:  do_shutdown on {}", node);
  if (action.task == "clear_failcount")
    return fmt::format("Cluster action:  clear_failcount for {} on {}", done.name, node);
  const std::string interval =
      action.interval_ms != 0 ? fmt::format("={}", action.interval_ms) : "";
  const std::string_view task = action.task == "lrm_delete" ? "delete" : action.task;
  return fmt::format("Resource action: {:<15} {}{} on {}", done.name, task, interval, node);
}

}  // namespace

void transition_summary(Outline& out, const schedule::Cluster& cluster) {
  const std::vector<Change> all = changes(cluster);
  std::size_t subjects = width_min, details = width_min;
  for (const Change& change : all) {
    if (change.detail.empty()) continue;
    if (change.subject.size() > subjects) subjects = change.subject.size() + 2;
    details = std::max(details, change.detail.size());
  }
  out.begin("Transition Summary");
  for (const Change& change : all) {
    if (change.detail.empty()) {
      out.item(node_change(change));
      continue;
    }
    std::string why = change.reason.empty() ? "" : "  due to " + change.reason;
    if (change.blocked) why += change.reason.empty() ? "  blocked" : " (blocked)";
    out.item(fmt::format("{:<10} {:<{}}   ( {:>{}} ){}", change.action, change.subject, subjects,
                         change.detail, details, why));
  }
  out.end();
}

void executed(Outline& out, const std::vector<simulate::Done>& all) {
  out.begin("Executing Cluster Transition");
  for (const simulate::Done& done : all) {
    out.item(done_text(done));
    if (!done.failed) continue;
    out.note(fmt::format("Pretending action {} failed with rc={}", done.action->id, *done.failed));
    for (const std::string& attribute : done.counted)
      out.item(
          fmt::format("Injecting attribute {} into /node_state '{}'", attribute, done.node_id));
  }
  out.end();
}

}  // namespace gyre::rm::show
