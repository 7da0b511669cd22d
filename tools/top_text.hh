// What `gyre top` makes of two looks at a daemon.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace gyre::tools {

// What went on between the two, per second, and how things stand now. A look holds the daemon's
// answers to "status" and "members". Throws nlohmann's exception for answers that lack what every
// daemon tells.
nlohmann::ordered_json summary(const nlohmann::ordered_json& before,
                               const nlohmann::ordered_json& now);

// The same for people: lines of at most 100 columns.
std::string screen(const nlohmann::ordered_json& summary);

}  // namespace gyre::tools
