// An operator who changes the cluster's key, again and again, at any moment.
//
// He draws a key, copies its file to all machines, but forgets one now and then, and asks one of
// them. If that comes to nothing he copies it again and asks another. Once he was told that all go
// by it, he puts it in place of the key file everywhere; whoever has started with the old one
// meanwhile is started once more.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/world.hh"

namespace gyre::sim {

class Rotations {
 public:
  explicit Rotations(World& world);

  bool any() const { return world_.settings().rotation_gap > Duration{}; }
  Time next() const { return next_; }  // when he does something
  void act();

  // All is well from now on: he asks no more. When all that he asked is answered, those who hear
  // each other no more start with the newest key that one of them seals with.
  void end(const std::vector<MachineIndex>& members);
  // They are a ring, and come to go by the key that was asked for last, and by no other;
  // then by some more, each at once. What was wrong; nothing if nothing was.
  // Where they are not quorate, and so are refused, those with another key start with the newest.
  std::string finish(const std::vector<MachineIndex>& members);

 private:
  void draw();
  void place();
  bool is_answered();
  bool hear_each_other(const std::vector<MachineIndex>& members);
  void start_anew(const std::vector<MachineIndex>& members);
  std::size_t newest(const std::vector<MachineIndex>& members);
  bool all_seal_with(const std::vector<MachineIndex>& members, std::size_t number);
  bool ask_until_done(const std::vector<MachineIndex>& members, std::size_t number);
  std::string rotate_in_peace(const std::vector<MachineIndex>& members);

  World& world_;
  Dice dice_;
  Time next_ = never;
  std::size_t number_ = 0;  // of the key that he wants
};

}  // namespace gyre::sim
