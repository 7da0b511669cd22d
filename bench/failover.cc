#include "bench/failover.hh"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <future>
#include <stdexcept>

#include "client/gyre/gyre.hh"

namespace gyre::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Millis = std::chrono::duration<double, std::milli>;

constexpr auto interval = std::chrono::milliseconds(1);
constexpr auto settled = std::chrono::seconds(1);  // before the command, and behind the view
constexpr auto patience = std::chrono::seconds(60);
constexpr std::size_t outstanding_max = 64;
constexpr std::byte payload[64]{};

// Says something each millisecond, and hears it.
class Program {
 public:
  explicit Program(const std::string& run_dir) : connection_({.run_dir = run_dir}) {
    connection_.join(group_);
  }
  void run_until(Clock::time_point end) {
    while (Clock::now() < end) step();
  }
  void step() {
    const auto now = Clock::now();
    if (now >= next_ && sent_ - heard_ < outstanding_max && connection_.try_send(group_, payload)) {
      ++sent_;
      next_ = now + interval;
    }
    for (auto event = connection_.receive(interval); event; event = connection_.poll())
      take(*event);
  }
  void count_anew() {
    longest_ = {};
    heard_at_ = Clock::now();
  }
  Millis longest() const { return longest_; }
  std::size_t members() const { return members_; }
  Clock::time_point view_at() const { return view_at_; }

 private:
  void take(const client::Event& event) {
    if (const auto* view = std::get_if<client::View>(&event)) {
      members_ = view->members.size();
      view_at_ = Clock::now();
    } else if (const auto* message = std::get_if<client::Message>(&event);
               message && message->sender == connection_.self()) {
      const auto now = Clock::now();
      ++heard_;
      longest_ = std::max<Millis>(longest_, now - heard_at_);
      heard_at_ = now;
    }
  }

  const std::string group_ = "gyre bench failover";
  client::Connection connection_;
  std::size_t sent_ = 0, heard_ = 0, members_ = 0;
  Clock::time_point next_{}, heard_at_ = Clock::now(), view_at_{};
  Millis longest_{};
};

Millis obey(const std::string& command) {
  const auto begin = Clock::now();
  const int status = std::system(command.c_str());
  if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(fmt::format("'{}' failed", command));
  return Clock::now() - begin;
}

}  // namespace

Failover measure_failover(const FailoverSettings& settings) {
  Program program(settings.run_dir);
  program.run_until(Clock::now() + settled);
  program.count_anew();
  program.run_until(Clock::now() + settled);
  Failover found{.members_before = program.members(), .usual = program.longest().count()};

  program.count_anew();
  const auto begin = Clock::now();
  auto command = std::async(std::launch::async, obey, settings.command);
  while (program.members() >= found.members_before) {
    program.step();
    if (command.valid() && command.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
      found.command = command.get().count();
    if (Clock::now() > begin + patience)
      throw std::runtime_error("for 60 s after the command no node has left the view");
  }
  found.members_after = program.members();
  found.view = Millis(program.view_at() - begin).count();
  program.run_until(Clock::now() + settled);
  found.silent = program.longest().count();
  if (command.valid()) found.command = command.get().count();
  return found;
}

}  // namespace gyre::bench
