#include "tests/check/trace.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace gyre::check {

bool ConfigurationTrace::has(NodeId node) const {
  return std::find(members.begin(), members.end(), node) != members.end();
}

void Findings::add(const std::string& clause, std::string text) {
  const std::size_t count = ++counts_[clause];
  if (count < each_clause_max)
    list_.push_back({clause, std::move(text)});
  else if (count == each_clause_max)
    list_.push_back({clause, "and more of this kind"});
}

std::string text(const Process& process) {
  return fmt::format("node {} (start {:016x})", static_cast<std::uint32_t>(process.node),
                     process.incarnation);
}

std::string text(const totem::RingId& ring) {
  return fmt::format("{}/{}/{:016x}", ring.seq, static_cast<std::uint32_t>(ring.representative),
                     ring.incarnation);
}

std::string text(const totem::Place& place) {
  return fmt::format("message {}.{} of ring {}", number(place.seq), place.index, text(place.ring));
}

std::string text(const ConfigurationTrace& configuration) {
  if (configuration.regular()) return fmt::format("R {}", text(configuration.ring));
  return fmt::format("T {} → {}", text(configuration.previous), text(configuration.ring));
}

std::string text(const std::vector<NodeId>& members) {
  std::vector<std::uint32_t> ids;
  for (const NodeId node : members) ids.push_back(static_cast<std::uint32_t>(node));
  return fmt::format("{{{}}}", fmt::join(ids, ","));
}

}  // namespace gyre::check
