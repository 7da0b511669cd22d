// Nodes in the document: which of them are there, as its status says to the scheduler.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <pugixml.hpp>

#include "rm/control/messages.hh"

namespace gyre::rm::control {

// Null: it has no state.
pugi::xml_node state_of_node(pugi::xml_node cib, std::uint32_t node);

// It takes part, and what it ran before this life of its executor does not count.
bool takes_part(pugi::xml_node cib, std::uint32_t node, std::string_view executor);

// Its process is in the group, but what runs there is not known yet.
void arrive(pugi::xml_node cib, std::uint32_t node, std::string_view name);
// Now it is.
void take_part(pugi::xml_node cib, std::uint32_t node, const OwnHistory&);
// Its process is not in the group. If the node is in the ring it is away: what ran there runs on,
// and what runs on one that was not in the ring before nobody knows. But one that was let go has
// nothing to run.
void depart(pugi::xml_node cib, std::uint32_t node, bool in_ring);
bool is_away(pugi::xml_node cib, std::uint32_t node);
// The ring has changed, and only these came along for certain. Whoever else has an executor that
// goes on may have been on another side meanwhile: what is known of it is not what became of it.
void lose_sight(pugi::xml_node cib, std::span<const std::uint32_t> together);
bool is_in_sight(pugi::xml_node cib, std::uint32_t node);
// It may go: it has stopped all that it ran.
void let_go(pugi::xml_node cib, std::uint32_t node);
// It is down, and nothing runs there: it was fenced. One that is not configured is none.
bool mark_down(pugi::xml_node cib, std::string_view name);
// A person says so. False: it takes part, so that cannot be, or is not configured.
bool confirm_down(pugi::xml_node cib, std::string_view name);

// False: it is configured already.
bool add_to_configuration(pugi::xml_node cib, std::uint32_t node, std::string_view name);

}  // namespace gyre::rm::control
