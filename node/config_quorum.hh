// quorum{}: settings → how votes are counted.
#pragma once

#include "membership/quorum.hh"
#include "node/config_settings.hh"

namespace gyre::node {

// `votes` is quorum.votes: in the nodelist form the local node's own are in its ListedNode.
// Refuses what contradicts itself, and adds notices. Throws ConfigError.
membership::QuorumSettings read_quorum(Settings&);

// Votes of a listed node.
std::uint32_t listed_votes(const Settings&, const Settings::Numbered& node);

}  // namespace gyre::node
