#include "tests/check/trace.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace gyre::check {

bool Exit::has(NodeId node) const {
  return std::find(members.begin(), members.end(), node) != members.end();
}
bool RingTrace::has(NodeId node) const {
  return std::find(members.begin(), members.end(), node) != members.end();
}

void Findings::add(const std::string& clause, std::string text) {
  const std::size_t count = ++counts_[clause];
  if (count < each_clause_max)
    list_.push_back({clause, std::move(text)});
  else if (count == each_clause_max)
    list_.push_back({clause, "and more of this kind"});
}

bool Trace::truncated(NodeId node) const {
  return std::any_of(processes.begin(), processes.end(), [&](const ProcessTrace& process) {
    return process.truncated && process.id.node == node;
  });
}

std::string text(NodeId node) {
  return fmt::format("node {}", static_cast<std::uint32_t>(node));
}

std::string text(const Process& process) {
  return fmt::format("{} (start {:016x})", text(process.node), process.incarnation);
}

std::string text(const totem::RingId& ring) {
  return fmt::format("{}/{}/{:016x}", ring.seq, static_cast<std::uint32_t>(ring.representative),
                     ring.incarnation);
}

std::string text(const totem::Place& place) {
  return fmt::format("message {}.{} of ring {}", number(place.seq), place.index, text(place.ring));
}

std::string text(const RingTrace& ring, const MessageTrace& message) {
  return text(totem::Place{ring.id, message.position.seq, message.position.index});
}

std::string text(const Installed& configuration) {
  if (configuration.kind == totem::Configuration::Kind::regular)
    return fmt::format("R {}", text(configuration.ring));
  return fmt::format("T {} → {}", text(configuration.previous), text(configuration.ring));
}

std::string text(const std::vector<NodeId>& members) {
  std::vector<std::uint32_t> ids;
  for (const NodeId node : members) ids.push_back(static_cast<std::uint32_t>(node));
  return fmt::format("{{{}}}", fmt::join(ids, ","));
}

}  // namespace gyre::check
