// How crm_mon names moments, durations, exit codes and statuses.
#pragma once

#include <cstdint>
#include <string>

namespace gyre::rm::show {

// "2012-10-07 20:46:00Z".
std::string instant_text(std::int64_t seconds);
// "10s", "1m30s", "2.500s": each unit once there is more than one of it.
std::string interval_text(std::int64_t ms);
// What an agent's exit code means, and what became of an operation.
const char* exit_text(int code);
const char* outcome_text(int status);

}  // namespace gyre::rm::show
