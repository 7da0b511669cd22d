// The options that every command has.
#pragma once

#include <string>

#include "client/gyre/gyre.hh"

namespace gyre::tools {

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
