#include "rm/show/words.hh"

#include <fmt/format.h>

#include "rm/cib/iso8601.hh"
#include "rm/schedule/history.hh"

namespace gyre::rm::show {

std::string instant_text(std::int64_t seconds) {
  const Civil at = civil(seconds);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z", at.year, at.month, at.day, at.hour,
                     at.minute, at.second);
}

std::string interval_text(std::int64_t ms) {
  std::string text;
  const auto whole = [&](std::int64_t unit_ms, const char* name) {
    if (ms <= unit_ms) return;
    text += fmt::format("{}{}", ms / unit_ms, name);
    ms %= unit_ms;
  };
  whole(86'400'000, "d");
  whole(3'600'000, "h");
  whole(60'000, "m");
  if (ms > 1000)
    text +=
        ms % 1000 ? fmt::format("{}.{:03}s", ms / 1000, ms % 1000) : fmt::format("{}s", ms / 1000);
  else if (ms > 0)
    text += fmt::format("{}ms", ms);
  return text.empty() ? "0s" : text;
}

const char* exit_text(int code) {
  namespace rc = schedule::rc;
  switch (code) {
    case rc::ok:
      return "ok";
    case rc::error:
      return "error";
    case rc::arguments:
      return "invalid parameter";
    case rc::unimplemented:
      return "unimplemented feature";
    case rc::permission:
      return "insufficient privileges";
    case rc::not_installed:
      return "not installed";
    case rc::not_configured:
      return "not configured";
    case rc::not_running:
      return "not running";
    case rc::promoted:
      return "promoted";
    case rc::failed_promoted:
      return "promoted (failed)";
    case rc::degraded:
      return "OCF_DEGRADED";
    case rc::degraded_promoted:
      return "promoted (degraded)";
    default:
      return "unknown";
  }
}

const char* outcome_text(int status) {
  constexpr const char* names[] = {"pending",
                                   "complete",
                                   "Cancelled",
                                   "Timed Out",
                                   "NOT SUPPORTED",
                                   "Error",
                                   "Hard error",
                                   "Fatal error",
                                   "Not installed",
                                   "Internal communication failure",
                                   "Cannot execute now",
                                   "No fence device",
                                   "CIB secrets unavailable"};
  constexpr int count = std::size(names);
  return status >= -1 && status < count - 1 ? names[status + 1] : "UNKNOWN!";
}

}  // namespace gyre::rm::show
