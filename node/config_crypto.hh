// What of totem{} says how frames are protected.
#pragma once

#include <string>
#include <string_view>

#include "node/config.hh"
#include "node/config_settings.hh"
#include "transport/header.hh"

namespace gyre::node {

// Each old value means what the table in docs/configuration.md says; two that contradict each other
// are refused. `on` is what counts where nothing is written. Throws ConfigError.
Protection read_protection(Settings& settings, bool on);

// A key that is none, but was meant to be one of these: then a node would run unprotected, or with
// another key than its operator believes. Empty: nothing of the kind; else what to say.
std::string mistaken_crypto_key(std::string_view section, std::string_view name);

Suite suite_of(const Config& config) noexcept;

// Throws ConfigError where this machine cannot do what the file asks for.
void check_cipher(const Config& config, bool cpu_has_aes);

}  // namespace gyre::node
