#include "node/cmap_rules.hh"

namespace gyre::node {
namespace {

struct Entry {
  std::string_view prefix;  // the whole key, unless it ends in '.'
  CmapRule rule;
};

constexpr CmapRule tells{CmapUse::read_only, "it tells what gyred does"};
constexpr CmapRule written{CmapUse::read_only, "it is what corosync.conf says: change that file"};

// The first that fits decides.
constexpr Entry entries[] = {
    {"runtime.force_gather", {CmapUse::gather, {}}},
    {"runtime.blackbox.", {CmapUse::read_only, "no flight recorder is kept"}},
    {"runtime.", tells},
    {"stats.", tells},
    {"internal_configuration.", tells},
    {"config.", tells},
    {"logging.debug", {CmapUse::debug, {}}},
    {"logging.", written},
    {"totem.", written},
    {"nodelist.", written},
    {"quorum.cancel_wait_for_all", {CmapUse::wait, {}}},
    {"quorum.", written},
    {"system.", written},
    {"uidgid.config.", written},
    {"uidgid.uid.", {CmapUse::admit, {}}},
    {"uidgid.gid.", {CmapUse::admit, {}}},
    {"uidgid.", {CmapUse::read_only, "only uidgid.uid.N and uidgid.gid.N mean something"}},
    {"resources.", {CmapUse::read_only, "no watchdog is fed and no resource is watched"}},
    {"cfg.", {CmapUse::read_only, "nobody is asked before gyred stops"}},
};

}  // namespace

CmapRule cmap_rule(std::string_view key) noexcept {
  for (const Entry& entry : entries)
    if (entry.prefix.ends_with('.') ? key.starts_with(entry.prefix) : key == entry.prefix)
      return entry.rule;
  return {};
}

}  // namespace gyre::node
