// From the document and the time to a plan, as the text of a graph: what takes the time, and what
// another thread may do meanwhile.
#pragma once

#include <cstdint>
#include <string>

#include <pugixml.hpp>

namespace gyre::rm::control {

// What is under way in the document is not planned again, and what it touches waits.
std::string make_plan(pugi::xml_node cib, std::int64_t now);

}  // namespace gyre::rm::control
