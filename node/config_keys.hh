// The table of every key that corosync.conf may hold, of all its versions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gyre::node {

struct Key {
  enum class Kind : std::uint8_t { text, number, word };

  std::string_view section, name;
  Kind kind = Kind::text;
  std::uint64_t min = 0, max = 0;  // of a number
  std::string_view words;          // of a word: "on|off"
  std::string_view no_effect;      // why it does nothing here; empty: it is honoured
};

// A section without effect: one notice, whatever it holds.
struct SectionWithoutEffect {
  std::string_view path, no_effect;
};

// i8, u8, …, str: of what type the key map has it. A key that is not in the table is a text.
std::string_view cmap_type_of(const Key* key);
// Null: not in the table. `section` is the path as written, without the number of the section.
const Key* find_key(std::string_view section, std::string_view name);
const SectionWithoutEffect* find_section_without_effect(std::string_view path);
// By the path of a setting, numbers included: "totem.interface.0.mcastport". Null: not in the
// table.
const Key* key_of(std::string_view path);
bool is_known_section(std::string_view path);

// Why `value` does not fit `key`; empty: it fits.
std::string complaint(const Key& key, std::string_view value);

}  // namespace gyre::node
