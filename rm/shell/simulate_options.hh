// What crm_simulate is asked to do, as Pacemaker's is.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace gyre::rm::shell {

struct SimulateOptions {
  enum class Source { none, live, file, pipe } source = Source::none;
  std::string file;

  bool process = false;   // plan, and say what would be done
  bool simulate = false;  // do it, and show what comes of it
  bool in_place = false;  // and write that over the input
  bool scores = false, all_actions = false, quiet = false, json = false;

  // What happens first.
  std::optional<std::string> quorum, watchdog, date;
  std::vector<std::string> nodes_up, nodes_down, nodes_failed;
  std::vector<std::string> tickets_granted, tickets_revoked, tickets_standby, tickets_activated;
  std::vector<std::string> operations;         // to inject
  std::vector<std::string> failed_operations;  // while the plan is carried out

  std::vector<std::string> explained;  // resources

  // Files to write; empty: none.
  std::string save_input, save_output, save_graph, save_dot;
};

// The exit status if the command ends with that: help, the version, a wrong option.
std::optional<int> read_simulate_options(int argc, char** argv, SimulateOptions&);

}  // namespace gyre::rm::shell
