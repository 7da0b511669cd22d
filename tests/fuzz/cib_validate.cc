// A document is held against the table and looked through: whatever is in it, what is said of it
// has a bound and names an element that is there.
#include "rm/cib/validate.hh"

#include <cassert>

#include "rm/cib/check.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre::rm;

void look_at(const std::vector<Finding>& findings) {
  assert(findings.size() <= 3 * findings_max);
  for (const Finding& finding : findings) {
    assert(finding.line > 0 && !finding.what.empty() && finding.path.starts_with("/cib"));
    assert(finding.what.size() < 10'000 && finding.path.size() < 100'000);
    assert(finding.path.find('/' + finding.element) != std::string::npos);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto loaded = Document::load({reinterpret_cast<const char*>(data), size});
  if (std::holds_alternative<Fault>(loaded)) return 0;
  const auto& document = std::get<Document>(loaded);
  const auto invalid = validate(document);
  look_at(invalid);
  assert(to_be_validated(document) || invalid.empty());
  look_at(check(document, 0));
  return 0;
}
