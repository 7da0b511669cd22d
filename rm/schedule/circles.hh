// Orderings may ask for what cannot be: that each of several actions waits for the next.
#pragma once

#include <vector>

#include "rm/schedule/plan.hh"

namespace gyre::rm::schedule {

// Without the steps that would wait for ever, in a circle or for one; they are impossible then, and
// say why. So what is left always comes to an end.
std::vector<Step> without_circles(const Cluster&, std::vector<Step>);

}  // namespace gyre::rm::schedule
