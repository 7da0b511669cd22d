// What local programs may ask beside the ordered stream: topics by name, and how they answer.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "membership/wire.hh"
#include "node/reason.hh"
#include "node/status.hh"
#include "totem/parameters.hh"

namespace gyre::node {

class GroupCopy;
struct LinkStates;

// What a program asks of the reactor. It crosses threads as plain data; the reactor answers each
// with an Outcome, at once or when it is done.
struct Command {
  enum class Kind : std::uint8_t {
    leave,
    gather,
    kill,
    reload,
    rotate,
    copy_groups,
    configuration_read,
    votes,
    look_at_links,
    reenable_links
  };
  Kind kind{};
  std::uint64_t number = 0;       // given by the desk, handed back with the outcome
  NodeId node = NodeId::none;     // kill: this one
  std::uint64_t fingerprint = 0;  // rotate: of the key in the file that the text names
  // configuration_read, which is no order but an answer: the number is the ticket, and the text
  // says why not; none: the file is good.
  totem::Parameters timers{};
  Reason text{};
  GroupCopy* groups = nullptr;  // copy_groups: to be filled; stays where it is until the outcome
  LinkStates* links = nullptr;  // look_at_links: likewise
  membership::wire::Votes votes{};  // votes: what is to be said of them, but for its number
};
struct Outcome {
  static constexpr std::size_t reason_max = 200;  // bytes; what is longer is cut

  Outcome() = default;
  Outcome(std::uint64_t number_, std::string_view refused) noexcept
      : number(number_), reason_size(std::min(refused.size(), reason_max)) {
    std::copy_n(refused.begin(), reason_size, reason_bytes.begin());
  }

  std::uint64_t number = 0;
  std::size_t reason_size = 0;
  std::array<char, reason_max> reason_bytes{};
  std::string_view refused() const noexcept {  // why not; empty: done
    return {reason_bytes.data(), reason_size};
  }
  membership::QuorumChange votes{};  // what came of a command about votes
};

struct Refused {
  std::string reason;
};

// A command, and what to answer when it is done.
struct Order {
  Command command;
  std::function<std::string(const Outcome&)> then = [](const Outcome&) {
    return std::string("{}");
  };
};

// One answer after the other, for as long as the program listens.
class Stream {
 public:
  virtual ~Stream() = default;
  // What there is to tell now; none: nothing new. Asked until it says so, at once and then after
  // each snapshot and each question of anyone: whatever else changes is changed by one.
  virtual std::optional<std::string> next(const Snapshot&) = 0;
  // How old the last snapshot may be; zero: only views are news.
  virtual std::chrono::milliseconds every() const { return {}; }
};

struct Asked {
  const Snapshot& snapshot;  // taken after the question came
  std::span<const std::string> arguments;
  std::uint32_t uid = 0, pid = 0;  // of who asks, from the kernel
};
using Answer = std::variant<std::string, Refused, Order, std::unique_ptr<Stream>>;
using Topic = std::function<Answer(const Asked&)>;
using Topics = std::map<std::string, Topic, std::less<>>;

}  // namespace gyre::node
