// A ring in each of its states, taken out of a simulated one, for frames from outside.
#pragma once

#include "tests/fuzz/script.hh"
#include "totem/wire.hh"

namespace gyre::fuzz {

// Gives one ring frames of one kind and drives it as a node does. A script is: which ring; then for
// each frame what goes with it, its length and its bytes. So that fuzzing is not guessing 20 bytes
// of ring id and the counts that belong to a length, a script may say that the ring's own id is
// filled in at `ring_offset`, and that `fit` makes counts and ids fit each other.
struct FrameKind {
  totem::wire::Type type{};
  std::size_t ring_offset = 0;  // 0: has none
  void (*fit)(FrameRef& frame, const totem::RingId& installed) = nullptr;
};
void run_ring(Script script, const FrameKind& kind);

// Writes a ring id as it stands in a frame.
void store_ring(std::byte* at, const totem::RingId& ring);

// A frame for whoever writes one; its pool is for the whole run.
FrameRef scratch_frame();

// `frame`, which was parsed, is what `write` makes of it again, but for the bytes that no one
// reads: those of `spare`.
void expect_same(std::span<const std::byte> frame, const FrameRef& written,
                 std::initializer_list<std::size_t> spare);

}  // namespace gyre::fuzz
