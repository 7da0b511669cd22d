// The file of kept votes: what is read is what would be written.
#include "node/votes_file.hh"

#include <cassert>

#include "tests/fuzz/script.hh"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gyre;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  if (const auto kept = node::decode_votes_file(content))
    assert(node::encode_votes_file(*kept) == content);
  fuzz::Script script(data, size);
  membership::KeptVotes kept;
  kept.consensus = std::chrono::milliseconds(script.number<std::uint32_t>());
  kept.highest = script.number<std::uint32_t>();
  for (std::size_t nodes = script.below(nodes_max + 1); nodes > 0; --nodes)
    kept.seen.add(NodeId{script.number<std::uint32_t>()});
  std::string file = node::encode_votes_file(kept);
  assert(file.size() <= node::votes_file_max && node::decode_votes_file(file) == kept);
  if (fuzz::damage(script, file)) assert(!node::decode_votes_file(file));
  return 0;
}
