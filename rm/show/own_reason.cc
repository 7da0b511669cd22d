#include "rm/show/own_reason.hh"

#include <utility>

namespace gyre::rm::show {

std::string_view own_reason(const schedule::Location& location) {
  constexpr std::pair<std::string_view, std::string_view> reasons[] = {
      {"stickiness", "it runs there (resource-stickiness)"},
      {"not_managed_default", "it runs there and is not managed"},
      {"node-health", "the health of the node (node-health-strategy)"},
      {"hard-error", "the agent says that it cannot run there"},
      {"fatal-error", "the agent says that it is not configured"},
      {"__fail_limit__", "it failed there as often as migration-threshold allows"},
      {"__stop_fail__", "it could not be stopped there"},
      {"__failed_role__", "it failed, and on-fail is stop"},
      {"__action_migration_auto__", "it failed there, and on-fail moves it away"},
      {"__loss_of_ticket__", "it needs a ticket that is not granted"},
  };
  for (const auto& [id, words] : reasons)
    if (location.id == id) return words;
  return {};
}

}  // namespace gyre::rm::show
