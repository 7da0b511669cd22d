// The sends of --record: every message of ours at the place that it got, before it can be delivered
// anywhere. Read off the frames that the ring has just given their seqs.
#pragma once

#include <span>

#include "node/record.hh"
#include "totem/pack.hh"
#include "totem/types.hh"

namespace gyre::node {

class SendRecord {
 public:
  explicit SendRecord(Recorder& recorder) : recorder_(recorder) {}

  // Each frame once, in the order of their seqs.
  void sequenced(std::span<const std::byte> frame) noexcept;

 private:
  Recorder& recorder_;
  totem::Assembler assembler_;
  totem::RingId ring_;  // of the last frame
};

}  // namespace gyre::node
