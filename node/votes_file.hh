// What the file of kept votes contains: text ↔ how long what this node promised holds, in
// milliseconds, the highest expected votes, and the nodes ever seen.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "membership/seen.hh"

namespace gyre::node {

inline constexpr std::size_t votes_file_max = 2048;  // bytes; a longer file is damaged

std::string encode_votes_file(const membership::KeptVotes&);
// Nothing if a byte is missing, changed or too many.
std::optional<membership::KeptVotes> decode_votes_file(std::string_view content);

}  // namespace gyre::node
