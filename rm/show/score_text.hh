// What each resource thinks of each node, in the lines that scripts around Pacemaker read.
#pragma once

#include <string>

#include "rm/schedule/model.hh"
#include "rm/show/outline.hh"

namespace gyre::rm::show {

std::string score_text(Score);

void scores(Outline&, const schedule::Cluster&);

}  // namespace gyre::rm::show
