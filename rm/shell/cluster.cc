#include "rm/shell/cluster.hh"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "rm/cib/edit.hh"
#include "rm/cib/validate.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/file_cluster.hh"
#include "rm/shell/live_cluster.hh"
#include "rm/shell/report.hh"

namespace gyre::rm::shell {

namespace {

std::chrono::milliseconds patience_now = std::chrono::seconds(30);

}  // namespace

std::chrono::milliseconds patience() noexcept {
  return patience_now;
}

void set_patience(std::chrono::milliseconds patience) noexcept {
  patience_now = patience;
}

std::unique_ptr<Cluster> open_cluster() {
  const char* const file = std::getenv("CIB_file");
  if (file != nullptr && *file != '\0') return std::make_unique<FileCluster>(file);
  return std::make_unique<LiveCluster>(running_cluster());
}

void make_change(Cluster& cluster, const std::function<void(Document&)>& edit) {
  // Of many who change something at once, one gets through at a time.
  const auto deadline = std::chrono::steady_clock::now() + patience();
  for (;;) {
    const auto before = cluster.read();
    auto document = std::get<Document>(Document::load(before.text()));
    edit(document);
    settle_version(document, before);
    if (document.version() == before.version()) return;
    if (to_be_validated(document)) {
      const auto findings = validate(document);
      if (worst_of(findings) == Finding::Severity::error) {
        for (const Finding& finding : findings)
          if (finding.severity == Finding::Severity::error)
            fmt::print(stderr, "{}: {}\n", finding.path, finding.what);
        throw Refused(exits::config, "Update does not conform to the configured schema");
      }
    }
    try {
      return cluster.change(difference(before, document));
    } catch (const Stale&) {
      if (std::chrono::steady_clock::now() > deadline) throw;
    }
  }
}

int run_command(const char* command, const std::function<void()>& what) {
  try {
    what();
    return exits::ok;
  } catch (const Refused& refused) {
    fmt::print(stderr, "{}: {}\n", command, refused.what());
    return refused.exit();
  }
}

}  // namespace gyre::rm::shell
