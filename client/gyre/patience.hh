// How long a call may still wait.
#pragma once

#include <algorithm>
#include <chrono>

namespace gyre::client {

// An instant, or never.
class Patience {
 public:
  explicit Patience(std::chrono::milliseconds timeout)
      : endless_(timeout.count() < 0),
        end_(endless_ ? std::chrono::steady_clock::time_point{}
                      : std::chrono::steady_clock::now() + timeout) {}
  // As poll(2) wants it: 0 when it is over.
  int left() const {
    if (endless_) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now())
            .count();
    return static_cast<int>(std::clamp<long>(left, 0, 1 << 30));
  }

 private:
  bool endless_;
  std::chrono::steady_clock::time_point end_;
};

}  // namespace gyre::client
