// The lines of a clone.
#pragma once

#include "rm/show/resource_text.hh"

namespace gyre::rm::show {

void clone(Outline&, const schedule::Cluster&, const schedule::Resource&, const ResourceStyle&);

}  // namespace gyre::rm::show
