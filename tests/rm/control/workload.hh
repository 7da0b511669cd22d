// A configuration that a seed draws, and how people change it while it runs.
#pragma once

#include <optional>
#include <string>

#include "rm/cib/document.hh"
#include "rm/control/messages.hh"
#include "tests/rm/control/checks.hh"
#include "tests/sim/dice.hh"

namespace gyre::rm::model {

class Workload {
 public:
  // Wide: also what is promoted, migrates, and is notified.
  Workload(sim::Dice, std::uint32_t nodes, bool ignores_quorum, bool fences, bool wide);

  // The elements of <crm_config>, <resources> and <constraints>.
  std::string options() const;
  const std::string& resources() const noexcept { return resources_; }
  const std::string& topology() const noexcept { return topology_; }
  const std::string& constraints() const noexcept { return constraints_; }
  const Rules& rules() const noexcept { return rules_; }

  // The whole of it, into a document that has none.
  control::Configure first(const Document& now, const std::string& mark) const;
  // Something that somebody could want.
  control::Message change(const Document& now, const std::string& mark);
  // All that stands in the way goes: whatever can run is to run.
  control::Configure repair(const Document& now, const std::string& mark) const;

 private:
  std::string primitive(const std::string& id, const std::string& more = {});
  std::string promotable();
  void add_fence_devices();
  std::string some_resource();

  mutable sim::Dice dice_;
  std::uint32_t nodes_;
  bool ignores_quorum_, fences_;
  std::string resources_, constraints_, topology_;
  std::vector<std::string> names_;
  Rules rules_;
};

// Marks a change, so that it can be found again.
void mark(pugi::xml_node cib, const std::string& name);

}  // namespace gyre::rm::model
