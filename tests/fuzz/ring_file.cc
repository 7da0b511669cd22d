// The file of reserved ring seqs: what is read is what would be written.
#include "node/ring_file.hh"

#include <cassert>

#include "tests/fuzz/script.hh"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gyre;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  if (const auto bound = node::decode_ring_file(content))
    assert(node::encode_ring_file(*bound) == content);
  fuzz::Script script(data, size);
  const auto bound = script.number<std::uint64_t>();
  std::string file = node::encode_ring_file(bound);
  assert(file.size() <= node::ring_file_max && node::decode_ring_file(file) == bound);
  if (fuzz::damage(script, file)) assert(!node::decode_ring_file(file));
  return 0;
}
