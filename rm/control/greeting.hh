// After the group has grown: who has what, and whose document counts. All members come to the same,
// for they have all hellos.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "rm/bus.hh"
#include "rm/control/messages.hh"

namespace gyre::rm::control {

class Greeting {
 public:
  Greeting() = default;
  explicit Greeting(const BusView&);

  void add(std::uint32_t node, Hello);
  bool complete() const noexcept { return hellos_.size() == view_.members.size(); }
  const std::map<std::uint32_t, Hello>& hellos() const noexcept { return hellos_; }

  // Complete: of whose document there is one more than this to come. All have the same: nobody.
  //
  // The later firm view goes before all else, for what was acknowledged is to stay; then who was
  // last part of a quorate view before who was not; then the greater (admin_epoch, epoch); then a
  // status that was lived through before a configuration from disk; then the greater (lineage,
  // num_updates); then the oldest member.
  std::optional<std::uint32_t> source() const;
  // Whose document counts.
  const Hello& winner() const { return hellos_.at(best()); }
  // Its document is the one that counts.
  bool has_it(std::uint32_t node) const;

  // A member of the same name that is older. It stays, and this one cannot.
  std::optional<std::uint32_t> namesake(std::uint32_t node) const;

 private:
  std::uint32_t best() const;
  const BusMember& member(std::uint32_t node) const;

  BusView view_;
  std::map<std::uint32_t, Hello> hellos_;
};

// Who plans: of the lowest feature set the oldest, then the lowest number.
std::uint32_t coordinator_of(const BusView&, const std::map<std::uint32_t, Hello>&);

}  // namespace gyre::rm::control
