// The frames of one ring, by seq: a slot for each of the `capacity` seqs above the base.
#pragma once

#include <bit>
#include <vector>

#include "totem/types.hh"

namespace gyre::totem {

class Window {
 public:
  explicit Window(std::size_t capacity)
      : slots_(std::bit_ceil(capacity)), answered_(slots_.size()) {}

  // Forgets all frames; the next that fits is base + 1.
  void clear() noexcept {
    for (FrameRef& slot : slots_) slot.reset();
    base_ = Seq::none;
  }
  std::size_t capacity() const noexcept { return slots_.size(); }
  Seq base() const noexcept { return base_; }

  bool fits(Seq seq) const noexcept {
    return seq > base_ && number(seq) - number(base_) <= slots_.size();
  }
  bool has(Seq seq) const noexcept { return fits(seq) && slot(seq); }
  // `seq` fits.
  const FrameRef& at(Seq seq) const noexcept { return slot(seq); }
  void put(Seq seq, FrameRef frame) noexcept {
    slots_[number(seq) & (slots_.size() - 1)] = std::move(frame);
    answered_[number(seq) & (slots_.size() - 1)] = false;
  }
  // Every second time that the frame is asked for, starting with the first. `has(seq)`.
  bool answers(Seq seq) noexcept {
    auto answered = answered_[number(seq) & (slots_.size() - 1)];
    answered.flip();
    return answered;
  }
  // Gives back all frames up to `seq`.
  void release_to(Seq seq) noexcept {
    while (base_ < seq) {
      ++base_;
      slots_[number(base_) & (slots_.size() - 1)].reset();
    }
  }

 private:
  const FrameRef& slot(Seq seq) const noexcept { return slots_[number(seq) & (slots_.size() - 1)]; }
  std::vector<FrameRef> slots_;
  std::vector<bool> answered_;  // by slot: at the last request
  Seq base_ = Seq::none;
};

}  // namespace gyre::totem
