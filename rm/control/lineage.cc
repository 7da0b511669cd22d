#include "rm/control/lineage.hh"

#include <charconv>

#include "rm/control/messages.hh"

namespace gyre::rm::control {

std::string to_text(const Lineage& lineage) {
  return to_text(lineage.firm) + '_' + lineage.changed;
}

Lineage read_lineage(std::string_view text) {
  Lineage lineage;
  const char *at = text.data(), *end = at + text.size();
  const auto number = [&](auto& value, char behind) {
    const auto [rest, error] = std::from_chars(at, end, value);
    if (error != std::errc() || rest == end || *rest != behind) return false;
    at = rest + 1;
    return true;
  };
  Place& firm = lineage.firm;
  if (!number(firm.ring, '.') || !number(firm.seq, '.') || !number(firm.index, '_')) return {};
  lineage.changed.assign(at, end);
  return lineage;
}

}  // namespace gyre::rm::control
