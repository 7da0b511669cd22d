// Why a resource is where it is, and what keeps it off everywhere else: the scores, constraints and
// failures that the plan was made of, each by its name.
#pragma once

#include <string>

#include "rm/schedule/model.hh"

namespace gyre::rm::show {

// With all that belongs to it: the members of a group, the instances of a clone.
std::string explain(const schedule::Cluster&, const schedule::Resource&);

}  // namespace gyre::rm::show
