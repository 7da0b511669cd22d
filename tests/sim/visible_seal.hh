// A seal as production has it. It keeps beside it what came, so that a frame which it takes for
// repeated, and was not, is seen. Its memory may be put back to what it was: as far as the wire can
// tell, that is its boot, and how far its counters had come.
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
  // Reports that its present boot had come further than it knows, after which it went on with it.
  std::uint64_t unheeded() const { return unheeded_; }

  void skip(Lane lane, std::uint64_t counters) {
    sent_[static_cast<std::size_t>(lane)] += counters;
  }
  void remember() { image_ = {.boot = boot(), .sent = sent_}; }
  void put_back() {
    identity_.boot = image_.boot;
    sent_ = image_.sent;
  }

 private:
  static constexpr std::uint64_t block = 1024;  // counters
  // What came of a boot in a lane since it has answered.
  struct Heard {
    std::uint64_t newest = 0, said = 0;
    std::map<std::uint64_t, std::bitset<block>> counters;
    bool is_over(std::uint64_t counter);
    void take(std::uint64_t counter);
  };

  struct Image {
    std::uint64_t boot = 0;
    LaneCounters sent{};
  };

  Refusal examine(const Header& header, Arrival& arrival) noexcept override;
  bool tells_of_later(std::span<const std::byte> report, const Image& image) const;

  std::map<std::pair<NodeId, std::uint64_t>, std::array<Heard, lane_count>> heard_;
  Image image_;
  std::uint64_t mistaken_ = 0, unheeded_ = 0;
};

}  // namespace gyre::sim
