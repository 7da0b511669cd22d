// What gyre-exec runs and what it has not been acknowledged, in a directory in /run: a file for
// each job, by its id, so that the next gyre-exec knows what this one left. It outlives any end of
// the process; a crash of the machine ends the agents, too. It holds no parameter of an agent.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rm/execute/jobs.hh"
#include "rm/execute/process.hh"
#include "rm/local/descriptor.hh"

namespace gyre::rm::execute {

class Ledger {
 public:
  struct Entry {
    Id id = 0;
    Job job;  // of its operation what says which it is
    // Of what was running; none if gyre-exec ended right after it had begun.
    Process process;
  };

  // Makes the directory, for root alone. Throws std::runtime_error if another gyre-exec has it.
  explicit Ledger(const std::string& directory);

  // In the order of their ids. What is unreadable is told, and stays.
  std::vector<Entry> read(const std::function<void(const std::string& what)>& trouble) const;
  // Why it could not be written.
  std::optional<std::string> keep(Id, const Job&, const Process&) const;
  void forget(Id) const;

 private:
  std::string path_;
  local::Descriptor directory_;  // locked
};

}  // namespace gyre::rm::execute
