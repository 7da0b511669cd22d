// The plan for programs: nodes, resources, what becomes of them and why, and the actions with what
// each waits for.
#pragma once

#include <string>
#include <vector>

#include "rm/schedule/plan.hh"

namespace gyre::rm::show {

std::string plan_json(const schedule::Cluster&, const std::vector<schedule::Step>&);

}  // namespace gyre::rm::show
