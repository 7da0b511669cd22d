#include "tools/event_text.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

namespace gyre::tools {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::uint32_t> nodes(const std::vector<client::Member>& members) {
  std::vector<std::uint32_t> ids;
  for (const client::Member& member : members) ids.push_back(member.node);
  return ids;
}

std::string as_string(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string on_one_line(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\\n");
  return text;
}

std::string hex(std::span<const std::byte> bytes) {
  std::string digits;
  for (const std::byte byte : bytes) digits += fmt::format("{:02x}", std::to_integer<int>(byte));
  return digits;
}

const char* quorate(const client::Verdict& verdict) {
  return verdict.quorate ? "quorate" : "not quorate";
}

struct PlainText {
  std::string operator()(const client::View& view) const {
    return fmt::format("view {} members {} {}", view.number, fmt::join(nodes(view.members), ","),
                       quorate(view.verdict));
  }
  std::string operator()(const client::VerdictChange& change) const {
    return fmt::format("verdict {} {}", change.place.ring.seq, quorate(change.verdict));
  }
  std::string operator()(const client::Message& message) const {
    const client::Place& place = message.place;
    return fmt::format("{}.{}.{} {} {}", place.ring.seq, place.seq, place.index,
                       message.sender.node, on_one_line(as_string(message.payload)));
  }
  std::string operator()(const client::Transitional&) const { return {}; }
  std::string operator()(const client::GroupChange&) const { return {}; }
  std::string operator()(const client::JoinRefused&) const { return {}; }
};

constexpr std::string_view text(client::ChangeReason reason) {
  switch (reason) {
    case client::ChangeReason::join:
      return "join";
    case client::ChangeReason::leave:
      return "leave";
    case client::ChangeReason::node_down:
      return "node_down";
    case client::ChangeReason::node_up:
      return "node_up";
    case client::ChangeReason::process_down:
      return "process_down";
  }
  return "unknown";
}

Json object(const client::Process& process) {
  return {{"node", process.node}, {"pid", process.pid}, {"client", process.client}};
}
Json list(const std::vector<client::Process>& processes) {
  Json all = Json::array();
  for (const client::Process& process : processes) all.push_back(object(process));
  return all;
}
Json list(const std::vector<client::GroupChange::Entry>& entries) {
  Json all = Json::array();
  for (const client::GroupChange::Entry& entry : entries) {
    Json process = object(entry.process);
    process["reason"] = text(entry.reason);
    all.push_back(std::move(process));
  }
  return all;
}

Json object(const client::Verdict& verdict) {
  return {{"quorate", verdict.quorate},   {"reason", client::text(verdict.reason)},
          {"votes", verdict.votes},       {"expected", verdict.expected},
          {"needed", verdict.needed},     {"highest", verdict.highest},
          {"withheld", verdict.withheld}, {"fencing", client::text(verdict.fencing)}};
}

struct Object {
  Json operator()(const client::View& view) const {
    return {{"event", "view"},
            {"view", view.number},
            {"members", nodes(view.members)},
            {"joined", view.joined},
            {"left", view.left},
            {"oldest", view.oldest},
            {"quorum", object(view.verdict)}};
  }
  Json operator()(const client::VerdictChange& change) const {
    return {
        {"event", "verdict"}, {"view", change.place.ring.seq}, {"quorum", object(change.verdict)}};
  }
  Json operator()(const client::Transitional& configuration) const {
    return {{"event", "transitional"},
            {"ring", configuration.ring.seq},
            {"previous", configuration.previous.seq},
            {"members", nodes(configuration.members)}};
  }
  Json operator()(const client::GroupChange& change) const {
    return {{"event", "group"},
            {"group", change.group},
            {"members", list(change.members)},
            {"joined", list(change.joined)},
            {"left", list(change.left)}};
  }
  Json operator()(const client::JoinRefused& refused) const {
    return {{"event", refused.was_member ? "membership_refused" : "join_refused"},
            {"group", refused.group},
            {"reason", refused.reason}};
  }
  Json operator()(const client::Message& message) const {
    const bool safe = message.guarantee == client::Guarantee::safe;
    return {{"event", "message"},
            {"group", message.group},
            {"ring", message.place.ring.seq},
            {"seq", message.place.seq},
            {"index", message.place.index},
            {"node", message.sender.node},
            {"pid", message.sender.pid},
            {"guarantee", safe ? "safe" : "agreed"},
            {"payload", as_string(message.payload)}};
  }
};

}  // namespace

std::string plain_text(const client::Event& event) {
  return std::visit(PlainText{}, event);
}

std::string json_text(const client::Event& event) {
  Json object = std::visit(Object{}, event);
  try {
    return object.dump();
  } catch (const Json::type_error&) {  // a payload that is not UTF-8
    object.erase("payload");
    object["payload_hex"] = hex(std::get<client::Message>(event).payload);
    return object.dump();
  }
}

}  // namespace gyre::tools
