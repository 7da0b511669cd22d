// Little-endian numbers in byte strings, with bounds checked.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace gyre::membership {

// The number whose little-endian bytes these are (and, being its own inverse, the other way round).
template <std::unsigned_integral Number>
Number little_endian(std::array<std::byte, sizeof(Number)> bytes) noexcept {
  if constexpr (std::endian::native == std::endian::big) std::ranges::reverse(bytes);
  return std::bit_cast<Number>(bytes);
}

// Reads what others wrote. Reading beyond the end gives zeros and makes good() false for ever, so
// that a reader checks once, behind its last field.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  template <std::unsigned_integral Number>
  Number number() noexcept {
    const auto taken = bytes(sizeof(Number));
    if (taken.empty()) return 0;
    std::array<std::byte, sizeof(Number)> value;
    std::memcpy(value.data(), taken.data(), sizeof(Number));
    return little_endian<Number>(value);
  }
  std::span<const std::byte> bytes(std::size_t count) noexcept {
    if (count > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  std::string_view text(std::size_t count) noexcept {
    const auto taken = bytes(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  bool good() const noexcept { return good_; }
  bool at_end() const noexcept { return rest_.empty(); }
  std::size_t left() const noexcept { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
  bool good_ = true;
};

// Writes into room that the caller knows to be enough.
class Writer {
 public:
  explicit Writer(std::span<std::byte> room) noexcept : room_(room) {}

  template <std::unsigned_integral Number>
  void number(Number value) noexcept {
    put(size_, value);
    size_ += sizeof(Number);
  }
  void text(std::string_view text) noexcept {
    assert(text.size() <= room_.size() - size_);
    if (!text.empty()) std::memcpy(room_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }
  // Leaves a number out, to be filled in once it is known.
  template <std::unsigned_integral Number>
  std::size_t gap() noexcept {
    number(Number{0});
    return size_ - sizeof(Number);
  }
  template <std::unsigned_integral Number>
  void put(std::size_t at, Number value) noexcept {
    assert(at <= room_.size() && sizeof(Number) <= room_.size() - at);
    value = little_endian<Number>(std::bit_cast<std::array<std::byte, sizeof(Number)>>(value));
    std::memcpy(room_.data() + at, &value, sizeof(Number));
  }

  std::size_t size() const noexcept { return size_; }

 private:
  std::span<std::byte> room_;
  std::size_t size_ = 0;
};

}  // namespace gyre::membership
