// Runs seeds, as the command line wants them, and says what came of each.
#pragma once

#include "tests/rm/control/trial.hh"

namespace gyre::rm::model {

// What a program ends with: 1, something was violated.
int run_seeds(int argc, char** argv, const MakeGroup& make_group = {});

}  // namespace gyre::rm::model
