// What is known of fencings, in the document's status: what is under way, what was tried, what came
// of it. Alike at every member, for all of it is in the messages and in the views.
//
//   <fence_history>
//     <fence_event target="n2" life="…" action="reboot" client="gyre-rm" origin="n1"
//                  status="pending|success|failed" since="…" completed="…"
//                  device="d1" delegate="n3" exit-reason="…" failures="1" again="…">
//       <fence_attempt level="0" device="d1" action="reboot" delegate="n3" process="…" key="…"
//                      since="…" until="…" takes="…" status="pending|success|failed|unknown"
//                      exit-reason="…"/>
//
// A life is what a node's executor calls itself: a node that was fenced comes back as another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pugixml.hpp>

#include "rm/bus.hh"
#include "rm/control/messages.hh"
#include "rm/schedule/model.hh"

namespace gyre::rm::control {

// Fencings of one node, and what was tried of each, are remembered so often.
inline constexpr std::size_t fence_events_max = 10, fence_attempts_max = 32;

// The fencing of this life of a node that is not over, whether something of it is under way or not.
// Null: none.
pugi::xml_node fencing_under_way(pugi::xml_node cib, std::string_view target);
// Nothing more may be begun of it now: a device is at it, or it has succeeded, and the node is
// about to leave.
bool is_being_fenced(pugi::xml_node cib, std::string_view target);

enum class Tried {
  never,  // or in vain, so that nobody knows, and it is worth another try
  succeeded,
  failed
};
// Of a fencing, or of none.
Tried tried_before(pugi::xml_node event, int level, std::string_view device, std::string_view task);
// How often a node did not succeed with a device since the target was last fenced.
std::size_t failures_by(pugi::xml_node cib, std::string_view target, std::string_view device,
                        std::string_view node);
// Who tried it with what, and why it did not go well; of none: that no device can.
std::string why_not_fenced(pugi::xml_node cib, std::string_view target);
// The times that a node could not be fenced, since it last could or was another.
int failures_of(pugi::xml_node cib, std::string_view target);

// From then on so many seconds pass until it has to be taken by whom it was asked of.
inline constexpr std::int64_t take_max_s = 10;
void record_fence_begin(pugi::xml_node cib, const Begin&, std::string_view origin,
                        const BusMember& delegate);
// False: it is over, or was given up.
bool record_taken(pugi::xml_node cib, const Taken&, const BusMember& by);

// What came of a step.
struct Fenced {
  enum class Came {
    unasked,  // it is none that is under way
    step,     // well or not: what comes next has to be seen
    over      // the node is fenced, and is down once it has left
  } came = Came::unasked;
  std::string target, life;
};
Fenced record_fence_result(pugi::xml_node cib, const Result&, const std::vector<BusMember>&);
void record_not_fenced(pugi::xml_node cib, const NotFenced&, std::string_view origin);
// A person says so; it counts as fencing.
void record_confirmed(pugi::xml_node cib, const Confirm&, std::string_view origin);

// Of what an executing node was about that is lost or another process now nobody knows what came.
// A node that was fenced successfully, and has left now, is down. The fencings that are over with
// that.
std::vector<Fenced> follow_members(pugi::xml_node cib, const std::vector<BusMember>&);

// It was elsewhere meanwhile, and may have told there what came of what it was about.
std::vector<Fenced> lose_steps_of(pugi::xml_node cib, const BusMember& delegate,
                                  const std::vector<BusMember>& members);

// What it says comes behind its fencing in the order: it was not hit.
void speaks_still(pugi::xml_node cib, std::uint32_t node);

// What of fencings the scheduler has to wait for: nodes that are being fenced, and those that could
// not be, as long as it is not time to try it again. Views into the document.
std::vector<schedule::InFlight> fencings_in_flight(pugi::xml_node cib, std::int64_t now);
// The first time after now when one is to be tried again, or is overdue.
std::optional<std::int64_t> next_try(pugi::xml_node cib, std::int64_t now);
// Of those that nobody has taken in time, or where nobody has said what came of it for longer than
// the device may take: that nobody knows.
std::vector<Result> overdue(pugi::xml_node cib, std::int64_t now);
// Those that are not over and of which nothing is under way, by target.
std::vector<std::string> fencings_left(pugi::xml_node cib);

}  // namespace gyre::rm::control
