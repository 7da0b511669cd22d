// An object of a document as a line of the language could have defined it.
#pragma once

#include "rm/configure/surroundings.hh"

namespace gyre::rm::configure {

// A copy into `into`, which is empty: members as references, without ids that nothing names,
// without what says no more than its absence, and with what older versions say otherwise in today's
// words.
pugi::xml_node definition(pugi::xml_node object, const Surroundings&, pugi::xml_node into);

// Whether two elements say the same: the order of attributes makes no difference.
bool same(pugi::xml_node, pugi::xml_node);

}  // namespace gyre::rm::configure
