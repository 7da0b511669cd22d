// Tokens: there and back, and what a ring makes of them.
#include "tests/fuzz/ring_bed.hh"

namespace {

using namespace gyre;
namespace wire = totem::wire;

void round_trip(std::span<const std::byte> frame) {
  static wire::Token token;
  if (!wire::read_token(frame, token)) return;
  FrameRef written = fuzz::scratch_frame();
  wire::write_token(written, token);
  fuzz::expect_same(frame, written, {0, 1});
}

// As many requests as there is room for, up to one too many.
void fit(FrameRef& frame, const totem::RingId&) {
  if (frame.size() < wire::Token::fixed_size) return;
  const std::size_t count = std::min((frame.size() - wire::Token::fixed_size) / sizeof(totem::Seq),
                                     wire::Token::rtr_max + 1);
  frame.resize(wire::Token::fixed_size + count * sizeof(totem::Seq));
  totem::store(frame.data() + 2, static_cast<std::uint16_t>(count));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  round_trip(std::as_bytes(std::span(data, size)));
  fuzz::run_ring({data, size}, {.type = wire::Type::token, .ring_offset = 4, .fit = fit});
  return 0;
}
