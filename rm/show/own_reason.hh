// Why the scheduler adds a score that no operator asked for.
#pragma once

#include <string_view>

#include "rm/schedule/model.hh"

namespace gyre::rm::show {

// Empty: it is of a constraint.
std::string_view own_reason(const schedule::Location&);

}  // namespace gyre::rm::show
