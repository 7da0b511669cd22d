// A file of settings for the key map: `key type value`, `^key`, `^^prefix`, one on each line.
#pragma once

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
CmapFile read_cmap_file(std::string_view text);

}  // namespace gyre::tools
