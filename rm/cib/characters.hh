// The characters of XML 1.0 (fifth edition), as UTF-8 has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gyre::rm {

// Productions 2, 4 and 4a.
bool is_character(std::uint32_t) noexcept;
bool begins_name(std::uint32_t) noexcept;
bool continues_name(std::uint32_t) noexcept;

// The first character of a text that is not empty, and how many bytes it has. No bytes: it is not
// UTF-8 (overlong, surrogate, beyond Unicode, cut short).
struct Decoded {
  std::uint32_t character = 0;
  std::size_t size = 0;
};
Decoded decode(std::string_view) noexcept;

// All of it, so that it may be a value.
bool is_text(std::string_view) noexcept;

}  // namespace gyre::rm
