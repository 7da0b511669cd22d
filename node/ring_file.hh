// What the file of reserved ring seqs contains: bytes ↔ bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gyre::node {

inline constexpr std::size_t ring_file_max = 128;  // bytes; a longer file is damaged

std::string encode_ring_file(std::uint64_t bound);
// Nothing if a byte is missing, changed or too many.
std::optional<std::uint64_t> decode_ring_file(std::string_view content);

}  // namespace gyre::node
