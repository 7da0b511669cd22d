#include "node/cmap_value.hh"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <type_traits>

namespace gyre::node {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<CmapValue>> types = {
    "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "flt", "dbl", "str", "bin"};

CmapReading failed(std::string_view text, std::string_view type, std::string_view what) {
  return {{}, fmt::format("{} is not valid {} {}", text, type, what)};
}

template <typename Number>
CmapReading read_number(std::string_view type, std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const bool plus = text.starts_with('+') && !text.starts_with("+-");
  const char* begin = text.data() + (plus ? 1 : 0);
  const auto [rest, error] = std::from_chars(begin, end, number);
  if (error == std::errc::result_out_of_range && rest == end)
    return failed(text, type, std::is_integral_v<Number> ? "integer" : "number");
  // What is unsigned has no sign, but looks like an integer that does not fit.
  if (std::is_unsigned_v<Number> && begin != end && *begin == '-')
    if (const auto reading = read_number<std::int64_t>(type, text); reading.value)
      return failed(text, type, "integer");
  if (error != std::errc() || rest != end || begin == end) return failed(text, type, "type value");
  return {number, {}};
}

CmapReading read_bytes(std::string_view hex) {
  CmapBytes value;
  if (hex.size() % 2 != 0) return failed(hex, "bin", "type value");
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned char byte = 0;
    const char* end = hex.data() + i + 2;
    if (std::from_chars(hex.data() + i, end, byte, 16).ptr != end)
      return failed(hex, "bin", "type value");
    value.bytes.push_back(static_cast<char>(byte));
  }
  return {std::move(value), {}};
}

template <std::size_t index>
CmapReading read_as(std::string_view text) {
  using Type = std::variant_alternative_t<index, CmapValue>;
  if constexpr (std::is_same_v<Type, std::string>)
    return {std::string(text), {}};
  else if constexpr (std::is_same_v<Type, CmapBytes>)
    return read_bytes(text);
  else
    return read_number<Type>(types[index], text);
}

template <std::size_t index = 0>
CmapReading read(std::string_view type, std::string_view text) {
  if (type == types[index]) return read_as<index>(text);
  if constexpr (index + 1 < types.size()) return read<index + 1>(type, text);
  return {{}, fmt::format("Unknown type {}", type)};
}

}  // namespace

std::string_view cmap_type(const CmapValue& value) noexcept {
  return types[value.index()];
}

std::string cmap_text(const CmapValue& value) {
  return std::visit(
      [](const auto& content) -> std::string {
        using Type = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<Type, std::string>) {
          return content;
        } else if constexpr (std::is_same_v<Type, CmapBytes>) {
          std::string hex;
          for (const char c : content.bytes) hex += fmt::format("{:02x}", c & 0xff);
          return hex;
        } else if constexpr (std::is_floating_point_v<Type>) {
          return fmt::format("{:f}", content);
        } else {
          return fmt::format("{:d}", content);
        }
      },
      value);
}

CmapReading read_cmap_value(std::string_view type, std::string_view text) {
  return read(type, text);
}

}  // namespace gyre::node
