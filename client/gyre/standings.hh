// What a program has asked for, group by group, and who is in the groups that it is in: the daemon
// tells it all members when it comes in, and then what changes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/gyre/gyre.hh"

namespace gyre::client {

class Standings {
 public:
  // It asked to join, has not left since, and its last join has not been refused.
  bool joined(std::string_view group) const;
  std::size_t joined_count() const noexcept { return joined_count_; }

  void join(std::string_view group);   // not joined
  void leave(std::string_view group);  // joined
  // The events, in their order. Each join is answered by one of them. A change is given its
  // members.
  void note(GroupChange& change, const Process& self);
  void note(const JoinRefused& refused);

 private:
  struct Standing {
    bool joined = false, member = false;
    std::size_t joins_under_way = 0;
    std::vector<Process> members;  // sorted, while it is one
  };
  using All = std::map<std::string, Standing, std::less<>>;

  void set(Standing& standing, bool joined);
  void forget_if_settled(All::iterator);

  All standings_;
  std::size_t joined_count_ = 0;
};

}  // namespace gyre::client
