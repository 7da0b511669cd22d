// From libgyre's stream of events to the ordered group as the resource manager sees it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/gyre/gyre.hh"
#include "rm/bus.hh"

namespace gyre::rm::daemon {

class GroupStream {
 public:
  GroupStream(std::string group, client::Process self);

  // What it means to the resource manager, if anything. Views begin with our own join. All members
  // are told each view by one name (Place): the view of a ring, before and after the changes of the
  // group that come with it, a change within a ring, another verdict.
  std::optional<BusEvent> take(const client::Event&);

  // The number of the last verdict in it.
  std::uint64_t verdict() const noexcept { return verdict_.number; }
  // Another process of this node is in the group: of a resource manager that runs already.
  std::optional<std::uint32_t> namesake() const;

 private:
  std::optional<BusEvent> meaning(const client::Message&);
  std::optional<BusEvent> meaning(const client::View&);
  std::optional<BusEvent> meaning(const client::VerdictChange&);
  std::optional<BusEvent> meaning(const client::Transitional&);
  std::optional<BusEvent> meaning(const client::GroupChange&);
  std::optional<BusEvent> meaning(const client::JoinRefused&);
  std::optional<BusEvent> view(Place, std::vector<std::uint32_t> together) const;
  BusMember member_of(const client::Process&) const;

  std::string group_;
  client::Process self_;
  std::vector<client::Member> nodes_;
  std::optional<std::set<std::uint32_t>> along_;  // nodes of the transitional configuration
  client::Verdict verdict_;
  std::vector<client::Process> members_;
};

}  // namespace gyre::rm::daemon
