// service{} and aisexec{}, and the files of uidgid.d and service.d beside the configuration.
#pragma once

#include <vector>

#include "node/config.hh"
#include "node/config_settings.hh"

namespace gyre::node {

// Refuses every section but the part's own. Throws ConfigError.
Settings read_part(const ConfigPart& part, std::size_t services_before);

// Adds a notice for each that nothing comes of.
std::vector<Service> read_services(Settings& settings);
WantedAccount read_account(Settings& settings);

}  // namespace gyre::node
