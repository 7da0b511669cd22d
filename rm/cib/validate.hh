// Whether a document is what a configuration may be. In its status anything may stand.
#pragma once

#include <vector>

#include "rm/cib/finding.hh"

namespace gyre::rm {

// Elements, attributes, values and references, against the table. All that is found is an error.
// A document may say that it is not to be held against it: validate-with is "none", or not there.
bool to_be_validated(const Document&);
std::vector<Finding> validate(const Document&);

}  // namespace gyre::rm
