#include "rm/execute/ledger.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "rm/execute/whole.hh"
#include "rm/execute/words.hh"

namespace gyre::rm::execute {
namespace {

using nlohmann::json;

std::string entry_text(const Job& job, const Process& process) {
  json reports = json::array();
  for (const Report& each : job.reports) reports.push_back(json_of(each));
  const json all = {{"key", job.operation.key},     {"resource", job.operation.resource},
                    {"task", job.operation.task},   {"interval", job.operation.interval.count()},
                    {"state", name_of(job.state)},  {"began", job.began},
                    {"pid", process.pid},           {"start", process.start},
                    {"reports", std::move(reports)}};
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

Ledger::Entry read_entry(Id id, std::istream& file) {
  const json all = json::parse(file);
  Ledger::Entry entry;
  entry.id = id;
  all.at("key").get_to(entry.job.operation.key);
  all.at("resource").get_to(entry.job.operation.resource);
  all.at("task").get_to(entry.job.operation.task);
  entry.job.operation.interval = std::chrono::milliseconds(whole<std::int64_t>(all.at("interval")));
  entry.job.state = state_named(all.at("state").get<std::string>());
  entry.job.began = whole<std::int64_t>(all.at("began"));
  entry.process.pid = whole<pid_t>(all.at("pid"));
  entry.process.start = whole<std::uint64_t>(all.at("start"));
  for (const json& each : all.at("reports")) entry.job.reports.push_back(read_report(each));
  return entry;
}

std::string reason() {
  return std::strerror(errno);
}

}  // namespace

Ledger::Ledger(const std::string& directory) : path_(directory) {
  if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST)
    throw std::runtime_error(path_ + ": cannot be made: " + reason());
  directory_ =
      local::Descriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory_) throw std::runtime_error(path_ + ": cannot be opened: " + reason());
  // gyred's user may make entries in the run directory; what it says here would be believed.
  struct stat facts {};
  if (::fstat(directory_.number(), &facts) != 0 || facts.st_uid != ::geteuid() ||
      (facts.st_mode & 022) != 0)
    throw std::runtime_error(path_ + ": others may write there; remove it");
  if (::flock(directory_.number(), LOCK_EX | LOCK_NB) != 0)
    throw std::runtime_error(path_ + ": another gyre-exec runs with this run directory");
}

std::vector<Ledger::Entry> Ledger::read(
    const std::function<void(const std::string&)>& trouble) const {
  std::vector<Entry> entries;
  for (const auto& each : std::filesystem::directory_iterator(path_)) {
    const std::string name = each.path().filename();
    Id id = 0;
    const char* const end = name.data() + name.size();
    if (std::from_chars(name.data(), end, id).ptr != end) continue;  // one that was not finished
    std::ifstream file(each.path(), std::ios::binary);
    try {
      entries.push_back(read_entry(id, file));
    } catch (const std::exception& error) {
      trouble(each.path().string() + " is not of this ledger; remove it: " + error.what());
    }
  }
  std::ranges::sort(entries, {}, &Entry::id);
  return entries;
}

std::optional<std::string> Ledger::keep(Id id, const Job& job, const Process& process) const {
  const std::string name = std::to_string(id), aside = name + ".new";
  const std::string text = entry_text(job, process);
  const local::Descriptor file(
      ::openat(directory_.number(), aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return path_ + "/" + aside + ": " + reason();
  if (::write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return path_ + "/" + aside + ": " + reason();
  if (::renameat(directory_.number(), aside.c_str(), directory_.number(), name.c_str()) != 0)
    return path_ + "/" + name + ": " + reason();
  return std::nullopt;
}

void Ledger::forget(Id id) const {
  ::unlinkat(directory_.number(), std::to_string(id).c_str(), 0);
}

}  // namespace gyre::rm::execute
