// Merge_detects: there and back, and what a ring makes of them.
#include "tests/fuzz/ring_bed.hh"

namespace {

using namespace gyre;
namespace wire = totem::wire;

void round_trip(std::span<const std::byte> frame) {
  static wire::MergeDetect detect;
  if (!wire::read_merge_detect(frame, detect)) return;
  FrameRef written = fuzz::scratch_frame();
  wire::write_merge_detect(written, detect);
  fuzz::expect_same(frame, written, {0, 1});
}

// As many nodes as there is room for, up to one too many, of nodes that there are.
void fit(FrameRef& frame, const totem::RingId&) {
  if (frame.size() < wire::MergeDetect::fixed_size) return;
  const std::size_t count =
      std::min((frame.size() - wire::MergeDetect::fixed_size) / sizeof(NodeId), nodes_max + 1);
  frame.resize(wire::MergeDetect::fixed_size + count * sizeof(NodeId));
  std::byte* const at = frame.data();
  totem::store(at + 2, static_cast<std::uint16_t>(count));
  totem::store(at + 4, totem::load<std::uint32_t>(at + 4) % 8);  // sender
  for (std::size_t i = 0; i < count; ++i) {
    std::byte* const heard = at + wire::MergeDetect::fixed_size + i * sizeof(NodeId);
    totem::store(heard, totem::load<std::uint32_t>(heard) % 8);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  round_trip(std::as_bytes(std::span(data, size)));
  fuzz::run_ring({data, size}, {.type = wire::Type::merge_detect, .ring_offset = 8, .fit = fit});
  return 0;
}
