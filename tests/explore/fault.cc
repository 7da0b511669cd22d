#include "tests/explore/fault.hh"

#include <fmt/format.h>

#include <charconv>

namespace gyre::test {
namespace {

constexpr std::string_view names[Fault::kinds] = {
    "drop",  "duplicate",         "delay_1",           "delay_4",          "delay_long",      "nap",
    "pause", "crash_before_soon", "crash_before_late", "crash_after_soon", "crash_after_late"};

}  // namespace

std::string text_of(const Fault& fault) {
  return fmt::format("{}@{}", names[static_cast<int>(fault.kind)], fault.point);
}

std::string text_of(const std::vector<Fault>& faults) {
  std::string text;
  for (const Fault& fault : faults) text += (text.empty() ? "" : " ") + text_of(fault);
  return text;
}

std::optional<Fault> fault_of(std::string_view text) {
  const auto at = text.find('@');
  for (int kind = 0; at != text.npos && kind < Fault::kinds; ++kind) {
    if (text.substr(0, at) != names[kind]) continue;
    Fault fault{.kind = static_cast<Fault::Kind>(kind)};
    const auto [stop, error] = std::from_chars(text.data() + at + 1, text.end(), fault.point);
    if (error == std::errc() && stop == text.end()) return fault;
  }
  return std::nullopt;
}

}  // namespace gyre::test
