#include "rm/shell/report.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace gyre::rm::shell {

using Severity = Finding::Severity;

const char* word_of(Severity severity) {
  return severity == Severity::error     ? "error"
         : severity == Severity::warning ? "warning"
                                         : "notice";
}

Severity worst_of(const std::vector<Finding>& findings) {
  auto worst = Severity::note;
  for (const Finding& finding : findings) worst = std::max(worst, finding.severity);
  return worst;
}

void print_invalid(const std::string& name, const std::vector<Finding>& findings, bool verbose) {
  for (const Finding& finding : findings)
    if (finding.severity == Severity::error || verbose)
      fmt::print(stderr, "{}:{}: element {}: {}: {}: {}\n", name, finding.line, finding.element,
                 word_of(finding.severity), finding.path, finding.what);
}

}  // namespace gyre::rm::shell
