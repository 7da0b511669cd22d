// What came of one run of an agent, and how others hear of it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "rm/operation.hh"

namespace gyre::rm::execute {

// What OCF calls them.
inline constexpr int ocf_ok = 0, ocf_failed = 1, ocf_not_supported = 3, ocf_not_permitted = 4,
                     ocf_not_installed = 5, ocf_not_running = 7, ocf_unknown = 193;

struct Result {
  Outcome::Status status = Outcome::Status::done;
  int rc = ocf_ok;
  std::string exit_reason, output;
  int signal = 0;          // that ended it
  std::string complaints;  // what else it wrote to stderr: for the log
};

// Of what no agent said itself.
inline Result result_of(Outcome::Status status, int rc, std::string why) {
  Result result;
  result.status = status;
  result.rc = rc;
  result.exit_reason = std::move(why);
  return result;
}

// An outcome and its number, by which it is acknowledged. 0: it was not kept, and need not be.
struct Report {
  std::uint64_t serial = 0;
  Outcome outcome;

  bool operator==(const Report&) const = default;
};

}  // namespace gyre::rm::execute
