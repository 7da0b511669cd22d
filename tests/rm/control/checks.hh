// What must hold at every simulated instant, and how often it was looked at.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "rm/control/control.hh"
#include "rm/operation.hh"
#include "tests/rm/control/timeline.hh"

namespace gyre::rm::model {

// To be promoted is a thing of its own, which is up from promote to demote, or to its stop.
inline std::string promoted(const std::string& resource) {
  return resource + " promoted";
}

// The constraints of the configuration, as far as they are checked while things move.
struct Rules {
  std::map<std::string, std::size_t> most;                      // active at a time
  std::vector<std::pair<std::string, std::string>> order;       // first, then
  std::vector<std::pair<std::string, std::string>> colocation;  // what, with whom
  std::set<std::string> notified;
};

class Checks {
 public:
  struct Promises {
    bool one_copy = true;            // S1
    bool quorum_for_starts = true;   // S3
    bool acknowledged_stays = true;  // S8
    bool fences = false;             // S2, S4, S6, S7, S9
  };
  Checks(const Timeline& timeline, Promises promises) : timeline_(timeline), promises_(promises) {}

  void set_rules(Rules rules) { rules_ = std::move(rules); }
  const Rules& rules() const noexcept { return rules_; }

  // S1, S10: what agents do. An agent that lies is believed where nobody could know better: what it
  // says to have stopped is gone until somebody finds it.
  void begins(std::uint32_t node, const Operation&);
  void succeeded(std::uint32_t node, const Operation&);
  void failed(std::uint32_t node, const Operation&);
  // It is up as far as anybody knows until a monitor misses it or something is begun with it.
  void died(std::uint32_t node, const std::string& resource);
  void demoted(std::uint32_t node, const std::string& resource);  // by itself
  void found(std::uint32_t node, const Operation&, bool promoted);
  void missed(std::uint32_t node, const std::string& resource);
  void unseen(std::uint32_t node, const std::string& resource);
  void pretended(std::uint32_t node, const std::string& resource);
  void hidden(std::uint32_t node, const std::string& resource);
  void moved(std::uint32_t from, std::uint32_t to, const std::string& resource);
  void lost(std::uint32_t node);
  void booted(std::uint32_t node) { booted_[node] = timeline_.now(); }
  // Whether its manager is there and has what all have: what dies meanwhile is known once it is
  // back.
  void away(std::uint32_t node) { away_.insert(node); }
  void starts(std::uint32_t node) { left_.erase(node); }
  void back(std::uint32_t node);

  // S3, S5: what a process has begun, by the lease that it was told of. Whether its node may act
  // at all the group knows, or not.
  void begun(const control::Control&, bool regular, bool lease, std::optional<bool> may_act,
             const control::Output::Begun&);

  // S2, S4: what a process sees, and until when it does.
  void sees(std::uint32_t node, const BusView&);
  void sees_nothing(std::uint32_t node);
  void lost_quorum(std::uint32_t node);  // S4: now, if it has been without one for long

  // S6, S7, S9: what really befalls nodes.
  void fault(std::uint32_t node) {
    fences_[node] = 0;
    left_.clear();
  }
  void forgiven() { failed_stops_.clear(); }
  void switched_off(std::uint32_t node, const std::string& key);
  // It left the cluster in order: then nothing runs there, and nobody fences it.
  void left(std::uint32_t node);
  void fencings(const control::Control&);
  void no_failed_stop_is_left();

  // S8.
  void acknowledged(const std::string& mark) { acknowledged_.insert(mark); }
  void still_there(const control::Control&);
  // Documents at the same place are the same.
  void agree(const control::Control&, const Place&);

  void violated(const std::string& clause, const std::string& text);
  const std::vector<std::string>& violations() const noexcept { return violations_; }
  const std::map<std::string, std::uint64_t>& counts() const noexcept { return counts_; }
  void count(const std::string& what) { ++counts_[what]; }
  const std::set<std::uint32_t>& active_on(const std::string& resource) {
    return active_[resource];
  }

 private:
  void rises(std::uint32_t node, const std::string& what, const Operation&);
  void falls(std::uint32_t node, const std::string& what, const Operation&);
  void is_up(std::uint32_t node, const std::string& what);
  void is_gone(std::uint32_t node, const std::string& what);
  void is_lost(std::uint32_t node, const std::string& what);
  void is_told(std::uint32_t node, const std::string& what);
  bool is_misled(std::uint32_t node, const std::string& what);
  void check_order(const std::string& what, const Operation&);
  bool is_stuck(const std::string& what) const;
  bool seems_up(const std::string& what) const;
  bool seems_up_on(std::uint32_t node, const std::string& what) const;
  bool is_known_to_be_down(std::uint32_t node, const std::string& what) const;
  bool could_not_be_stopped(std::uint32_t node, const std::string& what) const;
  void check_lost(std::uint32_t node, const std::string& what, const Operation&);
  void check_instance(std::uint32_t node, const Operation&);
  void check_fenced(const std::string& target, pugi::xml_node event);

  const Timeline& timeline_;
  Promises promises_;
  Rules rules_;
  std::map<std::string, std::set<std::uint32_t>> active_;      // start begun … stop done
  std::map<std::string, std::set<std::uint32_t>> up_;          // start done … stop begun, or lost
  std::map<std::string, std::map<std::uint32_t, Time>> lost_;  // was up: since when it is not
  std::set<std::pair<std::string, std::uint32_t>> hidden_;     // it runs there, and is said not to
  std::set<std::string> surprised_;  // monitors that found promoted what nobody knew to be
  std::map<std::pair<std::string, std::uint32_t>, Time> missed_;  // since when a monitor says so
  std::set<std::uint32_t> away_;
  std::set<std::pair<std::string, std::uint32_t>> stuck_;  // it could not be stopped there
  // Start begun … stop done, or off: what dies by itself may be thought to be there still.
  std::map<std::string, std::set<std::uint32_t>> held_;
  std::map<std::uint32_t, std::set<std::uint32_t>> seen_;  // the members of its view
  std::size_t most_seen_ = 0;
  std::map<std::uint32_t, Time> without_quorum_;            // since when
  std::map<std::uint32_t, int> fences_;                     // since the last fault
  std::map<std::uint32_t, Time> off_, booted_;              // when it last was
  std::map<std::uint32_t, Time> left_;                      // in order, and nothing was wrong since
  std::set<std::pair<std::string, std::uint32_t>> misled_;  // it is said to run there, and does not
  std::set<std::tuple<std::string, std::uint32_t, std::string>> told_;  // what is about to change
  std::map<std::string, Time> fence_begun_;                             // by key
  std::set<std::pair<std::uint32_t, std::string>> failed_stops_;
  std::set<std::string> keys_, acknowledged_, judged_, given_up_;
  // Their hashes, where, and from whom on: a place is one of those who are together only.
  std::map<std::pair<Place, std::uint32_t>, std::size_t> documents_;
  std::vector<std::string> violations_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace gyre::rm::model
