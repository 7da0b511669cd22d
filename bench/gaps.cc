// gaps RUN_DIR RATE NODES FILE: a program on one node of a bench of several links. Once NODES of it
// are in the group it sends numbered messages, RATE in a second, until its stdin ends, and ends
// when the last message of each has come.
//
// stdout: "sending", once it does. FILE: a line for each view and each message, in the order in
// which they came: "v NUMBER", "m NODE NUMBER CAME_NS", by the one clock of this machine.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

#include "client/gyre/gyre.hh"

namespace {

using namespace gyre::client;
using Clock = std::chrono::steady_clock;

constexpr std::string_view group = "gaps";

struct Payload {
  std::uint64_t number = 0, last = 0;  // last: 1
  std::array<std::byte, 48> rest{};
};

struct Line {
  std::uint32_t node = 0;  // 0: a view
  std::uint64_t number = 0;
  Clock::time_point came;
};

class Gaps {
 public:
  Gaps(const std::string& run_dir, int rate, std::size_t nodes)
      : connection_({.run_dir = run_dir}), interval_(std::chrono::seconds(1)), nodes_(nodes) {
    interval_ /= rate;
    lines_.reserve(1 << 22);
  }

  void run() {
    connection_.join(group);
    while (lasts_.size() < nodes_) {
      while (const auto event = connection_.poll())
        std::visit([this](const auto& what) { on(what); }, *event);
      send_due();
      wait();
    }
  }

  bool write(const char* path) const {
    std::FILE* file = std::fopen(path, "w");
    if (!file) return false;
    for (const Line& line : lines_)
      if (line.node == 0)
        fmt::print(file, "v {}\n", line.number);
      else
        fmt::print(file, "m {} {} {}\n", line.node, line.number,
                   line.came.time_since_epoch().count());
    return std::fclose(file) == 0;
  }

 private:
  void send_due() {
    if (!sending_ || finished_ || (!finishing_ && Clock::now() < due_)) return;
    const Payload payload{.number = next_, .last = finishing_};
    if (!connection_.try_send(group, std::as_bytes(std::span(&payload, 1)))) return;
    due_ = std::max(due_ + interval_, Clock::now() - std::chrono::milliseconds(2));
    ++next_;
    finished_ = finishing_;
  }

  void wait() {
    pollfd fds[] = {{connection_.fd(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    const auto left = sending_ && !finished_ ? due_ - Clock::now() : std::chrono::seconds(1);
    const auto ns = std::max<std::int64_t>(std::chrono::nanoseconds(left).count(), 0);
    const timespec timeout{ns / 1'000'000'000, ns % 1'000'000'000};
    if (::ppoll(fds, finishing_ ? 1 : 2, &timeout, nullptr) > 0 && !finishing_)
      finishing_ = fds[1].revents != 0;
  }

  void on(const Message& message) {
    Payload payload;
    std::memcpy(&payload, message.payload.data(), std::min(message.payload.size(), sizeof payload));
    lines_.push_back({message.sender.node, payload.number, Clock::now()});
    if (payload.last) lasts_.insert(message.sender.node);
  }
  void on(const View& view) { lines_.push_back({0, view.number, {}}); }
  void on(const GroupChange& change) {
    if (sending_ || change.members.size() < nodes_) return;
    sending_ = true;
    due_ = Clock::now();
    std::puts("sending");
    std::fflush(stdout);
  }
  void on(const Transitional&) {}
  void on(const VerdictChange&) {}
  void on(const JoinRefused&) {}

  Connection connection_;
  std::chrono::nanoseconds interval_;
  const std::size_t nodes_;
  std::uint64_t next_ = 1;
  Clock::time_point due_;
  bool sending_ = false, finishing_ = false, finished_ = false;
  std::set<std::uint32_t> lasts_;
  std::vector<Line> lines_;
};

}  // namespace

int main(int argc, char** argv) {
  const int rate = argc == 5 ? std::atoi(argv[2]) : 0, nodes = argc == 5 ? std::atoi(argv[3]) : 0;
  if (rate <= 0 || nodes <= 0) {
    std::fputs("gaps RUN_DIR RATE NODES FILE: e.g. gaps /run/gyre 1000 3 came.txt\n", stderr);
    return 2;
  }
  try {
    Gaps gaps(argv[1], rate, static_cast<std::size_t>(nodes));
    gaps.run();
    return gaps.write(argv[4]) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gaps: %s\n", error.what());
    return 1;
  }
}
