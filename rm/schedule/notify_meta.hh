// What is said with a notification: what it is of, and which instances are, start, stop, are
// promoted and demoted where.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

using Meta = std::vector<std::pair<std::string_view, std::string_view>>;

// kind: pre, confirmed-pre and so on; change: start, running and so on; task: start and so on.
Meta meta_of_round(Cluster&, std::string_view kind, std::string_view change, std::string_view task);
Meta meta_of_stop(const Action&);
Meta meta_of_all(Cluster&, const Resource& clone);

// What an action says already stays.
void add_meta(Action&, const Meta&);
// To whatever an instance does.
void add_meta_to_changes(Resource&, const Meta&);

}  // namespace gyre::rm::schedule
