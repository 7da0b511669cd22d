// What goes from one thread to another, in order, and no more of it than has room: who is refused
// keeps what it has, and is told when there is room again. Both sides can wait for their descriptor
// together with others.
#pragma once

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>

#include "rm/local/descriptor.hh"

namespace gyre::rm::daemon {

template <typename T>
class BoundedQueue {
 public:
  // Of what push() says that each takes. What takes more goes in alone.
  explicit BoundedQueue(std::size_t size_max) : size_max_(size_max) {
    if (!filled_ || !room_) throw std::system_error(errno, std::generic_category(), "eventfd");
  }

  // False: there is no room, and `value` is as it was; room() is readable once there is.
  bool push(T&& value, std::size_t size) {
    std::unique_lock lock(mutex_);
    if (!values_.empty() && size > size_max_ - std::min(size_, size_max_)) {
      refused_ = true;
      return false;
    }
    const bool first = values_.empty();
    values_.push_back(std::move(value));
    size_ += size;
    lock.unlock();  // or who wakes up would have to wait for it
    if (first) wake();
    return true;
  }

  // All that is there.
  std::deque<T> take() {
    silence(filled_);
    std::unique_lock lock(mutex_);
    size_ = 0;
    auto taken = std::exchange(values_, {});
    const bool tells = std::exchange(refused_, false);
    lock.unlock();
    if (tells) ::eventfd_write(room_.number(), 1);
    return taken;
  }

  // Readable: there may be something to take(). wake() makes it so, for another reason.
  int filled() const noexcept { return filled_.number(); }
  void wake() { ::eventfd_write(filled_.number(), 1); }
  // Readable: what was refused may be pushed again; until it is heard().
  int room() const noexcept { return room_.number(); }
  void heard() { silence(room_); }

 private:
  static void silence(const local::Descriptor& descriptor) {
    eventfd_t count = 0;
    ::eventfd_read(descriptor.number(), &count);
  }

  const std::size_t size_max_;
  const local::Descriptor filled_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  const local::Descriptor room_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex_;
  std::deque<T> values_;
  std::size_t size_ = 0;
  bool refused_ = false;
};

}  // namespace gyre::rm::daemon
