// An HTTP server for the metrics, on a thread of its own. It asks the daemon as any program does,
// over its socket, so that it shares nothing with the data plane and cannot hold it up.
#pragma once

#include <memory>
#include <string>

#include "node/config.hh"

namespace gyre::node {

class Exporter {
 public:
  // Connections at a time, for all and from one address, and for how long they may be silent.
  static constexpr unsigned connections_max = 16, connections_of_one_max = 8;
  static constexpr unsigned silence_max_s = 10;

  // Serves http://ADDRESS:PORT/metrics. Throws std::runtime_error.
  Exporter(const MetricsAddress& address, const std::string& run_dir);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gyre::node
