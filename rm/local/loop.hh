// The event loop of gyre-rm and gyre-exec: sd-event's, with owners for what waits in it.
//
// A Source may be ended from within its own callback, and so may whoever owns it. Set-up failures
// are thrown as std::system_error; a callback does not throw.
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace gyre::rm::local {

using Duration = std::chrono::microseconds;

// What waits in a loop, until it is destroyed.
class Source {
 public:
  Source() = default;
  explicit Source(sd_event_source* source) noexcept : source_(source) {}
  Source(Source&& other) noexcept : source_(std::exchange(other.source_, nullptr)) {}
  Source& operator=(Source&& other) noexcept {
    std::swap(source_, other.source_);
    return *this;
  }
  ~Source() { sd_event_source_disable_unref(source_); }

  explicit operator bool() const noexcept { return source_ != nullptr; }
  // Whether it calls back at all.
  void enable(bool on);
  // Of a descriptor: EPOLLIN, EPOLLOUT.
  void wait_for(std::uint32_t events);
  // Of a timer: calls back once, that long from now.
  void in(Duration);

 private:
  sd_event_source* source_ = nullptr;
};

class Loop {
 public:
  using Callback = std::function<void()>;

  Loop();
  ~Loop() { sd_event_unref(event_); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Of a descriptor, which stays its owner's; what is there is handed over.
  Source io(int descriptor, std::uint32_t events, std::function<void(std::uint32_t)>);
  // Waits for nothing until it is told in().
  Source timer(Callback);
  // Once, in the next turn, each time that it is enabled. It begins disabled.
  Source later(Callback);
  // The signal is blocked and taken from here on: to be called before any thread is begun.
  Source signal(int number, Callback);
  // Names that come to be in a directory.
  Source appears(const char* directory, std::function<void(const char* name)>);

  // Until end().
  void run();
  void end();
  // One turn: waits for something for so long at most.
  void turn(Duration patience);

 private:
  sd_event* event_ = nullptr;
};

}  // namespace gyre::rm::local
