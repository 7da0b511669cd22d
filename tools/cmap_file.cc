#include "tools/cmap_file.hh"

#include <algorithm>
#include <cerrno>
#include <cstdio>

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

// Hands over each line that says something, until one is refused.
template <typename Take>
void each_line(std::string_view text, Take take) {
  for (bool go_on = true; go_on && !text.empty();) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.front() != '#') go_on = take(line);
  }
}

}  // namespace

CmapFile read_cmap_file(std::string_view text) {
  CmapFile result;
  each_line(text, [&](std::string_view line) {
    CmapOrder order;
    const std::size_t carets = line.starts_with("^^") ? 2 : line.starts_with('^') ? 1 : 0;
    order.kind = CmapOrder::Kind{static_cast<int>(carets)};
    line.remove_prefix(carets);
    order.key = take_word(line);
    order.type = take_word(line);
    order.value = line;
    if (carets == 0 && (order.type.empty() || order.value.empty()))
      result.complaint = "Both type and value for key " + order.key + " are required";
    result.list.push_back(std::move(order));
    return result.complaint.empty();
  });
  return result;
}

CmapFile read_objdb_file(std::string_view text) {
  CmapFile result;
  each_line(text, [&](std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == line.npos || equals == 0) {
      result.complaint = std::string(line) + ": expected object.key=value";
      return false;
    }
    result.list.push_back({.key = std::string(line.substr(0, equals)),
                           .type = "str",
                           .value = std::string(line.substr(equals + 1))});
    return true;
  });
  return result;
}

std::optional<std::string> read_file(const std::string& path, std::size_t size_max) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "re");
  if (!file) return std::nullopt;
  std::string bytes;
  char part[16 << 10];
  int error = 0;
  for (std::size_t got = 1; got > 0 && error == 0;) {
    errno = 0;
    got = std::fread(part, 1, sizeof part, file);
    bytes.append(part, got);
    error = std::ferror(file) ? errno : bytes.size() > size_max ? EFBIG : 0;
  }
  if (file != stdin) std::fclose(file);
  errno = error;
  return error ? std::nullopt : std::optional(std::move(bytes));
}

}  // namespace gyre::tools
