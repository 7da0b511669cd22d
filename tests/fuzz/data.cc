// Data frames, with the messages in them and, in recovery, a frame of the old ring: there and back,
// and what a ring makes of them.
#include "tests/fuzz/ring_bed.hh"

namespace {

using namespace gyre;
namespace wire = totem::wire;

void round_trip(std::span<const std::byte> frame) {
  const auto data = wire::read_data(frame);
  if (!data) return;
  FrameRef written = fuzz::scratch_frame();
  written.resize(wire::Data::size);
  wire::write_data(written.data(), *data);
  fuzz::expect_same(frame.first(wire::Data::size), written, {0, 2, 3, 28, 29, 30, 31});
  const auto items = frame.subspan(wire::Data::size);
  if (items.size() < wire::Item::size) return;
  std::array<std::byte, wire::Item::size> item;
  wire::write_item(item.data(), wire::read_item(items.data()));
  assert(std::ranges::equal(item, items.first(wire::Item::size)));
}

// Of a node of the ring, with one of the next seqs.
void fit_header(std::byte* at) {
  totem::store(at + 4, totem::load<std::uint32_t>(at + 4) % 8);
  totem::store(at + 32, totem::load<std::uint64_t>(at + 32) % 1024);
}

// Messages that fill the frame; in recovery they are those of a frame of the old ring.
void fit(FrameRef& frame, const totem::RingId& installed) {
  if (frame.size() < wire::Data::size) return;
  std::byte* at = frame.data();
  std::byte* const end = at + frame.size();
  fit_header(at);
  const bool recovered = wire::read_data(frame.bytes())->flags & wire::Data::recovered;
  at += wire::Data::size;
  if (recovered && end - at >= std::ptrdiff_t{wire::Data::size}) {
    totem::store(at, static_cast<std::uint8_t>(wire::Type::data));
    fuzz::store_ring(at + 8, installed);
    fit_header(at);
    at += wire::Data::size;
  }
  while (end - at >= std::ptrdiff_t{wire::Item::size}) {
    wire::Item item = wire::read_item(at);
    // Now and then one byte more than there is.
    const auto room = static_cast<std::uint32_t>(end - at - std::ptrdiff_t{wire::Item::size});
    item.length = std::min(item.length % 512, room + (item.length >> 9 == 1));
    wire::write_item(at, item);
    at += wire::Item::size + item.length;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  round_trip(std::as_bytes(std::span(data, size)));
  fuzz::run_ring({data, size}, {.type = wire::Type::data, .ring_offset = 8, .fit = fit});
  return 0;
}
