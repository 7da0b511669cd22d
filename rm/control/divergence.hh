// Where two documents that should be the same are not: for the log, so that it can be found out
// why.
#pragma once

#include <optional>
#include <string>

#include <pugixml.hpp>

namespace gyre::rm::control {

// The path of the first element or attribute that differs, and what it is on either side, in one
// line; nothing: they are the same. The versions of the documents come last, for they differ with
// whatever does. Values that are secret by their name are not shown.
std::optional<std::string> first_difference(pugi::xml_node here, pugi::xml_node there);

}  // namespace gyre::rm::control
