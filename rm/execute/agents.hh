// Agents as processes: begins them, kills them with all of their group, hears what they write, and
// reaps them and whatever they leave behind (this process becomes a subreaper).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

#include "rm/execute/command.hh"
#include "rm/execute/jobs.hh"
#include "rm/execute/output.hh"
#include "rm/execute/process.hh"
#include "rm/execute/result.hh"
#include "rm/local/descriptor.hh"
#include "rm/local/loop.hh"

namespace gyre::rm::execute {

class Agents {
 public:
  using Ended = std::function<void(Id, Result)>;

  // Takes SIGCHLD: to be made before any thread is.
  Agents(local::Loop&, Ended);
  Agents(const Agents&) = delete;
  Agents& operator=(const Agents&) = delete;

  // What came of it if it could not be begun; else that is told later.
  std::optional<Result> begin(Id, const Command&, std::size_t output_max);
  // Each of these nothing, if that does not run.
  void kill(Id);
  void abandon(Id);
  Process process(Id) const;

 private:
  struct Pipe {
    local::Descriptor descriptor;
    local::Source source;
  };
  struct Running {
    Process process;
    Output output;
    Pipe out, error;
  };

  void listen(Running&, Pipe& pipe, void (Output::*add)(std::string_view));
  void reap();
  void end(Id, int code, int status);

  local::Loop& loop_;
  Ended ended_;
  std::map<Id, Running> running_;
  std::unordered_map<pid_t, Id> by_pid_;
  local::Source child_;
};

}  // namespace gyre::rm::execute
