// What makes a program a daemon: who else runs, where it runs, and with which rights.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "transport/shm/descriptor.hh"

namespace gyre::node {

// What gyred ends with; the numbers are those that scripts around Corosync know.
enum class Exit : int {
  ok = 0,
  usage = 1,
  configuration = 8,
  logging = 9,
  fatal = 15,
  state_directory = 16,
  lock = 17,
  already_running = 18,
};

// Ends the start with a word and a status.
class StartError : public std::runtime_error {
 public:
  StartError(Exit status, const std::string& what) : std::runtime_error(what), status_(status) {}
  Exit status() const noexcept { return status_; }

 private:
  Exit status_;
};

// run_dir/gyred.pid, locked as long as this lives: one daemon per run directory.
class PidFile {
 public:
  // Makes the directory if it is missing. Throws StartError.
  explicit PidFile(const std::string& run_dir);
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

 private:
  std::string path_;
  shm::Descriptor file_;
};

// The way into the background. It is taken before any thread starts; the parent waits until the
// daemon says started(), so that whoever starts it sees errors and a status that is not 0.
class Background {
 public:
  // Returns in the child. In the parent: ends the process with the daemon's status.
  Background();
  // Lets the parent go with 0 and the terminal too.
  void started();

 private:
  shm::Descriptor to_parent_;
};

// Each in as far as the system lets us; the lines are for the log.
std::vector<std::string> allow_open_files(std::size_t clients_max);
std::vector<std::string> lock_memory();
// `priority`: max, min or a number. Only for root; threads started later are ordinary again.
std::vector<std::string> become_real_time(const std::string& priority);

}  // namespace gyre::node
