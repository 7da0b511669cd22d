#include "node/config_lines.hh"

#include <fmt/format.h>

#include <algorithm>

#include "node/config.hh"

namespace gyre::node {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

// A dot would let one path be written in two ways, of which only one would be understood.
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-/").find(c) != std::string_view::npos;
}

class Splitter {
 public:
  explicit Splitter(const std::string& file) : file_(file) {}

  void take(std::string_view raw) {
    ++line_;
    if (raw.size() > line_max)
      fail(fmt::format("Line too long: {} bytes, at most {}", raw.size(), line_max));
    const std::string_view text = trim(raw);
    if (text.empty() || text.front() == '#') return;
    if (const auto bad = std::find_if(text.begin(), text.end(), is_control); bad != text.end())
      fail(fmt::format("a byte that is no text: 0x{:02x}", static_cast<unsigned char>(*bad)));
    // The order of these tests is part of the format: a value may contain '}' and more ':'.
    if (const auto at = text.find('{'); at != text.npos)
      open(trim(text.substr(0, at)), text.substr(at + 1));
    else if (const auto colon = text.find(':'); colon != text.npos)
      add(trim(text.substr(0, colon)), trim(text.substr(colon + 1)));
    else if (text.find('}') != text.npos)
      close(text);
    else
      fail("Line is not opening or closing section or key value");
  }

  Lines finish() && {
    if (open_ != 0)
      refuse(file_, lines_.sections[open_].line,
             fmt::format("Missing closing brace of section {}", lines_.sections[open_].path));
    return std::move(lines_);
  }

 private:
  [[noreturn]] void fail(std::string_view reason) const { refuse(file_, line_, reason); }

  void open(std::string_view name, std::string_view rest) {
    if (!rest.empty()) fail("Extra characters after opening bracket '{'");
    const std::string path = path_of(name);
    lines_.sections.push_back({path, open_, line_});
    open_ = lines_.sections.size() - 1;
  }

  void add(std::string_view key, std::string_view value) {
    path_of(key);
    lines_.items.push_back({open_, std::string(key), std::string(value), line_});
  }

  // More than one on a line is no error: guides print it so.
  void close(std::string_view text) {
    for (const char c : text) {
      if (blanks.find(c) != blanks.npos) continue;
      if (c != '}') fail("Extra characters before or after closing bracket '}'");
      if (open_ == 0) fail("Unexpected closing brace");
      open_ = lines_.sections[open_].parent;
    }
  }

  std::string path_of(std::string_view name) const {
    if (name.empty()) fail("no name before '{' or ':'");
    if (!std::all_of(name.begin(), name.end(), is_name))
      fail(fmt::format("\"{}\" is no name: letters, digits, '_', '-' and '/' make one", name));
    const std::string& above = lines_.sections[open_].path;
    std::string path = above.empty() ? std::string(name) : fmt::format("{}.{}", above, name);
    if (path.size() > key_path_max)
      fail(fmt::format("key path of {} bytes, at most {}", path.size(), key_path_max));
    return path;
  }

  const std::string& file_;
  Lines lines_;
  std::size_t open_ = 0;
  int line_ = 0;
};

}  // namespace

std::string place(const std::string& file, int line) {
  return line == 0 ? file : fmt::format("{}:{}", file, line);
}

void refuse(const std::string& file, int line, std::string_view reason) {
  throw ConfigError(fmt::format("{}: {}", place(file, line), reason));
}

Lines split_lines(std::string_view text, const std::string& file) {
  Splitter splitter(file);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    splitter.take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(splitter).finish();
}

}  // namespace gyre::node
