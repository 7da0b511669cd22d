// Traces of programs written by hand, for the tests of their checker.
//
// A line is PROGRAMS WHAT. A program is its node and a letter, as in 1a; after ' it lives on its
// node's second start, as in 1'a. What it does:
//   starts, joins g, leaves g, refused g, ends
//   accused            is cut off for what it wrote
//   out g              is told that a merge had no room for its membership
//   lost               its node, which is down, lost its file of ring seqs; PROGRAMS are nodes
//   sends g hello      a message to group g; "hello" stands for its payload
//   V 10 12            sees the view of ring 10 with nodes 1 and 2; 2' is a second start
//   V 10 12 +2 -3 o1   … which says that 2 joined, 3 left and 1 is the oldest; V 10 12 o1: none did
//   reads 12           has left events unread for 12 units of time, of which 10 are allowed
//   T 20 10 12         sees the transitional configuration from ring 10 to ring 20
//   gets g 5 1a hello  receives it of 1a at place 5 of its view's ring
//   in g 5 1a,2a +2a -3a   is told at place 5 that these are in g, who joined and who left
#pragma once

#include <map>
#include <set>
#include <sstream>
#include <string>

#include "tests/check/programs.hh"

namespace gyre::check {

class ProgramScript {
 public:
  ProgramScript& play(const std::string& trace);
  // The clauses that were broken, when all programs are at rest.
  std::set<std::string> broken();

  Programs programs;

 private:
  void one(const std::string& name, std::istringstream words);
  void view(const Program& who, const std::string& ring, const std::string& members,
            std::istringstream& rest);

  std::map<std::string, totem::RingId> views_;
};

// Three programs on three nodes are in one group.
inline const std::string joined = R"(
  1a,2a,3a starts
  1a,2a,3a V 10 123
  1a,2a,3a joins g
  1a in g 1 1a +1a
  1a,2a in g 2 1a,2a +2a
  1a,2a,3a in g 3 1a,2a,3a +3a
)";

// The clauses that a trace breaks.
std::set<std::string> broken(const std::string& trace);

}  // namespace gyre::check
