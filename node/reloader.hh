// Reads corosync.conf once more while the daemon runs, says what of it can change, and changes it:
// the log, who may connect, some timers, and the keys that only the key map has. Belongs to the
// helper thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/admission.hh"
#include "node/config.hh"
#include "node/log.hh"

namespace gyre::node {

class KeyMap;

class Reloader {
 public:
  struct Setup {
    Config& config;        // in force; changed when a reload is applied
    Admission& admission;  // likewise
    LogWriter& writer;
    KeyMap& key_map;
    std::optional<std::uint32_t> nodeid{};  // as find_local() was told
  };
  explicit Reloader(const Setup& setup) : setup_(setup) {}

  struct Reading {
    std::string refused;       // why not; empty: it is good
    totem::Parameters timers;  // that would be in force then
  };
  // Changes nothing but what end() uses.
  Reading read();
  // What was read last counts from now on, or is forgotten.
  void end(bool apply);
  // Keys that the file in force has otherwise than they count: they cannot change at run time.
  const std::set<std::string>& fixed() const noexcept { return fixed_; }

 private:
  struct Next {
    Config config;  // as it will be: what cannot change is as it was
    Admission admission;
    std::set<std::string> fixed;
    std::vector<std::string> notices;
  };
  Next merge(const Config& written) const;

  Setup setup_;
  std::optional<Next> next_;
  std::string refused_;  // why this node refused what was read last
  std::set<std::string> fixed_;
};

}  // namespace gyre::node
