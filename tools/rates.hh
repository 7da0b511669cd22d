// How fast counters of a daemon grew between two looks at it. One that started anew in between has
// nothing to be compared with.
#pragma once

#include <cstdint>

namespace gyre::tools {

class Rates {
 public:
  // How long the daemon had been up at either look.
  Rates(std::uint64_t before_ms, std::uint64_t now_ms)
      : span_ms_(now_ms > before_ms ? now_ms - before_ms : 0) {}

  std::uint64_t span_ms() const { return span_ms_; }
  std::uint64_t grown(std::uint64_t before, std::uint64_t now) const {
    return span_ms_ > 0 && now > before ? now - before : 0;
  }
  double per_second(std::uint64_t count) const {
    return span_ms_ == 0 ? 0 : static_cast<double>(count) * 1e3 / static_cast<double>(span_ms_);
  }

 private:
  std::uint64_t span_ms_ = 0;
};

}  // namespace gyre::tools
