#include "tools/cmap_file.hh"

#include <algorithm>

namespace gyre::tools {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(blanks), text.size());
  const std::string_view word = text.substr(0, end);
  text = trim(text.substr(end));
  return word;
}

}  // namespace

CmapFile read_cmap_file(std::string_view text) {
  CmapFile result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    CmapOrder order;
    const std::size_t carets = line.starts_with("^^") ? 2 : line.starts_with('^') ? 1 : 0;
    order.kind = CmapOrder::Kind{static_cast<int>(carets)};
    line.remove_prefix(carets);
    order.key = take_word(line);
    order.type = take_word(line);
    order.value = line;
    if (carets == 0 && (order.type.empty() || order.value.empty())) {
      result.complaint = "Both type and value for key " + order.key + " are required";
      return result;
    }
    result.list.push_back(std::move(order));
  }
  return result;
}

}  // namespace gyre::tools
