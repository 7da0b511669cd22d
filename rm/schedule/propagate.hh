#pragma once

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

// What the edges between actions make necessary or impossible, to the fixpoint.
void propagate(Cluster&);

}  // namespace gyre::rm::schedule
