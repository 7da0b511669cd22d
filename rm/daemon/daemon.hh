// gyre-rm: the control of this node between the ring, the executor, the disk and the commands. One
// loop; the ring, plans and the disk have a thread each.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "client/gyre/gyre.hh"
#include "rm/control/control.hh"
#include "rm/daemon/command_port.hh"
#include "rm/daemon/ring_bus.hh"
#include "rm/daemon/store.hh"
#include "rm/daemon/worker.hh"
#include "rm/execute/client.hh"
#include "rm/local/loop.hh"

namespace gyre::rm::daemon {

struct Settings {
  std::string run_directory;    // where gyred's socket is, and ours
  std::string state_directory;  // of the configuration
  std::string socket_group;     // who may ask; empty: root and the cluster's user only
  std::string user;             // to be, once all is open; empty: as it is
  std::string node_name;        // uname -n
};

class Daemon {
 public:
  // Throws where something is missing that it cannot be without: gyred, its directory.
  explicit Daemon(Settings);

  // Until it is told to end; what for.
  int run();

 private:
  void stand(const execute::Standing&);
  void take(const execute::Report&);
  void begin(const execute::Standing&);  // the executor is there: join
  void take_output();
  void begin(const control::Output::Begun&);
  void acknowledge(const std::string& key);
  void plan();
  void write(control::Output::Write);
  void stop();  // gently: what runs here goes elsewhere first
  void end(int status, const std::string& why);
  std::int64_t now() const;

  Settings settings_;
  local::Loop loop_;
  Store store_;
  client::Connection connection_;  // until there is a bus
  std::optional<control::Control> control_;
  std::optional<CommandPort> port_;
  std::map<std::string, std::deque<std::uint64_t>> unacknowledged_;  // serials, by key
  std::optional<Worker> planner_, disk_;  // begun once signals are the loop's
  std::optional<RingBus> bus_;
  std::optional<execute::Client> executor_;
  std::string executor_life_;
  local::Source recheck_, patience_, terminate_, interrupt_;
  bool stopping_ = false;
  int status_ = 0;
};

}  // namespace gyre::rm::daemon
