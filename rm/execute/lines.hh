// The lines of gyre-exec's log. No parameter of an agent stands in one.
#pragma once

#include <string>
#include <string_view>

#include "rm/execute/jobs.hh"
#include "rm/execute/process.hh"

namespace gyre::rm::execute {

// What an agent or somebody else wrote, without what would make another line of it.
std::string one_line(std::string_view words);

void log_begin(const Job&, const Process&);
void log_outcome(const Job&, const Outcome&);
void log_complaints(const Job&, std::string_view complaints);
void log_undying(const Job&, const Process&);

}  // namespace gyre::rm::execute
