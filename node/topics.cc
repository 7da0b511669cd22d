#include "node/topics.hh"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/answers.hh"
#include "node/config.hh"
#include "node/group_copy.hh"
#include "node/metrics.hh"
#include "node/reloader.hh"
#include "node/rotation.hh"

namespace gyre::node {
namespace {

// Names may hold any bytes, NUL included.
std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", c & 0xff);
  return text;
}

std::string groups_json(const GroupCopy& copy) {
  std::vector<const GroupCopy::Group*> order;
  for (const GroupCopy::Group& group : copy.groups()) order.push_back(&group);
  std::ranges::sort(order, {}, [](const GroupCopy::Group* group) { return group->name(); });
  nlohmann::json groups = nlohmann::json::array();
  for (const GroupCopy::Group* group : order) {
    nlohmann::json members = nlohmann::json::array();
    for (const membership::Process& process : copy.members(*group))
      members.push_back({static_cast<std::uint32_t>(process.node), process.pid, process.client});
    groups.push_back({{"name", hex(group->name())}, {"members", std::move(members)}});
  }
  return nlohmann::json{{"groups", std::move(groups)}}.dump();
}

// Of a member; the answer comes when the order for it has its place.
Answer kill(const Asked& asked) {
  const auto number = asked.arguments.size() == 1 ? number_of(asked.arguments[0]) : std::nullopt;
  if (!number) return wrong_arguments("nodeid");
  const Snapshot& snapshot = asked.snapshot;
  const auto members = std::span(snapshot.members).first(snapshot.member_count);
  const auto is_it = [&](const Snapshot::Member& member) {
    return member.member.node == NodeId{*number};
  };
  if (!std::ranges::any_of(members, is_it))
    return failure("CS_ERR_NOT_EXIST", fmt::format("node {} is not a member", *number));
  return Order{.command = {.kind = Command::Kind::kill, .node = NodeId{*number}}};
}

// In the words of libvotequorum.
std::string votes_json(const Outcome& outcome) {
  using membership::QuorumChange;
  if (outcome.votes == QuorumChange::done) return "{}";
  const bool unknown = outcome.votes == QuorumChange::unknown_node;
  return failure(unknown ? "CS_ERR_NAME_NOT_FOUND" : "CS_ERR_INVALID_PARAM", text(outcome.votes));
}

Order about_votes(membership::wire::Votes::What what, std::uint32_t number,
                  std::uint32_t subject = 0) {
  return {.command = {.kind = Command::Kind::votes,
                      .votes = {.what = what, .number = number, .subject = subject}},
          .then = votes_json};
}

Answer expect_votes(const Asked& asked) {
  const auto votes = asked.arguments.size() == 1 ? number_of(asked.arguments[0]) : std::nullopt;
  if (!votes || *votes == 0) return wrong_arguments("votes");
  return about_votes(membership::wire::Votes::What::expected, *votes);
}

Answer give_votes(const Asked& asked) {
  if (asked.arguments.size() != 2) return wrong_arguments("nodeid votes");
  const auto node = number_of(asked.arguments[0]), votes = number_of(asked.arguments[1]);
  if (!node || !votes) return wrong_arguments("nodeid votes");
  return about_votes(membership::wire::Votes::What::votes, *votes, *node);
}

}  // namespace

Topics make_topics(const StatusNames& names, LogWriter& writer) {
  const auto known = std::make_shared<const StatusNames>(names);
  const auto json = [&known](std::string (*text)(const Snapshot&, const StatusNames&)) {
    return [known, text](const Asked& asked) -> Answer {
      if (!asked.arguments.empty()) return wrong_arguments("none");
      return text(asked.snapshot, *known);
    };
  };
  const auto command = [](Command::Kind kind) {
    return [kind](const Asked& asked) -> Answer {
      if (!asked.arguments.empty()) return wrong_arguments("none");
      return Order{.command = {.kind = kind}};
    };
  };
  return {{"status", json(status_json)},
          {"members", json(members_json)},
          {"counters", json(counters_json)},
          {"metrics", json(metrics_text)},
          {"quorum", json(quorum_json)},
          {"quorum.expected", expect_votes},
          {"quorum.votes", give_votes},
          {"shutdown", command(Command::Kind::leave)},
          {"kill", kill},
          {"links.reenable", command(Command::Kind::reenable_links)},
          {"reopen_logs", [&writer](const Asked& asked) -> Answer {
             if (!asked.arguments.empty()) return wrong_arguments("none");
             writer.reopen();
             return "{}";
           }}};
}

Topic reload_topic(const Reloader& reloader) {
  return [&reloader](const Asked& asked) -> Answer {
    if (!asked.arguments.empty()) return wrong_arguments("none");
    return Order{.command = {.kind = Command::Kind::reload}, .then = [&reloader](const Outcome&) {
                   return nlohmann::json{{"fixed", reloader.fixed()}}.dump();
                 }};
  };
}

Topic rotate_topic(KeyReader read_key, const Config& config, const StatusNames& names) {
  const auto known = std::make_shared<const StatusNames>(names);
  const std::string keyfile = config.protection.keyfile;
  return [read_key = std::move(read_key), keyfile, known](const Asked& asked) -> Answer {
    if (asked.arguments.size() != 1) return wrong_arguments("file");
    if (!read_key) return Refused{"secauth is off: there is no key"};
    const std::string& file = asked.arguments[0];
    if (!file.starts_with('/')) return Refused{file + ": not an absolute path"};
    if (file.size() > Rotation::file_max || Reason(file).text() != file)
      return Refused{
          fmt::format("{}: the path has more than {} bytes, or control characters: a "
                      "message to all nodes has no room for it",
                      Reason(file).text(), Rotation::file_max)};
    try {
      const std::uint64_t fingerprint = read_key(file).fingerprint();
      const auto then = [file, keyfile, key = fingerprint_text(fingerprint),
                         away = known->away(asked.snapshot)](const Outcome&) {
        return one_line({{"key", key}, {"file", file}, {"keyfile", keyfile}, {"away", away}});
      };
      return Order{.command = {.kind = Command::Kind::rotate,
                               .fingerprint = fingerprint,
                               .text = Reason(file)},
                   .then = then};
    } catch (const std::runtime_error& error) {
      return Refused{error.what()};
    }
  };
}

Topic groups_topic(const membership::GroupLimits& limits) {
  return [limits](const Asked& asked) -> Answer {
    if (!asked.arguments.empty()) return wrong_arguments("none");
    auto copy = std::make_shared<GroupCopy>(limits);
    return Order{.command = {.kind = Command::Kind::copy_groups, .groups = copy.get()},
                 .then = [copy](const Outcome&) { return groups_json(*copy); }};
  };
}

}  // namespace gyre::node
