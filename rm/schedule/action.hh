// Actions: each is made once for its key and node, and asked for again by whoever needs it.
#pragma once

#include <string_view>

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

std::string key_of(std::string_view resource, std::string_view task, std::int64_t interval_ms = 0);

// The action, made if it is not there yet. Once someone needs it it is not optional any more. Says
// anew whether it can run: its node is there, quorum allows it.
Action& action(Cluster&, Resource&, std::string_view task, std::int64_t interval_ms, Node*,
               bool optional);
// One that stands for others and is done by nobody.
Action& pseudo_action(Cluster&, std::string key, Resource*);

// The first such action of a resource, on a node or (null) anywhere; null: none.
Action* find_action(const Resource&, std::string_view task, const Node*,
                    std::int64_t interval_ms = 0) noexcept;

// It is needed and possible.
inline bool happens(const Action& action) noexcept {
  return !action.optional && action.runnable;
}

// then waits for first. False: that was known.
bool order(Action& first, Action& then, std::uint32_t flags);

// Takes a node off the cluster; made once, no matter who asks.
Action& fence_action(Cluster&, Node&, bool optional, std::string_view reason,
                     std::string_view how = {});

inline Action& start_action(Cluster& c, Resource& r, Node* n, bool optional) {
  return action(c, r, "start", 0, n, optional);
}
inline Action& stop_action(Cluster& c, Resource& r, Node* n, bool optional) {
  return action(c, r, "stop", 0, n, optional);
}

}  // namespace gyre::rm::schedule
