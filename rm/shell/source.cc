#include "rm/shell/source.hh"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

#include "rm/cib/validate.hh"
#include "rm/shell/cluster.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"
#include "rm/shell/live_cluster.hh"
#include "rm/shell/report.hh"
#include "rm/shell/watch.hh"

namespace gyre::rm::shell {

namespace {

class FileSource final : public Source {
 public:
  FileSource(std::string path, bool watched) : path_(std::move(path)) {
    if (watched) watch_.emplace(path_);
  }

  Document read() override {
    const auto text = read_file(path_);
    if (const auto* unread = std::get_if<Unread>(&text)) refuse(unread->why);
    auto loaded = Document::load(std::get<std::string>(text));
    if (const auto* fault = std::get_if<Fault>(&loaded))
      refuse(fmt::format("line {}: {}", fault->line, fault->what));
    auto& document = std::get<Document>(loaded);
    if (to_be_validated(document)) {
      const auto findings = validate(document);
      print_invalid(path_, findings, false);
      if (worst_of(findings) == Finding::Severity::error)
        throw Refused(exits::config, path_ + ": the configuration is not valid");
    }
    return std::move(document);
  }

  void wait() override { watch_->wait(); }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Refused(exits::disconnected,
                  fmt::format("Could not connect to the CIB: {}: {}", path_, why));
  }

  std::string path_;
  std::optional<FileWatch> watch_;
};

class LiveSource final : public Source {
 public:
  explicit LiveSource(bool watched) {
    if (!watched) return;
    watched_.emplace(running_cluster());
    watched_->wait_for_change();  // from here on
  }

  Document read() override { return cluster_.read(); }

  std::string notice() override {
    std::string notice;
    for (const std::string& path : cluster_.aside()) {
      const bool gone = ::access(path.c_str(), F_OK) != 0 && errno == ENOENT;
      if (!gone)
        notice += fmt::format(
            "The configuration of this node's side of a split gave way to the other's, and is kept "
            "in {}: see what of it is missing (crm_diff), then remove the file.\n",
            path);
    }
    return notice;
  }

  void wait() override { watched_->wait_for_change(); }

 private:
  LiveCluster cluster_ = running_cluster();
  std::optional<LiveCluster> watched_;  // what is waited on answers nothing else
};

}  // namespace

std::unique_ptr<Source> open_source(const std::string& file, bool watched) {
  const char* named = std::getenv("CIB_file");
  const std::string path = file.empty() && named != nullptr ? named : file;
  if (path.empty()) try {
      return std::make_unique<LiveSource>(watched);
    } catch (const Refused& refused) {
      throw Refused(refused.exit(),
                    fmt::format("Connection to cluster failed: {}", refused.what()));
    }
  return std::make_unique<FileSource>(path, watched);
}

}  // namespace gyre::rm::shell
