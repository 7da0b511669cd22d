// The parts of check(), each over a whole document.
#pragma once

#include "rm/cib/finding.hh"

namespace gyre::rm {

void check_options(const Document&, Findings&);
void check_resources(const Document&, bool fencing, Findings&);
void check_names(const Document&, Findings&);
void check_constraints(const Document&, Findings&);

}  // namespace gyre::rm
