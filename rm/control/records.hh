// What is known of operations, in the document's status: that one was begun, and what came of it.
// Alike at every member, for all of it is in the messages.
#pragma once

#include <pugixml.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rm/control/messages.hh"
#include "rm/schedule/model.hh"

namespace gyre::rm::control {

// Null: no such node has a state.
pugi::xml_node state_of(pugi::xml_node cib, std::string_view node);

// What a plan is good for: another configuration has another.
std::string configuration_of(pugi::xml_node cib);

// Of that resource on that node: one is under way, which is no recurring one.
bool is_under_way(pugi::xml_node cib, std::string_view node, std::string_view resource);

// It is under way from here on, and what it ends is gone; a "cancel" does no more than that.
void record_begin(pugi::xml_node cib, const Begin&);

// The recurring operations, by key, that come no more once that is begun: the one that it cancels
// or takes the place of, or all of its resource if it may change what the resource is.
std::vector<std::string> ended_by(pugi::xml_node cib, const Begin&);

// Of that key: an operation of that node, or a step of a fencing.
bool is_recorded(pugi::xml_node cib, std::string_view node, std::string_view key);

// What recurs on a node, by key.
std::set<std::string> recurring_on(pugi::xml_node cib, std::string_view node);

// What is under way on a node, by key.
std::vector<std::string> begun_on(pugi::xml_node cib, std::string_view node);

// What an outcome was of.
enum class Came {
  unasked,   // of nothing that is known, or of what has been replaced since: nothing was written
  expected,  // as planned
  failed     // otherwise, or never begun; where failures are counted it was counted
};
Came record_result(pugi::xml_node cib, const Result&);

// All that is under way on nodes that take part or are away, for the scheduler: of another no
// result will come, and what it was about counts as active there. Views into the document.
std::vector<schedule::InFlight> under_way(pugi::xml_node cib);

}  // namespace gyre::rm::control
