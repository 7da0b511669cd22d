// One key of the map with its value, as the daemon tells of it, and how it is shown.
#pragma once

#include "tools/ask.hh"

namespace gyre::tools {

struct CmapEntry {
  std::string key, type, value;  // of bytes in hexadecimal
};
CmapEntry read_entry(const Json& answer);
// Those of a map whose keys begin with `prefix`, alphabetically.
std::vector<CmapEntry> read_entries(const Common& common, const std::string& map,
                                    const std::string& prefix);

// Bytes of hexadecimal digits with what cannot be printed as \xNN.
std::string escaped(const std::string& hex);
std::string to_hex(std::string_view bytes);
std::string from_hex(std::string_view hex);

// "key (u32) = 5", the value alone if `quiet`; bytes only if `binary`.
std::string plain_text(const CmapEntry& entry, bool quiet, bool binary);
// Numbers as numbers.
Json json_of(const CmapEntry& entry);

}  // namespace gyre::tools
