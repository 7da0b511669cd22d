// Orders that cannot all hold: each waits for the next, and the last for the first.
#pragma once

#include <string>
#include <vector>

#include "rm/cib/document.hh"

namespace gyre::rm {

struct OrderCircle {
  pugi::xml_node constraint;  // one of those in it
  std::string text;           // "a (by constraint x), b (by group y), a"
};

// Of mandatory starts; groups order their members, and sets what is in them. Linear in them.
std::vector<OrderCircle> find_order_circles(const Document&);

}  // namespace gyre::rm
