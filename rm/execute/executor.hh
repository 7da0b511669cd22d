// gyre-exec without its command line: jobs, their agents, the ledger, and the one client.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rm/execute/agents.hh"
#include "rm/execute/command.hh"
#include "rm/execute/fence_agent.hh"
#include "rm/execute/jobs.hh"
#include "rm/execute/ledger.hh"
#include "rm/execute/words.hh"
#include "rm/local/loop.hh"
#include "rm/local/server.hh"

namespace gyre::rm::execute {

class Executor {
 public:
  struct Settings {
    std::string group;  // of the socket
    Surroundings surroundings;
    Jobs::Limits limits{};
  };

  // First of all ends what an earlier gyre-exec left running. Throws std::runtime_error if the run
  // directory cannot be used, or another one runs there.
  Executor(local::Loop&, Settings);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Begins nothing more, and ends the loop once nothing runs.
  void wind_down();

 private:
  void recover();
  void open(local::Connection&);
  void hear(local::Connection&, std::string_view text);
  void obey(local::Connection&, const Request&);
  void greet(local::Connection&, const Hello&);
  void refuse(local::Connection&, const std::string& why);
  // Does what the jobs ask for, until they ask for nothing.
  void settle();
  void take(const Step&);
  void begin(Id, const Job&);
  // What an agent is asked for in this step of it.
  Operation asked_of(Id, const Operation&);
  std::variant<Command, Result> command_for(const Operation&);
  bool goes_on(Id, const Job&, Result&);
  void ended(Id, Result);
  void keep(Id, const Job&);
  void report(const Report&);

  local::Loop& loop_;
  Settings settings_;
  std::uint64_t life_;
  Ledger ledger_;
  Jobs jobs_;
  std::set<std::string> devices_;  // fence devices that are started here
  // A fencing that is not over: what is left of it, once it is known what its agent can do.
  struct Fencing {
    bool asking = false;
    std::vector<Operation> steps{};
  };
  std::map<Id, Fencing> fencings_;
  std::map<std::string, FenceAgent> fence_agents_;  // that have been asked
  std::random_device chance_;
  Agents agents_;
  local::Source deadline_;
  local::Connection* client_ = nullptr;  // once it has said hello
  bool ledger_fails_ = false, winding_down_ = false;
  std::unique_ptr<local::Server> server_;
};

}  // namespace gyre::rm::execute
