// The plan for dot, as Pacemaker draws it: what is done is bold and green, what is wanted but
// cannot be is dashed and red, and with `all` what need not be done is dashed and blue.
#pragma once

#include <string>
#include <vector>

#include "rm/schedule/plan.hh"

namespace gyre::rm::show {

std::string dot(const schedule::Cluster&, const std::vector<schedule::Step>&, bool all);

}  // namespace gyre::rm::show
