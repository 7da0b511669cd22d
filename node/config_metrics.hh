// system.metrics: where the metrics are served.
#pragma once

#include "node/config.hh"
#include "node/config_settings.hh"

namespace gyre::node {

// Adds a notice if more than this machine can reach them. Throws ConfigError.
MetricsAddress read_metrics(Settings& settings);

}  // namespace gyre::node
