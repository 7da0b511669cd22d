#include "node/reloader.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "node/config_keys.hh"
#include "node/key_map.hh"
#include "transport/shm/descriptor.hh"

namespace gyre::node {
namespace {

constexpr std::string_view timer_keys[] = {
    "totem.token_retransmits_before_loss_const",
    "totem.token_retransmit",
    "totem.hold",
    "totem.join",
    "totem.send_join",
    "totem.merge",
    "totem.fail_recv_const",
    "totem.seqno_unchanged_const",
};

bool is_timer(std::string_view path) {
  return std::ranges::find(timer_keys, path) != std::end(timer_keys);
}

// A key that changes nothing but what the key map shows.
bool is_only_shown(std::string_view path) {
  const Key* key = key_of(path);
  return !key || !key->no_effect.empty();
}

bool can_change(std::string_view path, bool timers) {
  if (path.starts_with("logging.") || path.starts_with("uidgid.")) return true;
  if (path.starts_with("nodelist.")) return false;
  return is_timer(path) ? timers : is_only_shown(path);
}

// When it counts, it is too late to refuse. Another node may refuse, too: nothing is left behind.
void check_log(const LoggingConfig& logging) {
  if (!logging.to_logfile) return;
  const char* path = logging.logfile.c_str();
  constexpr int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK;
  shm::Descriptor file(::open(path, flags | O_CREAT | O_EXCL, 0640));
  if (file)
    ::unlink(path);
  else if (errno == EEXIST)
    file = shm::Descriptor(::open(path, flags));
  if (!file)
    throw std::runtime_error(fmt::format("logging.logfile: {}: {}", path, std::strerror(errno)));
}

}  // namespace

Reloader::Reading Reloader::read() try {
  setup_.key_map.reload_begins();
  refused_.clear();
  const Config written = read_config(setup_.config.file);
  next_ = merge(written);
  const auto says_who = [](const std::string& path) {
    return path.starts_with("nodelist.") || path.starts_with("totem.interface.");
  };
  // Or the next start would fail. Those of the start need no name server again.
  if (std::ranges::any_of(next_->fixed, says_who))
    static_cast<void>(find_local(written, setup_.nodeid));
  check_log(next_->config.logging);
  return {.refused = {}, .timers = next_->config.timers};
} catch (const std::exception& error) {
  next_.reset();
  refused_ = error.what();
  setup_.writer.write(LogLevel::warning, error.what());  // whole; others hear of it in few words
  return {.refused = error.what(), .timers = {}};
}

// Timers follow from token and consensus: when those are written otherwise, all stay as they are.
Reloader::Next Reloader::merge(const Config& written) const {
  Next next{.config = setup_.config,
            .admission = Admission(written.grants),
            .fixed = {},
            .notices = written.notices};
  Config& config = next.config;
  const bool timers = written.timers.token_loss == config.timers.token_loss &&
                      written.timers.consensus == config.timers.consensus;
  const auto take = [&](const std::string& path) {
    const auto before = config.keys.find(path);
    const auto after = written.keys.find(path);
    const bool same = (before == config.keys.end()) == (after == written.keys.end()) &&
                      (before == config.keys.end() || before->second == after->second);
    if (same) return;
    if (!can_change(path, timers))
      next.fixed.insert(path);
    else if (after == written.keys.end())
      config.keys.erase(before);
    else
      config.keys[path] = after->second;
  };
  std::set<std::string> paths;
  for (const Config* each : {static_cast<const Config*>(&setup_.config), &written})
    for (const auto& [path, value] : each->keys) paths.insert(path);
  for (const std::string& path : paths) take(path);
  if (timers) config.timers.take_timers(written.timers);
  config.logging = written.logging;
  config.grants = written.grants;
  return next;
}

void Reloader::end(bool apply) {
  std::optional<Next> next = std::exchange(next_, std::nullopt);
  const bool changes = apply && next;
  setup_.key_map.reload_ended(changes            ? ""
                              : refused_.empty() ? "nothing changed: the log says why"
                                                 : refused_);
  if (!changes) return;
  setup_.config = std::move(next->config);
  setup_.admission = std::move(next->admission);
  fixed_ = std::move(next->fixed);
  setup_.writer.configure(setup_.config.logging);
  setup_.key_map.reload(setup_.config, setup_.admission);
  setup_.writer.write(LogLevel::info, fmt::format("{} counts from now on", setup_.config.file));
  for (const std::string& notice : next->notices) setup_.writer.write(LogLevel::warning, notice);
  for (const std::string& path : fixed_)
    setup_.writer.write(
        LogLevel::warning,
        fmt::format("Modified entry '{}' in corosync.conf cannot be changed at run-time", path));
}

}  // namespace gyre::node
