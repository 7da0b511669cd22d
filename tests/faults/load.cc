// load RUN_DIR RATE: a program on one node of the fault run. It sends numbered messages, follows
// the ordered stream, comes back when its daemon does, and checks what a program can see: its
// messages come to itself and to all who share its views once, whole and in the order sent.
//
// stdin:  finish        send the last message; end of file: stop
// stdout: view N a,b,c  a view; last N: the last message of node N came; broken TEXT: a guarantee
//         is not kept (exit status 1 at the end)
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "client/gyre/gyre.hh"

namespace {

using namespace gyre::client;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view group = "faults";
constexpr milliseconds reconnect_interval{20};

struct Head {
  std::uint64_t number;  // 1, 2, 3 … over all connections of this program
  std::uint32_t last;    // 1: nothing follows
  std::uint32_t size;    // of the whole message
};

// Mostly small; some do not fit one frame, a few need many.
std::size_t size_of(std::uint64_t number) {
  if (number % 400 == 0) return 100'000;
  if (number % 50 == 0) return 8'000;
  return sizeof(Head) + number % 200;
}

std::byte filler(std::uint64_t number, std::size_t at) {
  return static_cast<std::byte>(number + at * 31);
}

std::vector<std::byte> message_of(std::uint64_t number, bool last) {
  std::vector<std::byte> bytes(size_of(number));
  const Head head{number, last, static_cast<std::uint32_t>(bytes.size())};
  std::memcpy(bytes.data(), &head, sizeof head);
  for (std::size_t i = sizeof head; i < bytes.size(); ++i) bytes[i] = filler(number, i);
  return bytes;
}

class Load {
 public:
  Load(std::string run_dir, int rate) : interval_(std::chrono::seconds(1)) {
    options_.run_dir = std::move(run_dir);
    options_.connect_timeout = milliseconds(1000);
    interval_ /= rate;
  }

  int run() {
    while (!stopped_) {
      try {
        Connection connection(options_);
        follow(connection);
      } catch (const Error& error) {
        if (!passes(error.code())) return broken(fmt::format("libgyre: {}", error.what())), 1;
        wait(-1, reconnect_interval);
      }
    }
    return broken_ ? 1 : 0;
  }

 private:
  // What is to be expected of a daemon that is killed, paused and started again.
  static bool passes(ErrorCode code) {
    return code == ErrorCode::no_daemon || code == ErrorCode::disconnected ||
           code == ErrorCode::refused || code == ErrorCode::timed_out;
  }

  void follow(Connection& connection) {
    expected_.clear();
    last_sent_ = false;
    connection.join(group);
    first_own_ = next_;
    if (view_least_ > 0) --view_least_;  // a new connection opens with the view that stands
    self_ = connection.self();
    due_ = Clock::now();
    while (!stopped_) {
      while (const auto event = connection.poll())
        std::visit([this](const auto& what) { on(what); }, *event);
      send_due(connection);
      const auto left = std::chrono::ceil<milliseconds>(due_ - Clock::now());
      wait(connection.fd(), last_sent_ ? milliseconds(-1) : std::max(left, milliseconds(1)));
    }
  }

  // Waits for events of the connection and for words on stdin; a negative timeout has no end.
  void wait(int fd, milliseconds timeout) {
    pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {fd, POLLIN, 0}};
    if (::poll(fds, fd < 0 ? 1 : 2, static_cast<int>(timeout.count())) <= 0) return;
    if (fds[0].revents == 0) return;
    char words[64];
    if (read(STDIN_FILENO, words, sizeof words) > 0)
      finishing_ = true;
    else
      stopped_ = true;
  }

  // A ring that is not up takes what the queue holds; what was due meanwhile is not made up for.
  void send_due(Connection& connection) {
    if (last_sent_ || (!finishing_ && Clock::now() < due_)) return;
    const auto bytes = message_of(next_, finishing_);
    const bool safe = finishing_ || next_ % 3 == 0;
    due_ = Clock::now() + interval_;
    if (!connection.try_send(group, bytes, safe ? Guarantee::safe : Guarantee::agreed)) return;
    ++next_;
    last_sent_ = finishing_;
  }

  void on(const Message& message) {
    if (message.place <= place_)
      broken(fmt::format("place {}.{}.{} comes after a later one", message.place.ring.seq,
                         message.place.seq, message.place.index));
    place_ = message.place;
    Head head{};
    if (message.payload.size() < sizeof head) return broken("a message is too short");
    std::memcpy(&head, message.payload.data(), sizeof head);
    bool whole = head.size == message.payload.size() && head.size == size_of(head.number);
    for (std::size_t i = sizeof head; whole && i < message.payload.size(); ++i)
      whole = message.payload[i] == filler(head.number, i);
    if (!whole) return broken(fmt::format("message {} is not whole", head.number));
    follow_number(message.sender, head.number);
    if (head.last) say(fmt::format("last {}", message.sender.node));
  }

  void follow_number(const Process& sender, std::uint64_t number) {
    const auto [found, is_first] = expected_.try_emplace(sender, number);
    if (sender == self_ && is_first) found->second = first_own_;
    if (found->second != number)
      broken(fmt::format("message {} of node {} came, {} was next", number, sender.node,
                         found->second));
    found->second = number + 1;
  }

  void on(const View& view) {
    if (view.number < view_least_)
      broken(fmt::format("view {} after {}", view.number, view_least_ - 1));
    view_least_ = view.number + 1;
    for (const std::uint32_t node : view.joined) forget(node);
    std::vector<std::uint32_t> ids;
    for (const auto& member : view.members) ids.push_back(member.node);
    say(fmt::format("view {} {}", view.number, fmt::join(ids, ",")));
  }

  // From those who did not come along, messages may be missing from here on.
  void on(const Transitional& transitional) {
    const auto came_along = [&](std::uint32_t node) {
      return std::any_of(transitional.members.begin(), transitional.members.end(),
                         [node](const auto& member) { return member.node == node; });
    };
    std::erase_if(expected_, [&](const auto& each) { return !came_along(each.first.node); });
  }

  void on(const GroupChange&) {}
  void on(const VerdictChange&) {}
  void on(const JoinRefused& refused) { broken(fmt::format("may not join: {}", refused.reason)); }

  void forget(std::uint32_t node) {
    if (node == self_.node) return;
    std::erase_if(expected_, [node](const auto& each) { return each.first.node == node; });
  }

  void broken(const std::string& what) {
    broken_ = true;
    say("broken " + what);
  }
  static void say(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
  }

  Options options_;
  std::chrono::nanoseconds interval_;
  Process self_;
  std::uint64_t next_ = 1, first_own_ = 1;
  std::map<Process, std::uint64_t> expected_;  // the next number of each sender
  Place place_;
  std::uint64_t view_least_ = 0;  // the number that the next view has at least
  Clock::time_point due_;
  bool finishing_ = false, last_sent_ = false, stopped_ = false, broken_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const int rate = argc == 3 ? std::atoi(argv[2]) : 0;
  if (rate <= 0) {
    std::fputs("load RUN_DIR RATE: sends RATE messages a second, e.g. load /run/gyre 100\n",
               stderr);
    return 2;
  }
  return Load(argv[1], rate).run();
}
