// The grammar of corosync.conf: text → sections and items, nothing understood yet.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::node {

inline constexpr std::size_t line_max = 512;      // bytes of a line, without its end
inline constexpr std::size_t key_path_max = 255;  // bytes of a key with its sections

struct Section {
  std::string path;  // "totem.interface"; "" is the file itself
  std::size_t parent = 0;
  int line = 0;
};

struct Item {
  std::size_t section = 0;  // index into Lines::sections
  std::string key, value;
  int line = 0;
};

struct Lines {
  std::vector<Section> sections{Section{}};  // in the order of their opening; the first is the file
  std::vector<Item> items;
};

// Throws ConfigError. Time and memory grow with the text, nesting is bounded by key_path_max.
Lines split_lines(std::string_view text, const std::string& file);

// Throws ConfigError "file:line: reason"; without the line when it is 0.
[[noreturn]] void refuse(const std::string& file, int line, std::string_view reason);

// "file:line"
std::string place(const std::string& file, int line);

}  // namespace gyre::node
