#include "bench/machine.hh"

#include <sys/resource.h>
#include <sys/utsname.h>

#include <fstream>
#include <sstream>

#include "node/wait.hh"

namespace gyre::bench {

Machine machine() {
  Machine machine;
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("model name")) continue;
    machine.cpu = line.substr(line.find(':') + 2);
    break;
  }
  utsname name{};
  if (uname(&name) == 0) machine.kernel = name.release;
  machine.cores = node::cores_of_this_thread();
  return machine;
}

Strain strain() {
  Strain strain;
  std::ifstream("/proc/loadavg") >> strain.load;
  std::ifstream stat("/proc/stat");
  std::string line, word;
  std::getline(stat, line);
  std::istringstream fields(line);
  fields >> word;
  // user nice system idle iowait irq softirq steal
  for (int place = 0; place < 8; ++place) {
    std::uint64_t ticks = 0;
    fields >> ticks;
    strain.ticks += ticks;
    if (place == 7) strain.steal = ticks;
  }
  return strain;
}

void raise_open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace gyre::bench
