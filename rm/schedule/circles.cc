#include "rm/schedule/circles.hh"

namespace gyre::rm::schedule {

std::vector<Step> without_circles(const Cluster& cluster, std::vector<Step> steps) {
  std::vector<std::vector<std::size_t>> followers(cluster.actions.size() + 1);  // by Action::id
  std::vector<std::size_t> missing(steps.size()), ready;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    missing[i] = steps[i].inputs.size();
    if (missing[i] == 0) ready.push_back(i);
    for (const Action* input : steps[i].inputs)
      followers[static_cast<std::size_t>(input->id)].push_back(i);
  }
  std::size_t reached = 0;
  while (!ready.empty()) {
    const std::size_t next = ready.back();
    ready.pop_back();
    ++reached;
    for (const std::size_t follower : followers[static_cast<std::size_t>(steps[next].action->id)])
      if (--missing[follower] == 0) ready.push_back(follower);
  }
  if (reached == steps.size()) return steps;
  std::vector<Step> left;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Action& action = *steps[i].action;
    if (missing[i] == 0) {
      left.push_back(std::move(steps[i]));
    } else {
      action.runnable = false;
      action.reason = "orderings that wait for each other";
    }
  }
  return left;
}

}  // namespace gyre::rm::schedule
