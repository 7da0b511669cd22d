// The nodes and resources that somebody asked to see: one, those with a tag, or all.
#pragma once

#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "rm/schedule/model.hh"
#include "rm/show/monitor.hh"

namespace gyre::rm::show {

class Selection {
 public:
  Selection(const schedule::Cluster&, const MonitorOptions&);

  const std::vector<const schedule::Node*>& nodes() const { return nodes_; }  // by name
  bool has(const schedule::Node&) const;
  // A collection if any of it is asked for, and what belongs to one that is.
  bool has(const schedule::Resource&) const;

 private:
  bool named(const schedule::Resource&) const;

  std::vector<const schedule::Node*> nodes_;
  std::optional<std::set<std::string_view>> resources_;
};

}  // namespace gyre::rm::show
