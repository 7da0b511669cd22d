#include "bench/clients.hh"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <utility>

#include "bench/numbers.hh"

namespace gyre::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr auto patience = std::chrono::seconds(20);

double since(Clock::time_point start) {
  return Seconds(Clock::now() - start).count();
}

// The first byte of a payload.
enum class Mark : unsigned char { go_on = 0, last = 1 };

// One program in the group of a measurement.
class Program {
 public:
  Program(const ClientSettings& settings, std::size_t which, std::string group)
      : settings_(settings),
        connection_({.run_dir = settings.run_dirs[which], .connect_timeout = patience}),
        group_(std::move(group)),
        payload_(std::max<std::size_t>(settings.bytes, 1)) {
    connection_.join(group_);
    for (const auto start = Clock::now(); members_ < settings.run_dirs.size();) {
      take(connection_.receive(std::chrono::milliseconds(100)));
      if (Clock::now() - start > patience)
        throw std::runtime_error("the programs of the measurement do not all come into the group");
    }
  }

  Latency latency() {
    std::vector<double> micros;
    for (const auto start = Clock::now(); since(start) < settings_.seconds;) {
      const std::uint64_t wanted = own_ + 1;
      const auto sent = Clock::now();
      connection_.send(group_, payload_, settings_.guarantee);
      while (own_ < wanted) await();
      micros.push_back(since(sent) * 1e6);
    }
    std::ranges::sort(micros);
    std::vector<std::pair<double, double>> distribution;
    for (double n = 1; n <= static_cast<double>(micros.size()); n *= std::pow(10, 0.1))
      distribution.emplace_back(n, percentile(micros, 1 - 1 / n));
    return {.messages = micros.size(),
            .p50 = percentile(micros, 0.5),
            .p90 = percentile(micros, 0.9),
            .p99 = percentile(micros, 0.99),
            .p999 = percentile(micros, 0.999),
            .most = micros.back(),
            .distribution = std::move(distribution)};
  }

  Throughput::OfOne throughput(bool sends) {
    Throughput::OfOne one{.node = connection_.node()};
    const auto start = Clock::now();
    while (sends && since(start) < settings_.seconds) {
      constexpr int burst = 64;  // between two looks at the clock and at what has come
      const std::uint64_t sent = one.sent, taken = all_;
      for (int i = 0; i < burst && try_send(Mark::go_on); ++i) ++one.sent;
      while (take(connection_.poll())) {
      }
      if (one.sent == sent && all_ == taken) await();
    }
    while (sends && !try_send(Mark::last)) await();
    one.sent += sends;
    while (own_ < one.sent) await();
    if (sends) one.own_rate = static_cast<double>(one.sent) / since(start);
    while (ended_ < settings_.senders) await();
    one.delivered_rate = static_cast<double>(all_) / Seconds(last_ - first_).count();
    return one;
  }

 private:
  bool try_send(Mark mark) {
    payload_[0] = static_cast<std::byte>(mark);
    return connection_.try_send(group_, payload_, settings_.guarantee);
  }

  void await() {
    take(settings_.spin ? connection_.spin() : connection_.receive(std::chrono::milliseconds(100)));
    if (Clock::now() - moved_ > patience)
      throw std::runtime_error("nothing was delivered for 20 s");
  }

  bool take(const std::optional<client::Event>& event) {
    if (!event) return false;
    moved_ = Clock::now();
    if (const auto* message = std::get_if<client::Message>(&*event)) {
      if (all_++ == 0) first_ = moved_;
      own_ += message->sender == connection_.self();
      ended_ += !message->payload.empty() && message->payload[0] == std::byte{1};
      last_ = moved_;
    } else if (const auto* change = std::get_if<client::GroupChange>(&*event)) {
      members_ = change->members.size();
    } else if (const auto* refused = std::get_if<client::JoinRefused>(&*event)) {
      throw std::runtime_error("the group was refused: " + std::string(refused->reason));
    }
    return true;
  }

  const ClientSettings& settings_;
  client::Connection connection_;
  const std::string group_;
  std::vector<std::byte> payload_;
  std::size_t members_ = 0, ended_ = 0;
  std::uint64_t own_ = 0, all_ = 0;
  Clock::time_point first_{}, last_{}, moved_ = Clock::now();
};

// A process that works out one Result and hands it over through a pipe.
template <typename Result>
class Worker {
 public:
  explicit Worker(const std::function<Result()>& work) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("fork failed");
    if (process_ > 0) {
      ::close(ends[1]);
      from_ = ends[0];
      return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    int status = 1;
    try {
      const Result result = work();
      if (::write(ends[1], &result, sizeof result) == sizeof result) status = 0;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "gyre bench: %s\n", error.what());
    }
    ::_exit(status);
  }
  Worker(Worker&& other) noexcept
      : process_(std::exchange(other.process_, -1)), from_(std::exchange(other.from_, -1)) {}
  ~Worker() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    ::close(from_);
  }
  Result result() {
    Result result{};
    if (::read(from_, &result, sizeof result) != sizeof result)
      throw std::runtime_error("a process of the measurement has ended");
    return result;
  }

 private:
  pid_t process_ = -1;
  int from_ = -1;
};

std::string group_name(const char* what) {
  return std::string("gyre bench ") + what + " " + std::to_string(::getpid());
}

}  // namespace

Latency measure_latency(const ClientSettings& settings) {
  ClientSettings alone = settings;
  alone.run_dirs.resize(1);
  return Program(alone, 0, group_name("latency")).latency();
}

Throughput measure_throughput(const ClientSettings& settings) {
  const std::string group = group_name("throughput");
  std::vector<Worker<Throughput::OfOne>> workers;
  for (std::size_t which = 0; which < settings.run_dirs.size(); ++which)
    workers.emplace_back([&settings, which, group] {
      return Program(settings, which, group).throughput(which < settings.senders);
    });
  Throughput throughput;
  for (auto& worker : workers) {
    const Throughput::OfOne one = throughput.processes.emplace_back(worker.result());
    throughput.sent_rate += one.own_rate;
    throughput.delivered_rate = throughput.delivered_rate == 0
                                    ? one.delivered_rate
                                    : std::min(throughput.delivered_rate, one.delivered_rate);
  }
  return throughput;
}

}  // namespace gyre::bench
