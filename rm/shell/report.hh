// How findings about a document are told.
#pragma once

#include <string>
#include <vector>

#include "rm/cib/finding.hh"

namespace gyre::rm::shell {

const char* word_of(Finding::Severity);
// Of none: a note.
Finding::Severity worst_of(const std::vector<Finding>&);

// What makes a document no configuration is said in any case, what is less only if `verbose`:
// "cib.xml:8: element node: error: /cib/configuration/nodes/node[@id='1']: there is no uname ...".
void print_invalid(const std::string& name, const std::vector<Finding>&, bool verbose);

}  // namespace gyre::rm::shell
