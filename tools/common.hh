// The options that every command has.
#pragma once

#include <string>

#include "client/gyre/gyre.hh"

namespace gyre::tools {

constexpr const char* run_dir_help = "where gyred's socket is (else $GYRE_RUN_DIR, else /run/gyre)";

struct Common {
  std::string run_dir;
  bool json = false;

  client::Options options() const {
    client::Options options;
    options.run_dir = run_dir;
    return options;
  }
};

}  // namespace gyre::tools
