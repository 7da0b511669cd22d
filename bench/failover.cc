#include "bench/failover.hh"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
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
  std::optional<Clock::time_point> left_at() const { return left_at_; }  // a node, last

 private:
  void take(const client::Event& event) {
    if (const auto* view = std::get_if<client::View>(&event)) {
      members_ = view->members.size();
      if (!view->left.empty()) left_at_ = Clock::now();
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
  Clock::time_point next_{}, heard_at_ = Clock::now();
  std::optional<Clock::time_point> left_at_;
  Millis longest_{};
};

// A command of a shell, which does not outlive this.
class Command {
 public:
  explicit Command(const std::string& words) : words_(words) {
    std::string shell = "sh", option = "-c";
    char* const arguments[] = {shell.data(), option.data(), words_.data(), nullptr};
    if (::posix_spawn(&process_, "/bin/sh", nullptr, nullptr, arguments, environ) != 0)
      throw std::runtime_error("/bin/sh cannot be started");
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() {
    if (took_) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  // Throws where it failed.
  bool over() {
    int status = 0;
    if (took_ || ::waitpid(process_, &status, WNOHANG) != process_) return took_.has_value();
    took_ = Clock::now() - begin_;
    if (status != 0) throw std::runtime_error(fmt::format("'{}' failed", words_));
    return true;
  }
  Millis took() const { return *took_; }

 private:
  std::string words_;
  const Clock::time_point begin_ = Clock::now();
  pid_t process_ = -1;
  std::optional<Millis> took_;
};

}  // namespace

Failover measure_failover(const FailoverSettings& settings) {
  Program program(settings.run_dir);
  program.run_until(Clock::now() + settled);
  program.count_anew();
  program.run_until(Clock::now() + settled);
  if (program.members() < 2) throw std::runtime_error("no other node is in the view");
  Failover found{.members_before = program.members(), .usual = program.longest().count()};

  program.count_anew();
  const auto begin = Clock::now();
  Command command(settings.command);
  for (bool over = false; !over || !(program.left_at() > begin); over = command.over()) {
    program.step();
    if (Clock::now() > begin + patience)
      throw std::runtime_error(over ? "for 60 s after the command no node has left the view"
                                    : "the command has not ended after 60 s");
  }
  found.command = command.took().count();
  found.members_after = program.members();
  found.view = Millis(*program.left_at() - begin).count();
  program.run_until(Clock::now() + settled);
  found.silent = program.longest().count();
  return found;
}

}  // namespace gyre::bench
