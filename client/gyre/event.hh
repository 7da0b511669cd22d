// Takes a record of the daemon's apart.
#pragma once

#include <optional>

#include "client/gyre/gyre.hh"
#include "transport/shm/ring.hh"

namespace gyre::client {

// Nothing: not what a daemon writes. The event's texts and payload lie in the record.
std::optional<Event> read_event(const shm::Record& record);

}  // namespace gyre::client
