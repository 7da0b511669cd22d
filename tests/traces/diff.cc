#include "tests/traces/diff.hh"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <vector>

namespace gyre::test {
namespace {

using Lines = std::vector<std::string>;
constexpr std::size_t context = 3;

Lines split(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

struct Edit {
  char mark;
  std::string line;
};

// By the longest common subsequence: the files are a page or two.
std::vector<Edit> edits(const Lines& a, const Lines& b) {
  std::vector<std::vector<std::size_t>> common(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      common[i][j] =
          a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
  std::vector<Edit> all;
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      all.push_back({' ', a[i]});
      ++i, ++j;
    } else if (i < a.size() && (j == b.size() || common[i + 1][j] >= common[i][j + 1])) {
      all.push_back({'-', a[i++]});
    } else {
      all.push_back({'+', b[j++]});
    }
  }
  return all;
}

}  // namespace

std::string unified_diff(const std::string& before, const std::string& after) {
  const auto all = edits(split(before), split(after));
  const auto changed_near = [&](std::size_t at) {
    const std::size_t from = at > context ? at - context : 0;
    const std::size_t to = std::min(all.size(), at + context + 1);
    return std::any_of(all.begin() + static_cast<std::ptrdiff_t>(from),
                       all.begin() + static_cast<std::ptrdiff_t>(to),
                       [](const Edit& edit) { return edit.mark != ' '; });
  };
  std::string text;
  bool within = false;
  for (std::size_t i = 0, line = 0; i < all.size(); ++i) {
    line += all[i].mark != '+';
    if (!changed_near(i)) {
      within = false;
      continue;
    }
    if (!within) text += fmt::format("@@ line {} @@\n", std::max<std::size_t>(line, 1));
    within = true;
    text += all[i].mark + all[i].line + '\n';
  }
  return text;
}

}  // namespace gyre::test
