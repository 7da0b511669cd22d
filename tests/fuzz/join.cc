// Joins: there and back, and what a ring makes of them.
#include "tests/fuzz/ring_bed.hh"

namespace {

using namespace gyre;
namespace wire = totem::wire;

void round_trip(std::span<const std::byte> frame) {
  static wire::Join join;
  if (!wire::read_join(frame, join)) return;
  FrameRef written = fuzz::scratch_frame();
  wire::write_join(written, join);
  fuzz::expect_same(frame, written, {0});
}

// As many entries as there is room for, up to one too many, of a node of the ring that speaks as it
// should.
void fit(FrameRef& frame, const totem::RingId&) {
  if (frame.size() < wire::Join::fixed_size) return;
  const std::size_t count =
      std::min((frame.size() - wire::Join::fixed_size) / wire::Join::entry_size, nodes_max + 1);
  frame.resize(wire::Join::fixed_size + count * wire::Join::entry_size);
  std::byte* const at = frame.data();
  totem::store(at + 2, static_cast<std::uint16_t>(count));
  totem::store(at + 4, totem::load<std::uint32_t>(at + 4) % 8);  // sender
  totem::store(at + 32, std::uint32_t{1400});                    // frame_max of the simulation
  for (std::size_t i = 0; i < count; ++i) {
    std::byte* const entry = at + wire::Join::fixed_size + i * wire::Join::entry_size;
    totem::store(entry, totem::load<std::uint32_t>(entry) % 8);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  round_trip(std::as_bytes(std::span(data, size)));
  fuzz::run_ring({data, size}, {.type = wire::Type::join, .fit = fit});
  return 0;
}
