// What a program sees of running daemons, through libgyre: how long its own message takes to come
// back in the order, and how many go through when the queue is kept full.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/gyre/gyre.hh"

namespace gyre::bench {

struct ClientSettings {
  std::vector<std::string> run_dirs;  // one process for each; the first senders of them send
  std::size_t senders = 1;
  std::size_t bytes = 64;
  double seconds = 2;
  client::Guarantee guarantee = client::Guarantee::agreed;
  bool spin = false;  // the program polls in place of sleeping
};

// One message outstanding, from the first of the daemons. Microseconds.
struct Latency {
  std::size_t messages = 0;
  double p50 = 0, p90 = 0, p99 = 0, p999 = 0, most = 0;
  // For n = 1, 1.26, 1.58, … 10, … up to as many messages as there were: one of n took longer.
  std::vector<std::pair<double, double>> distribution;
};
Latency measure_latency(const ClientSettings& settings);

struct Throughput {
  struct OfOne {
    std::uint32_t node = 0;
    std::uint64_t sent = 0;
    double own_rate = 0;        // its own messages, sent to the last one delivered, per second
    double delivered_rate = 0;  // of all senders, first to last, per second
  };
  std::vector<OfOne> processes;  // as run_dirs
  // What the senders got through, added up; and what the slowest program was handed.
  double sent_rate = 0, delivered_rate = 0;
};
Throughput measure_throughput(const ClientSettings& settings);

}  // namespace gyre::bench
