// The two key maps of a daemon: `icmap` with the configuration, who is here and whatever programs
// wrote down, and `stats` with what was counted. Filled from the configuration once, and from each
// snapshot of the reactor. Belongs to the helper thread.
#pragma once

#include <sys/types.h>

#include "node/admission.hh"
#include "node/cmap.hh"
#include "node/stats_keys.hh"
#include "node/topic.hh"

namespace gyre::node {

class KeyMap {
 public:
  struct Setup {
    const Config& config;
    const LocalNode& local;
    const Admission& admission;
    const StatusNames& names;
    std::function<void(bool)> set_debug = [](bool) {};  // of the log
  };
  explicit KeyMap(const Setup& setup);

  // Another configuration counts: what it does not have goes, what is otherwise changes.
  void reload(const Config& config, const Admission& admission);
  // A reload begins; it is over. `refused`: why nothing changed, if so.
  void reload_begins();
  void reload_ended(std::string_view refused);
  // What `snapshot` tells.
  void refresh(const Snapshot& snapshot);
  // Whom programs let in.
  bool admits(uid_t uid, gid_t gid) const;

  // cmap.get, cmap.list, cmap.set, cmap.delete, cmap.track: a map (icmap or stats) is the first
  // argument of each. They live no longer than this.
  Topics topics();

  Cmap& icmap() noexcept { return icmap_; }
  Cmap& stats() noexcept { return stats_; }

 private:
  void refresh_votes(const Snapshot& snapshot);
  Cmap* find(std::string_view map) noexcept;
  Answer get(const Asked& asked);
  Answer list(const Asked& asked);
  Answer set(const Asked& asked);
  Answer remove(const Asked& asked);
  Answer track(const Asked& asked);
  Answer change(const Asked& asked, std::optional<CmapValue> value);

  StatusNames names_;
  std::uint32_t self_ = 0;
  LocalNode local_;
  std::uint64_t config_version_ = 0;
  std::function<void(bool)> set_debug_;
  Cmap configured_;  // what of icmap_ is there because of the configuration
  Cmap icmap_, stats_;
  Stats counted_;
};

}  // namespace gyre::node
