// How long something took, over and over: a count for each eighth of a power of two, from 256 ns to
// nine seconds. What is reported is at most an eighth too large.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "transport/time.hh"

namespace gyre::node {

class Histogram {
 public:
  void add(Duration duration) noexcept {
    const auto value = static_cast<std::uint64_t>(std::max<Duration::rep>(duration.count(), 0));
    ++counts_[index(value)];
    ++count_;
    total_ += value;
    last_ = value;
    longest_ = std::max(longest_, value);
  }

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t total() const noexcept { return total_; }
  std::uint64_t mean() const noexcept { return count_ ? total_ / count_ : 0; }
  std::uint64_t last() const noexcept { return last_; }        // nanoseconds, as below
  std::uint64_t longest() const noexcept { return longest_; }  // exactly
  // Those that came after `before`, an earlier copy of this. The longest of them is known as
  // exactly as the others.
  Histogram since(const Histogram& before) const noexcept {
    Histogram rest = *this;
    rest.count_ -= before.count_;
    rest.total_ -= before.total_;
    rest.longest_ = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if ((rest.counts_[i] -= before.counts_[i]) > 0) rest.longest_ = std::min(bound(i), longest_);
    if (rest.count_ == 0) rest.last_ = 0;
    return rest;
  }
  // How many of them stayed below each power of two, for whoever adds up those of many nodes.
  template <typename Visit>
  void each_power(Visit visit) const {
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i + 1 < counts_.size(); ++i) {
      passed += counts_[i];
      if (i % steps == 0) visit(bound(i), passed);
    }
  }
  // What `share` of them (0 to 1) did not exceed; 0: there were none.
  std::uint64_t percentile(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if ((passed += counts_[i]) > wanted) return std::min(bound(i), longest_);
    return longest_;
  }

 private:
  static constexpr unsigned low = 8, high = 33, steps = 8;  // bits of the values between

  static std::size_t index(std::uint64_t value) noexcept {
    if (value < std::uint64_t{1} << low) return 0;
    const unsigned bits = static_cast<unsigned>(std::bit_width(value)) - 1;
    if (bits > high) return (high - low + 1) * steps;
    return (bits - low) * steps + (value >> (bits - 3)) % steps + 1;
  }
  static std::uint64_t bound(std::size_t index) noexcept {
    if (index == 0) return std::uint64_t{1} << low;
    const std::size_t bits = (index - 1) / steps + low, step = (index - 1) % steps + 1;
    return (std::uint64_t{1} << bits) + (std::uint64_t{step} << (bits - 3));
  }

  std::array<std::uint64_t, (high - low + 1) * steps + 1> counts_{};
  std::uint64_t count_ = 0, total_ = 0, last_ = 0, longest_ = 0;
};

}  // namespace gyre::node
