// Turns a loop until something has become so.
#pragma once

#include <gtest/gtest.h>

#include <chrono>

#include "rm/local/loop.hh"

namespace gyre::rm::test {

template <typename Predicate>
[[nodiscard]] bool turned_until(local::Loop& loop, Predicate predicate,
                                std::chrono::seconds patience = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!predicate()) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= left.zero()) return false;
    loop.turn(std::chrono::ceil<local::Duration>(left));
  }
  return true;
}

}  // namespace gyre::rm::test
