#include "node/wait.hh"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace gyre::node {

bool Patience::spent(bool active, Time now) noexcept {
  if (active) {
    active_at_ = now;
    return false;
  }
  if (!spins(now)) return true;
  return policy_ == Poll::adaptive && now - active_at_ >= spin_for;
}

void Patience::preempted(std::uint64_t times, Time now) noexcept {
  const bool more = counted_ && times > preemptions_;
  preemptions_ = times;
  counted_ = true;
  if (more) {
    yield_until_ = now + yield_for_;
    yield_for_ = std::min(2 * yield_for_, yield_max);
  } else if (now >= yield_until_ + yield_for_) {
    yield_for_ = yield_min;
  }
}

Sleeper::Sleeper() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

bool Sleeper::add(int fd, std::uint64_t token, bool edge) noexcept {
  const std::uint32_t events = edge ? EPOLLIN | EPOLLRDHUP | EPOLLET : EPOLLIN;
  epoll_event event{.events = events, .data = {.u64 = token}};
  return ::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, fd, &event) == 0;
}

std::span<const Sleeper::Ready> Sleeper::sleep(Time now, Time deadline) noexcept {
  std::array<epoll_event, 64> events;
  static_assert(std::tuple_size_v<decltype(ready_)> == events.size());
  timespec timeout{};
  if (deadline != never) {
    const std::int64_t left = std::max<std::int64_t>((deadline - now).count(), 0);
    timeout = {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
  }
  const int count = ::epoll_pwait2(epoll_.number(), events.data(), static_cast<int>(events.size()),
                                   deadline == never ? nullptr : &timeout, nullptr);
  std::size_t ready = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    ready_[ready++] = {event.data.u64, (event.events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0};
  }
  return std::span(ready_).first(ready);
}

std::uint64_t preemptions_of_this_thread() noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return static_cast<std::uint64_t>(usage.ru_nivcsw);
}

void give_way() noexcept {
  ::sched_yield();
}

unsigned cores_of_this_thread() noexcept {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&cores));
}

Time clock_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return Time(std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec));
}

}  // namespace gyre::node
