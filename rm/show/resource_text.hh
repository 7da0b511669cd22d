// The lines of one resource, with all that belongs to it.
#pragma once

#include "rm/schedule/model.hh"
#include "rm/show/outline.hh"

namespace gyre::rm::show {

// Whether its owner does not want it, or not more than unpromoted.
bool disabled(const schedule::Resource&);

// What is started without being promoted is called so only where it could be.
schedule::Role shown_role(const schedule::Resource&, schedule::Role);

void resource(Outline&, const schedule::Cluster&, const schedule::Resource&);

}  // namespace gyre::rm::show
