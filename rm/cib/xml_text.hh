// Elements as text for people and scripts, laid out as Pacemaker's commands lay them out.
#pragma once

#include <pugixml.hpp>
#include <string>

namespace gyre::rm {

// Each element on a line of its own, two blanks deeper than its parent, with a line feed at the
// end. Text stands on the line of its element. What is in a value and is no letter there, as a line
// feed, is a number, so that it is read again as it was.
std::string indented_text(pugi::xml_node element);

}  // namespace gyre::rm
