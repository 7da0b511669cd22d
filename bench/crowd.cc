#include "bench/crowd.hh"

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "bench/machine.hh"
#include "client/gyre/gyre.hh"

namespace gyre::bench {
namespace {

using Clock = std::chrono::steady_clock;
using client::Connection;

constexpr auto patience = std::chrono::seconds(20);
constexpr std::byte payload[64]{};

client::Options at(const std::string& run_dir) {
  return {.run_dir = run_dir, .connect_timeout = patience};
}

// Until its own message comes back.
void hear_itself(Connection& program) {
  for (;;) {
    const auto event = program.receive(patience);
    if (!event) throw std::runtime_error("nothing was delivered for 20 s");
    if (const auto* refused = std::get_if<client::JoinRefused>(&*event))
      throw std::runtime_error("the group was refused: " + std::string(refused->reason));
    const auto* message = std::get_if<client::Message>(&*event);
    if (message && message->sender == program.self()) return;
  }
}

void speak(Connection& program, const std::string& group) {
  program.send(group, payload);
  hear_itself(program);
}

Connection come(const std::string& run_dir, const std::string& group) {
  Connection program(at(run_dir));
  program.join(group);
  speak(program, group);
  return program;
}

// Programs that let the token not rest, as long as this exists.
class Unrest {
 public:
  explicit Unrest(const std::vector<std::string>& run_dirs) {
    for (const std::string& run_dir : run_dirs)
      programs_.push_back(come(run_dir, group(programs_.size())));
    for (std::size_t i = 0; i < programs_.size(); ++i)
      threads_.push_back(std::async(std::launch::async, &Unrest::stir, this, i));
  }
  ~Unrest() { over_ = true; }
  // Throws what one of them met with.
  void end() {
    over_ = true;
    for (auto& thread : threads_) thread.get();
  }

 private:
  static std::string group(std::size_t i) { return "unrest " + std::to_string(i); }
  void stir(std::size_t i) {
    for (; !over_; std::this_thread::sleep_for(std::chrono::milliseconds(1)))
      speak(programs_[i], group(i));
  }

  std::vector<Connection> programs_;
  std::atomic<bool> over_ = false;
  std::vector<std::future<void>> threads_;  // gone before what they use
};

// Of one daemon, over stretches of time.
class TokenTime {
 public:
  explicit TokenTime(const std::string& run_dir) : options_(at(run_dir)) {}
  // The mean over what `work` takes.
  template <typename Work>
  double during(Work work) {
    const auto [visits_before, time_before] = look();
    work();
    const auto [visits, time] = look();
    if (visits == visits_before) throw std::runtime_error("the token does not go round");
    return (time - time_before) / (visits - visits_before);
  }

 private:
  std::pair<double, double> look() const {
    const auto told = nlohmann::json::parse(Connection::query("status", options_)).at("rotation");
    return {told.at("count").get<double>(), told.at("total_ns").get<double>()};
  }
  const client::Options options_;
};

// Of the process that listens there: a line of its status, in bytes.
double bytes_of(const Connection& program, const std::string& what) {
  ucred daemon{};
  socklen_t size = sizeof daemon;
  ::getsockopt(program.fd(), SOL_SOCKET, SO_PEERCRED, &daemon, &size);
  std::ifstream status("/proc/" + std::to_string(daemon.pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(what)) return 1024 * std::stod(line.substr(what.size()));
  throw std::runtime_error("gyred's /proc/PID/status cannot be read");
}

struct Resident {
  explicit Resident(const Connection& program)
      : all(bytes_of(program, "VmRSS:")), shared(bytes_of(program, "RssShmem:")) {}
  double all, shared;
};

constexpr std::size_t messages_each = 3;  // of the ring: a join, what it says, a leave
void come_and_go(const std::string& run_dir, std::size_t count, double rate) {
  const std::string group = "crowd";
  const auto start = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    Connection program = come(run_dir, group);
    program.leave(group);
    program.flush(patience);
    if (rate > 0)
      std::this_thread::sleep_until(
          start + std::chrono::nanoseconds(std::llround(1e9 / rate * static_cast<double>(i + 1))));
  }
}

// One program in the place of `count`, with as many messages, in as long a time.
void stay(const std::string& run_dir, std::size_t count, Clock::duration length) {
  const std::string group = "one";
  const std::size_t messages = count * messages_each;
  Connection program = come(run_dir, group);
  auto next = Clock::now();
  // It comes with two of them, and leaves with one.
  for (std::size_t i = messages_each; i < messages; ++i) {
    speak(program, group);
    std::this_thread::sleep_until(next += length / messages);
  }
  program.leave(group);
  program.flush(patience);
}

}  // namespace

Crowd measure_crowd(const CrowdSettings& settings) {
  raise_open_files();
  const std::string& run_dir = settings.run_dirs.at(0);
  const std::size_t block = (settings.programs + settings.blocks - 1) / settings.blocks;
  TokenTime token(run_dir);
  Unrest unrest(settings.run_dirs);

  std::vector<double> quiet, one, busy, to_quiet, to_one, silent;
  Clock::duration all{};
  for (std::size_t i = 0; i < settings.blocks; ++i) {
    const auto start = Clock::now();
    busy.push_back(token.during([&] { come_and_go(run_dir, block, settings.rate); }));
    const auto length = Clock::now() - start;
    all += length;
    one.push_back(token.during([&] { stay(run_dir, block, length); }));
    quiet.push_back(token.during([&] { std::this_thread::sleep_for(length); }));
    to_one.push_back(busy.back() / one.back());
    to_quiet.push_back(busy.back() / quiet.back());
  }

  std::vector<Connection> programs;
  programs.push_back(come(run_dir, "first"));
  const Resident before(programs[0]);
  for (std::size_t i = 0; i < settings.programs; ++i)
    programs.push_back(come(run_dir, "group " + std::to_string(i)));
  const Resident after(programs[0]);
  const auto length = all / settings.blocks;
  for (std::size_t i = 0; i < settings.blocks; ++i)
    silent.push_back(token.during([&] { std::this_thread::sleep_for(length); }));
  unrest.end();

  const auto count = static_cast<double>(settings.programs);
  return {.quiet = median(quiet),
          .one = median(one),
          .busy = median(busy),
          .silent = median(silent),
          .to_quiet = spread(to_quiet),
          .to_one = spread(to_one),
          .programs_per_second = static_cast<double>(block * settings.blocks) /
                                 std::chrono::duration<double>(all).count(),
          .resident_bytes = (after.all - before.all) / count,
          .shared_bytes = (after.shared - before.shared) / count};
}

}  // namespace gyre::bench
