// One seed: a cluster, its configuration, what befalls it, and what has to hold at the end.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/rm/control/group.hh"

namespace gyre::rm::model {

struct TrialOptions {
  std::uint64_t seed = 1;
  double minutes = 3;      // of trouble
  bool verbose = false;    // tell what happens
  bool documents = false;  // and of what each plan was made
  MakeGroup make_group;    // none: a model of it
  // Also promotion, migration, notifications, nodes that leave, a gyre-exec that dies alone, a
  // manager that hangs, a person's word, agents that lie. Some seeds break a promise there yet.
  bool wide = false;
  char kind = 0;  // 'A' with fencing, 'B' without partitions, 'C' with; else the seed says
};

struct Verdict {
  std::string summary;
  std::vector<std::string> violations, lines;
  std::uint64_t hash = 0;                       // the same seed and program give the same
  std::map<std::string, std::uint64_t> counts;  // of checks, and of what came about
};

Verdict run_trial(const TrialOptions&);

}  // namespace gyre::rm::model
