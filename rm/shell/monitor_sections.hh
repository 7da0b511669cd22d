// The sections that crm_mon's --include and --exclude name.
#pragma once

#include <string>
#include <vector>

namespace gyre::rm::shell {

// One --include or --exclude, or an option that stands for one.
struct SectionWish {
  bool include;
  std::string words;  // with commas between them
};

struct SectionChoice {
  unsigned sections;
  std::string ban_prefix;
  std::string complaint;  // empty: all is well
};
// The usual ones as the wishes change them, one after the other.
SectionChoice choose_sections(unsigned usual, const std::vector<SectionWish>&);

}  // namespace gyre::rm::shell
