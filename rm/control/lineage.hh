// Where a configuration comes from, and so which of two counts.
#pragma once

#include <string>
#include <string_view>

#include "rm/bus.hh"

namespace gyre::rm::control {

struct Lineage {
  // The last firm view that settled on it: quorate, and so many of the members had it that every
  // later firm view has one of them. What was acknowledged there is in every configuration that was
  // settled on in a later one.
  Place firm;
  std::string changed;  // where it was last changed, and who asked for it

  bool operator==(const Lineage&) const = default;
};

// As it is written beside the configuration: "FIRM_CHANGED", which may be part of a file's name.
std::string to_text(const Lineage&);
// Whatever is none is of nowhere.
Lineage read_lineage(std::string_view);

}  // namespace gyre::rm::control
