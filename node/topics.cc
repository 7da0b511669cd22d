#include "node/topics.hh"

#include <fmt/format.h>

namespace gyre::node {
namespace {

Refused wrong_arguments(std::string_view expected) {
  return {fmt::format("expected arguments: {}", expected)};
}

}  // namespace

Topics make_topics(const StatusNames& names) {
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
      return Command{.kind = kind};
    };
  };
  return {{"status", json(status_json)},
          {"members", json(members_json)},
          {"counters", json(counters_json)},
          {"shutdown", command(Command::Kind::leave)}};
}

}  // namespace gyre::node
