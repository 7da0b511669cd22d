// The values of the key map, each of one of twelve types, and how they are written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gyre::node {

struct CmapBytes {
  std::string bytes;
  bool operator==(const CmapBytes&) const = default;
};

// The place of a type in this list, plus one, is its number in libcmap.
using CmapValue =
    std::variant<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                 std::uint32_t, std::int64_t, std::uint64_t, float, double, std::string, CmapBytes>;

inline constexpr std::size_t cmap_value_max = 16 << 10;  // bytes of a text, or of bytes

// i8 u8 … flt dbl str bin.
std::string_view cmap_type(const CmapValue& value) noexcept;
// Numbers as Corosync prints them, a text as it is, bytes in hexadecimal.
std::string cmap_text(const CmapValue& value);

struct CmapReading {
  std::optional<CmapValue> value;
  std::string complaint;  // if there is no value
};
// All of `text` is read, or nothing.
CmapReading read_cmap_value(std::string_view type, std::string_view text);

}  // namespace gyre::node
