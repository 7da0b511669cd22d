// Files that the key map is told: settings, one on each line, or bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::tools {

struct CmapOrder {
  enum class Kind { set, remove, remove_prefix } kind = Kind::set;
  std::string key, type, value;
};
struct CmapFile {
  std::vector<CmapOrder> list;
  std::string complaint;  // why nothing of it is to be done
};
// `key type value`, `^key` or `^^prefix`.
CmapFile read_cmap_file(std::string_view text);
// As the first Corosync: `object.key=value`.
CmapFile read_objdb_file(std::string_view text);

inline constexpr std::size_t settings_max = 16 << 20;
// The whole file, or standard input for "-". Nothing: it cannot be read, or has more bytes than
// that; errno says which.
std::optional<std::string> read_file(const std::string& path, std::size_t size_max);

}  // namespace gyre::tools
