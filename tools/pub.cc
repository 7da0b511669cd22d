// gyre pub: a line of standard input is a message.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tools/command.hh"
#include "tools/lines.hh"

namespace gyre::tools {
namespace {

using Clock = std::chrono::steady_clock;

class Publisher {
 public:
  Publisher(const Common& common, std::string group, client::Guarantee guarantee,
            std::chrono::milliseconds limit)
      : connection_(common.options()),
        group_(std::move(group)),
        guarantee_(guarantee),
        limit_(limit),
        json_(common.json) {
    connection_.join(group_);
  }

  // Sends every line; waits for lines and for the daemon at once, so that a slow typist does not
  // leave the events of a busy group lying.
  void send_lines() {
    Lines lines(STDIN_FILENO, client::message_max);
    while (!lines.done()) {
      take_events();
      std::array<pollfd, 2> ready{{{STDIN_FILENO, POLLIN, 0}, {connection_.fd(), POLLIN, 0}}};
      poll(ready.data(), ready.size(), -1);
      if (ready[0].revents == 0) continue;
      lines.read();
      send_whole(lines);
    }
  }

  // Until every message has its place in the order, as this node heard it.
  void wait_for_order() {
    const auto end = Clock::now() + limit_;
    while (ordered_ < sent_) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
      if (left.count() <= 0)
        throw std::runtime_error(fmt::format("{} of {} messages are not ordered after {} ms",
                                             sent_ - ordered_, sent_, limit_.count()));
      if (auto event = connection_.receive(left)) note(*event);
    }
  }

 private:
  void send_whole(Lines& lines) {
    while (auto line = lines.next()) {
      send(std::as_bytes(std::span(line->data(), line->size())));
      ++sent_;
      take_events();
    }
  }
  void send(std::span<const std::byte> line) {
    const auto taken = [&] { return connection_.try_send(group_, line, guarantee_); };
    while (!taken())
      if (!connection_.flush(limit_) && !taken())
        throw std::runtime_error(
            fmt::format("gyred takes no message for {} ms, {} were sent", limit_.count(), sent_));
  }
  void take_events() {
    while (auto event = connection_.poll()) note(*event);
  }
  void note(const client::Event& event) {
    check_join(event);
    const auto* message = std::get_if<client::Message>(&event);
    if (message == nullptr || message->sender != connection_.self()) return;
    ++ordered_;
    if (!json_) return;
    const nlohmann::ordered_json line = {{"ring", message->place.ring.seq},
                                         {"seq", message->place.seq},
                                         {"index", message->place.index},
                                         {"bytes", message->payload.size()}};
    std::puts(line.dump().c_str());
    std::fflush(stdout);
  }

  client::Connection connection_;
  std::string group_;
  client::Guarantee guarantee_;
  std::chrono::milliseconds limit_;
  bool json_;
  std::uint64_t sent_ = 0, ordered_ = 0;
};

struct Arguments {
  std::string group;
  bool safe = false;
  double timeout_seconds = 30;
};

void pub(const Common& common, const Arguments& arguments) {
  const auto limit = std::chrono::milliseconds(std::int64_t(arguments.timeout_seconds * 1000));
  Publisher publisher(common, arguments.group,
                      arguments.safe ? client::Guarantee::safe : client::Guarantee::agreed, limit);
  try {
    publisher.send_lines();
  } catch (const std::length_error&) {
    publisher.wait_for_order();  // the lines before it are messages like any other
    throw;
  }
  publisher.wait_for_order();
}

}  // namespace

void add_pub(CLI::App& app, Common& common) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      add_command(app, common, "pub",
                  "Sends each line of standard input as a message; ends when all are ordered. With "
                  "--json: the place of each in the order.",
                  "seq 1000 | gyre pub numbers");
  command->add_option("group", arguments->group, "who gets them")->required();
  command->add_flag("--safe", arguments->safe,
                    "delivered only once every member of the view has it");
  command
      ->add_option("--timeout", arguments->timeout_seconds,
                   "seconds to wait until gyred takes more lines, and for the order after the last "
                   "one (30)")
      ->check(CLI::Range(0.001, 86400.0));
  command->callback([&common, arguments] { pub(common, *arguments); });
}

}  // namespace gyre::tools
