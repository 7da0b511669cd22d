#include "rm/cib/characters.hh"

#include <algorithm>
#include <array>
#include <iterator>

namespace gyre::rm {

namespace {

struct Range {
  std::uint32_t first, last;
};
constexpr Range name_begins[] = {{0xc0, 0xd6},     {0xd8, 0xf6},     {0xf8, 0x2ff},
                                 {0x370, 0x37d},   {0x37f, 0x1fff},  {0x200c, 0x200d},
                                 {0x2070, 0x218f}, {0x2c00, 0x2fef}, {0x3001, 0xd7ff},
                                 {0xf900, 0xfdcf}, {0xfdf0, 0xfffd}, {0x10000, 0xeffff}};
constexpr Range name_continues[] = {{0xb7, 0xb7}, {0x300, 0x36f}, {0x203f, 0x2040}};

template <std::size_t n>
bool in(const Range (&ranges)[n], std::uint32_t c) noexcept {
  return std::ranges::any_of(ranges, [c](Range r) { return c >= r.first && c <= r.last; });
}

bool is_letter(std::uint32_t c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

bool is_character(std::uint32_t c) noexcept {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c < 0xd800 || (c > 0xdfff && c < 0xfffe) || (c > 0xffff && c < 0x110000);
}

bool begins_name(std::uint32_t c) noexcept {
  return is_letter(c) || c == '_' || c == ':' || (c >= 0x80 && in(name_begins, c));
}

bool continues_name(std::uint32_t c) noexcept {
  return begins_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         (c >= 0x80 && in(name_continues, c));
}

Decoded decode(std::string_view text) noexcept {
  const auto first = static_cast<std::uint8_t>(text[0]);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (size == 0 || first > 0xf4 || text.size() < size) return {};
  std::uint32_t c = first & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<std::uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    c = c << 6 | (next & 0x3f);
  }
  constexpr std::array<std::uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return {};
  return {c, size};
}

bool is_text(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto [character, size] = decode(text);
    if (size == 0 || !is_character(character)) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace gyre::rm
