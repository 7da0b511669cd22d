// A seal as production has it. It keeps beside it what came, so that a frame which it takes for
// repeated, and was not, is seen.
#pragma once

#include <array>
#include <bitset>
#include <map>
#include <utility>

#include "transport/sealed.hh"

namespace gyre::sim {

class VisibleSeal final : public Sealed {
 public:
  using Sealed::Sealed;

  // Frames taken for repeated, although they had not come, nor had their sender said by an answer
  // that they were sent (also those in the other lane, which it may have overtaken), nor were they
  // too old to tell.
  std::uint64_t mistaken() const { return mistaken_; }

 private:
  static constexpr std::uint64_t block = 1024;  // counters
  // What came of a boot in a lane since it has answered.
  struct Heard {
    std::uint64_t newest = 0, said = 0;
    std::map<std::uint64_t, std::bitset<block>> counters;
    bool is_over(std::uint64_t counter);
    void take(std::uint64_t counter);
  };

  Refusal examine(const Header& header, Arrival& arrival) noexcept override;

  std::map<std::pair<NodeId, std::uint64_t>, std::array<Heard, lane_count>> heard_;
  std::uint64_t mistaken_ = 0;
};

}  // namespace gyre::sim
