// gyred as a process of its own, for tests: started, watched and ended by them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "transport/shm/descriptor.hh"

namespace gyre::test {

struct Ended {
  int status = -1;     // exit status; 128 + number of the signal that killed it
  std::string output;  // stderr and stdout
  bool core = false;   // it has left one
};

class GyredProcess {
 public:
  // Starts gyred with `arguments`; its output goes to a file. When `notify` is not empty it is
  // where the daemon says that it is ready.
  GyredProcess(const std::vector<std::string>& arguments, const std::string& output,
               const std::string& notify = {});
  ~GyredProcess();  // SIGKILL, if it still runs
  GyredProcess(const GyredProcess&) = delete;
  GyredProcess& operator=(const GyredProcess&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // Nothing: it still ran after `limit`.
  std::optional<Ended> wait(std::chrono::seconds limit = std::chrono::seconds(20));

 private:
  std::string output_;
  pid_t pid_ = -1;
};

// Where daemons say what systemd would hear.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path);
  const std::string& path() const { return path_; }
  // Waits for a datagram that contains `words`.
  bool wait_for(const std::string& words, std::chrono::seconds limit = std::chrono::seconds(20));

 private:
  std::string path_;
  shm::Descriptor socket_;
};

}  // namespace gyre::test
