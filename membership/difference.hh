// What a view changes in the groups, told group by group.
#pragma once

#include "membership/group_table.hh"
#include "membership/groups.hh"
#include "membership/view.hh"

namespace gyre::membership {

class Difference {
 public:
  explicit Difference(const GroupLimits&);

  // One GroupChange for each group that is not the same in both, by ascending name. `view` knows
  // who came along from the one to the other.
  void report(const GroupTable& before, const GroupTable& after, const ViewHistory& view,
              Sink& sink) noexcept;

  // This node's own memberships that `after` had no room for.
  void report_refused(const GroupTable& before, const GroupTable& after, NodeId self,
                      Sink& sink) noexcept;

 private:
  using Order = Array<const Group*>;
  void compare(std::span<const Process> before, std::span<const Process> after,
               const ViewHistory& view) noexcept;

  Order before_, after_;
  Array<Change> joined_, left_;
  std::size_t joined_size_ = 0, left_size_ = 0;
};

}  // namespace gyre::membership
