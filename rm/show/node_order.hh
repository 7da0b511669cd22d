// The order in which nodes are listed: by name, numbers in it by their value.
#pragma once

#include <vector>

#include "rm/schedule/model.hh"

namespace gyre::rm::show {

void sort_by_name(std::vector<const schedule::Node*>&);

}  // namespace gyre::rm::show
