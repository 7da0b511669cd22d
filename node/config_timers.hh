// The protocol's timers, from what is written and the formulas of Corosync 3.1.7.
#pragma once

#include <cstddef>

#include "node/config_settings.hh"
#include "totem/parameters.hh"

namespace gyre::node {

// `listed_nodes`: how many the nodelist holds; each beyond two makes the token slower. Throws
// ConfigError when the timers contradict each other.
totem::Parameters read_timers(const Settings& settings, std::size_t listed_nodes);

}  // namespace gyre::node
