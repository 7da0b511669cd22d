#pragma once

#include <cstdint>
#include <string_view>

namespace gyre::node {

// FNV-1a: against damage, not against malice.
inline std::uint64_t checksum(std::string_view bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

}  // namespace gyre::node
