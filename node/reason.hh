// Why not, in a few words that other nodes may have sent.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "membership/wire.hh"

namespace gyre::node {

// Whoever is told it shows it on a terminal, so there is no control character in it. What is longer
// is cut.
class Reason {
 public:
  static constexpr std::size_t max = membership::wire::word_text_max;

  Reason() = default;
  explicit Reason(std::string_view text) noexcept { add(text); }

  Reason& add(std::string_view text) noexcept {
    const std::size_t count = std::min(text.size(), max - size_);
    std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(count),
                   bytes_.begin() + static_cast<std::ptrdiff_t>(size_),
                   [](char c) { return is_control(c) ? '?' : c; });
    size_ += count;
    return *this;
  }
  Reason& add(std::uint32_t number) noexcept {
    std::array<char, 10> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return add({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  std::string_view text() const noexcept { return {bytes_.data(), size_}; }
  bool empty() const noexcept { return size_ == 0; }

 private:
  static bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  }

  std::array<char, max> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace gyre::node
