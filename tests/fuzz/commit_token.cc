// Commit tokens, in one part or several: there and back, and what a ring makes of them.
#include <algorithm>

#include "tests/fuzz/ring_bed.hh"

namespace {

using namespace gyre;
namespace wire = totem::wire;
using wire::CommitEntry;
using wire::CommitToken;

void round_trip(std::span<const std::byte> frame) {
  static CommitToken token;
  const auto part = wire::read_commit_part(frame);
  if (!part) return;
  token.ring = part->ring;
  token.hop = part->hop;
  token.members = part->members;
  if (!wire::read_commit_entries(frame, *part, token)) return;
  FrameRef written = fuzz::scratch_frame();
  wire::write_commit_part(written, token, part->first, part->count);
  static CommitToken again;
  const auto same = wire::read_commit_part(written.bytes());
  assert(same && same->ring == part->ring && same->hop == part->hop &&
         same->members == part->members && same->first == part->first &&
         same->count == part->count);
  assert(wire::read_commit_entries(written.bytes(), *same, again));
  for (std::size_t i = part->first; i < std::size_t{part->first} + part->count; ++i) {
    const CommitEntry &a = token.entries[i], &b = again.entries[i];
    assert(a.node == b.node && a.filled == b.filled && a.old_ring == b.old_ring && a.aru == b.aru &&
           a.high == b.high && a.stable == b.stable && a.obliged == b.obliged &&
           a.since == b.since && a.receive_frames == b.receive_frames);
  }
}

// As many entries as there is room for, of nodes that there are, with numbers in their order.
void fit(FrameRef& frame, const totem::RingId& installed) {
  if (frame.size() < CommitToken::fixed_size + CommitEntry::size) return;
  const std::size_t count = (frame.size() - CommitToken::fixed_size) / CommitEntry::size;
  frame.resize(CommitToken::fixed_size + count * CommitEntry::size);
  std::byte* const at = frame.data();
  const auto first = totem::load<std::uint16_t>(at + 30) % 4u;
  totem::store(at + 28, static_cast<std::uint16_t>(first + count));  // members
  totem::store(at + 30, static_cast<std::uint16_t>(first));
  totem::store(at + 32, static_cast<std::uint16_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    std::byte* const entry = at + CommitToken::fixed_size + i * CommitEntry::size;
    totem::store(entry, static_cast<std::uint32_t>(first + i + 1));
    if (totem::load<std::uint8_t>(entry + 8) & 1) fuzz::store_ring(entry + 8, installed);
    std::array<std::uint64_t, 3> numbers;  // aru, high, stable
    std::memcpy(numbers.data(), entry + 28, sizeof numbers);
    std::ranges::sort(numbers);
    totem::store(entry + 28, numbers[1]);
    totem::store(entry + 36, numbers[2]);
    totem::store(entry + 44, numbers[0]);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  round_trip(std::as_bytes(std::span(data, size)));
  fuzz::run_ring({data, size}, {.type = wire::Type::commit_token, .ring_offset = 4, .fit = fit});
  return 0;
}
