// The clear header of a frame: what is read is what would be written.
#include "transport/header.hh"

#include <array>
#include <cassert>

#include "tests/fuzz/script.hh"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gyre;
  // So that a fuzzer need not guess 8 bytes; another cluster's are tried as well.
  constexpr std::uint64_t cluster = 0;
  const auto frame = std::as_bytes(std::span(data, size));
  Header header;
  const Refusal refusal = read_header(frame, cluster, header);
  assert(!text(refusal).empty());
  if (refusal != Refusal::none) {
    assert(header == Header{});
    return 0;
  }
  assert(header.sender != NodeId::none && header.length == size - header_size);
  std::array<std::byte, header_size> written;
  write_header(header, written);
  assert(std::ranges::equal(written, frame.first(header_size)));
  assert(read_header(frame, cluster + 1, header) == Refusal::cluster);
  return 0;
}
