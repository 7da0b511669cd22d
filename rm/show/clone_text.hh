// The lines of a clone.
#pragma once

#include "rm/show/resource_text.hh"

namespace gyre::rm::show {

// Of a running instance: not all of it runs, or something is the matter with it.
bool peculiar(const schedule::Resource& instance);
// The highest role of what belongs to it.
schedule::Role role_of(const schedule::Resource& instance);
// Of what it has instances.
const char* inner_id(const schedule::Resource& clone);

void clone(Outline&, const schedule::Cluster&, const schedule::Resource&, const ResourceStyle&);

}  // namespace gyre::rm::show
