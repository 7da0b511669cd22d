// What a node tells of itself, for those who watch many: a snapshot as OpenMetrics text.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "node/status.hh"

namespace gyre::node {

inline constexpr std::string_view metrics_type =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

std::string metrics_text(const Snapshot&, const StatusNames&);

struct CounterHelp {
  std::string_view group, name, text;
  bool gauge = false;
};
std::span<const CounterHelp> counter_helps() noexcept;
// What a counter counts: one line for whoever reads its graph. Empty: nobody has said so.
std::string_view counter_help(std::string_view group, std::string_view name) noexcept;
// It may fall, too.
bool is_gauge(std::string_view group, std::string_view name) noexcept;

}  // namespace gyre::node
