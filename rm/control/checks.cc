#include "rm/control/checks.hh"

#include "rm/cib/difference_xml.hh"
#include "rm/cib/validate.hh"

namespace gyre::rm::control {

std::optional<std::string> check(const Document& document, const Message& message) {
  const auto* change = std::get_if<Configure>(&message);
  if (change == nullptr) return std::nullopt;
  const auto read = read_difference(change->difference);
  if (const auto* fault = std::get_if<Fault>(&read)) return fault->text();
  auto copy = Document::load(document.text());
  auto& changed = std::get<Document>(copy);
  // One that is stale is refused where it is tried.
  if (patch(changed, std::get<ReadDifference>(read).difference)) return std::nullopt;
  if (!to_be_validated(changed)) return std::nullopt;
  const auto findings = validate(changed);
  if (findings.empty()) return std::nullopt;
  const Finding& first = findings.front();
  return first.path + ": " + first.what + (first.advice.empty() ? "" : ". " + first.advice);
}

}  // namespace gyre::rm::control
