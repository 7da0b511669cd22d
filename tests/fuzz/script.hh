// A fuzz target is one function of bytes; this reads them as a script of what is to be done.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// Looks at one input. What must hold is asserted; the answer is always 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace gyre::fuzz {

// Behind the end everything is zero, so that each prefix of a script is a script.
class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) noexcept
      : rest_(reinterpret_cast<const std::byte*>(data), size) {}

  bool done() const noexcept { return rest_.empty(); }

  template <std::unsigned_integral T>
  T number() noexcept {
    T value = 0;
    const auto taken = bytes(sizeof value);
    if (!taken.empty()) std::memcpy(&value, taken.data(), taken.size());
    return value;
  }
  std::uint8_t byte() noexcept { return number<std::uint8_t>(); }
  bool yes() noexcept { return (byte() & 1) != 0; }
  // 0 … bound-1
  std::size_t below(std::size_t bound) noexcept {
    return (bound <= 256 ? byte() : number<std::uint32_t>()) % bound;
  }

  // Fewer at the end.
  std::span<const std::byte> bytes(std::size_t count) noexcept {
    const auto taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::span<const std::byte> rest() noexcept { return bytes(rest_.size()); }
  std::string_view text(std::size_t count) noexcept {
    const auto taken = bytes(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  std::span<const std::byte> rest_;
};

// Another value for one byte of a file; false where the script says the one that it has.
inline bool damage(Script& script, std::string& file) {
  char& byte = file[script.below(file.size())];
  const char before = std::exchange(byte, static_cast<char>(script.byte()));
  return byte != before;
}

}  // namespace gyre::fuzz
