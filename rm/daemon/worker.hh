// A thread beside the loop, for what takes long: plans, and the disk. One job after the other.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "rm/local/descriptor.hh"
#include "rm/local/loop.hh"

namespace gyre::rm::daemon {

class Worker {
 public:
  using Finish = std::function<void()>;  // in the loop
  using Job = std::function<Finish()>;   // in the thread

  explicit Worker(local::Loop&);
  ~Worker();  // what is under way is finished, what waits is not begun

  void run(Job);

 private:
  void work();
  void finish();

  local::Descriptor wake_;  // an eventfd
  local::Source io_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::deque<Finish> finished_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace gyre::rm::daemon
