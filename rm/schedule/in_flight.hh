// Operations that were begun and whose results are not here yet.
#pragma once

#include <vector>

#include "rm/schedule/plan.hh"

namespace gyre::rm::schedule {

// Of the steps those that need not wait for anything in flight, nor for anything on a node that is
// away: no operation is begun twice, nothing else is done with its resource, and what comes after
// either waits, too. All others go on.
std::vector<Step> without_waiting(const Cluster&, std::vector<Step>);

}  // namespace gyre::rm::schedule
