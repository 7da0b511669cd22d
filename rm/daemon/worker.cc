#include "rm/daemon/worker.hh"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>

namespace gyre::rm::daemon {

Worker::Worker(local::Loop& loop) : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
  io_ = loop.io(wake_.number(), EPOLLIN, [this](std::uint32_t) { finish(); });
  thread_ = std::thread([this] { work(); });
}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Worker::run(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (ending_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    Finish finish = job();
    lock.lock();
    finished_.push_back(std::move(finish));
    ::eventfd_write(wake_.number(), 1);
  }
}

void Worker::finish() {
  eventfd_t count = 0;
  ::eventfd_read(wake_.number(), &count);
  std::deque<Finish> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (const Finish& each : finished)
    if (each) each();
}

}  // namespace gyre::rm::daemon
