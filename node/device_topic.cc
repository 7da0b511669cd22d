#include "node/device_topic.hh"

#include <fmt/format.h>

#include "node/answers.hh"

namespace gyre::node {
namespace {

using membership::QuorumChange;
using membership::wire::Votes;

constexpr std::size_t name_max = 254;  // bytes

// The program that is registered on this node.
struct Device {
  std::string name;  // empty: there is none
  bool master_wins = false;
};

std::string answer_of(const Outcome& outcome) {
  if (outcome.votes == QuorumChange::done) return "{}";
  return failure("CS_ERR_MESSAGE_ERROR", text(outcome.votes));
}

// `ring`: it is said of that one only.
Order say(std::uint32_t what, const totem::RingId& ring = {}) {
  return {.command = {.kind = Command::Kind::votes,
                      .votes = {.what = Votes::What::device, .subject = what, .ring = ring}},
          .then = answer_of};
}

// Nothing, if `name` is the one that is registered.
std::optional<std::string> unknown(const Device& device, const std::string& name) {
  if (device.name.empty())
    return failure("CS_ERR_NOT_EXIST", "no quorum device is registered on this node");
  if (device.name != name)
    return failure("CS_ERR_INVALID_PARAM",
                   fmt::format("the quorum device here is registered as {}", device.name));
  return std::nullopt;
}

std::optional<std::string> impossible(const std::string& name) {
  if (!name.empty() && name.size() <= name_max) return std::nullopt;
  return failure("CS_ERR_INVALID_PARAM",
                 fmt::format("the name of a quorum device has 1 to {} bytes", name_max));
}

Answer show(const Device& device, const Asked& asked) {
  if (!asked.arguments.empty()) return wrong_arguments("none");
  return one_line({{"name", device.name}, {"master_wins", device.master_wins}});
}

Answer enter(Device& device, const Asked& asked) {
  if (asked.arguments.size() != 1) return wrong_arguments("name");
  const std::string& name = asked.arguments[0];
  if (const auto wrong = impossible(name)) return *wrong;
  if (!device.name.empty() && device.name != name)
    return failure("CS_ERR_EXIST", fmt::format("a quorum device is registered as {}", device.name));
  device.name = name;
  return say(Votes::device_registered);
}

Answer take_out(Device& device, const Asked& asked) {
  if (asked.arguments.size() != 1) return wrong_arguments("name");
  if (const auto wrong = unknown(device, asked.arguments[0])) return *wrong;
  device = {};
  return say(0);
}

Answer rename(Device& device, const Asked& asked) {
  if (asked.arguments.size() != 2) return wrong_arguments("name new-name");
  if (const auto wrong = unknown(device, asked.arguments[0])) return *wrong;
  if (const auto wrong = impossible(asked.arguments[1])) return *wrong;
  device.name = asked.arguments[1];
  return "{}";
}

Answer poll(const Device& device, const Asked& asked) {
  constexpr const char* expected = "name 0|1 representative seq";
  if (asked.arguments.size() != 4) return wrong_arguments(expected);
  const auto votes = number_of<std::uint8_t>(asked.arguments[1]);
  const auto representative = number_of<std::uint32_t>(asked.arguments[2]);
  const auto seq = number_of<std::uint64_t>(asked.arguments[3]);
  if (!votes || *votes > 1 || !representative || !seq) return wrong_arguments(expected);
  if (const auto wrong = unknown(device, asked.arguments[0])) return *wrong;
  const totem::RingId& ring = asked.snapshot.ring;
  if (ring.representative != NodeId{*representative} || ring.seq != *seq)
    return failure("CS_ERR_MESSAGE_ERROR", text(QuorumChange::too_late));
  return say(Votes::device_registered | Votes::device_alive | (*votes ? Votes::device_votes : 0) |
                 (device.master_wins ? Votes::device_master_wins : 0),
             ring);
}

// From its next poll on.
Answer set_master_wins(Device& device, bool allowed, const Asked& asked) {
  constexpr const char* expected = "name 0|1";
  if (asked.arguments.size() != 2) return wrong_arguments(expected);
  const auto wins = number_of<std::uint8_t>(asked.arguments[1]);
  if (!wins || *wins > 1) return wrong_arguments(expected);
  if (const auto wrong = unknown(device, asked.arguments[0])) return *wrong;
  if (*wins && !allowed)
    return failure("CS_ERR_ACCESS",
                   "all nodes must know that it may be: write quorum.device.master_wins: 1");
  device.master_wins = *wins != 0;
  return "{}";
}

}  // namespace

Topics device_topics(const membership::QuorumSettings& settings) {
  const auto device = std::make_shared<Device>();
  const bool none = settings.device_votes == 0, may_win = settings.device_master_wins;
  const auto topic = [&](auto answer) -> Topic {
    return [device, none, answer](const Asked& asked) -> Answer {
      if (none)
        return failure("CS_ERR_ACCESS",
                       "no quorum device may vote: quorum.device.model is not set");
      return answer(*device, asked);
    };
  };
  return {{"quorum.device", topic(show)},
          {"quorum.device.register", topic(enter)},
          {"quorum.device.unregister", topic(take_out)},
          {"quorum.device.update", topic(rename)},
          {"quorum.device.poll", topic(poll)},
          {"quorum.device.master_wins", topic([may_win](Device& known, const Asked& asked) {
             return set_master_wins(known, may_win, asked);
           })}};
}

}  // namespace gyre::node
