#include "rm/execute/lines.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "rm/execute/result.hh"

namespace gyre::rm::execute {
namespace {

std::string name_of(const Operation& operation) {
  const std::string& whose = operation.resource.empty() ? operation.type : operation.resource;
  if (!operation.target.empty())
    return one_line(fmt::format("{}: {} of {}", whose, operation.task, operation.target));
  return one_line(operation.recurs() ? fmt::format("{}: {} every {} ms", whose, operation.task,
                                                   operation.interval.count())
                                     : fmt::format("{}: {}", whose, operation.task));
}

std::string_view name_of(Outcome::Status status) {
  switch (status) {
    case Outcome::Status::done:
      return "done";
    case Outcome::Status::cancelled:
      return "cancelled";
    case Outcome::Status::timed_out:
      return "timed out";
    case Outcome::Status::not_supported:
      return "not supported";
    case Outcome::Status::not_installed:
      return "not installed";
    case Outcome::Status::error:
      break;
  }
  return "error";
}

}  // namespace

std::string one_line(std::string_view words) {
  std::string line;
  for (const char c : words)
    if (const auto byte = static_cast<unsigned char>(c); byte < ' ' || byte == 0x7f)
      line += fmt::format("\\x{:02x}", byte);
    else
      line += c;
  return line;
}

void log_begin(const Job& job, const Process& process) {
  const auto level = job.operation.recurs() ? spdlog::level::debug : spdlog::level::info;
  spdlog::log(level, "{} begins, process {}", name_of(job.operation), process.pid);
}

void log_outcome(const Job& job, const Outcome& outcome) {
  const bool fine = outcome.status == Outcome::Status::done && outcome.rc == ocf_ok;
  const std::string reason =
      outcome.exit_reason.empty() ? "" : ": " + one_line(outcome.exit_reason);
  spdlog::log(fine ? spdlog::level::info : spdlog::level::warn, "{} is {}, rc {}, in {} ms{}",
              name_of(job.operation), name_of(outcome.status), outcome.rc, outcome.ran.count(),
              reason);
}

void log_complaints(const Job& job, std::string_view complaints) {
  while (!complaints.empty()) {
    const auto end = complaints.find('\n');
    spdlog::info("{} says: {}", name_of(job.operation), one_line(complaints.substr(0, end)));
    complaints.remove_prefix(end + 1);
  }
}

void log_undying(const Job& job, const Process& process) {
  spdlog::error("{}: process {} does not die; it is left to itself", name_of(job.operation),
                process.pid);
}

}  // namespace gyre::rm::execute
