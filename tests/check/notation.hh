// Traces written by hand, for the tests of the checker.
//
// A line is PROCESSES WHAT. A process is a digit, the first start of that node, or a letter, the
// second start of node 1, 2, … (a, b, …). What it does:
//   R 10 7 123     installs regular configuration 10, coming from ring 7, with members 1, 2, 3
//   T 10 7 12      installs the transitional configuration that leads from 7 to 10
//   sends 10.5@1   the message at place 5 of ring 10, of node 1; 10.5@1s is a safe one
//   delivers 10.5@1, fails, truncated
//   lost           its node's ring-seq file is lost
//   quorate 10     it holds ring 10 quorate
// Ring `own` is the one from which the process starts.
#pragma once

#include <set>
#include <string>

#include "tests/check/checker.hh"

namespace gyre::check {

Process process(char name);
Sent message(const std::string& name);  // "10.5@1s!": the mark makes another payload of it

// Hands the trace to the checker; with `settling`, rings that are over are settled after each line.
void play(const std::string& trace, Checker& checker, bool settling = false);

// The clauses that a trace breaks. At rest: it is the whole run, not one that was cut off.
std::set<std::string> broken(const std::string& trace, bool at_rest = false, bool settling = false);
inline constexpr bool at_rest = true, settling = true;

// Three nodes start and form ring 10.
inline const std::string formed = R"(
  1 T 10 own 1
  2 T 10 own 2
  3 T 10 own 3
  123 R 10 own 123
)";
// They form ring 10, exchange three messages there, lose node 3, and go on as ring 20.
inline const std::string lost_one = formed + R"(
  1 sends 10.1@1
  2 sends 10.2@2s
  3 sends 10.4@3
  123 delivers 10.1@1
  123 delivers 10.2@2s
  3 fails
  12 T 20 10 12
  12 delivers 10.4@3
  12 R 20 10 12
)";

}  // namespace gyre::check
