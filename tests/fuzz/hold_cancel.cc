// Hold_cancels: there and back, and what a ring makes of them.
#include "tests/fuzz/ring_bed.hh"

namespace {

using namespace gyre;
namespace wire = totem::wire;

void round_trip(std::span<const std::byte> frame) {
  const auto ring = wire::read_hold_cancel(frame);
  if (!ring) return;
  FrameRef written = fuzz::scratch_frame();
  wire::write_hold_cancel(written, *ring);
  fuzz::expect_same(frame, written, {0, 1});
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  round_trip(std::as_bytes(std::span(data, size)));
  fuzz::run_ring({data, size}, {.type = wire::Type::hold_cancel, .ring_offset = 2});
  return 0;
}
