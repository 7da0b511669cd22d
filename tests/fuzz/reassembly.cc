// Fragments of messages from several senders, in any order: what the assembler gives is the
// fragments since the first one, and never more than a message may have.
#include <cassert>
#include <utility>
#include <vector>

#include "tests/fuzz/script.hh"
#include "totem/pack.hh"

namespace {

using namespace gyre;
using totem::wire::Item;

constexpr std::size_t senders = 4, fragments_max = 32, short_max = 512, end_size = 1024;
constexpr std::size_t bytes_size = totem::message_max + short_max;

// A byte of it says where it stands, nearly.
const std::vector<std::byte>& bytes() {
  static const std::vector<std::byte> all = [] {
    std::vector<std::byte> made(bytes_size);
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = std::byte(i ^ i >> 8 ^ i >> 16);
    return made;
  }();
  return all;
}

// All of a short one, the ends of a long one: what runs into its neighbour, or starts in the wrong
// place, is wrong there.
bool same(const std::byte* at, std::span<const std::byte> part) {
  if (part.size() <= 2 * end_size) return std::memcmp(at, part.data(), part.size()) == 0;
  const std::size_t last = part.size() - end_size;
  return std::memcmp(at, part.data(), end_size) == 0 &&
         std::memcmp(at + last, part.data() + last, end_size) == 0;
}

// What the assembler is expected to hold of one sender.
struct Expected {
  std::span<const std::byte> fragments[fragments_max];
  std::size_t count = 0, size = 0;
  bool open = false;

  // True: that was a whole message.
  bool add(std::uint8_t flags, std::span<const std::byte> fragment) {
    if (flags & Item::first) count = size = 0, open = true;
    if (!open) return false;
    open = size + fragment.size() <= totem::message_max && !(flags & Item::last);
    size += fragment.size();
    fragments[count++] = fragment;
    return size <= totem::message_max && (flags & Item::last);
  }
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static totem::Assembler assembler;
  assembler.clear();
  fuzz::Script script(data, size);
  Expected expected[senders];
  bool was_long = false;
  for (std::size_t i = 0; i < fragments_max && !script.done(); ++i) {
    const std::uint8_t choice = script.byte();
    const std::uint8_t flags = choice & 7;
    const std::size_t sender = choice >> 3 & 3;
    const std::size_t number = script.number<std::uint16_t>();
    std::size_t length = number % short_max;
    // One is about as long as a message may be. More of them would only take longer to copy.
    if ((choice & 0xe0) == 0xe0 && !std::exchange(was_long, true))
      length = totem::message_max - short_max + number % (2 * short_max);
    const std::size_t at = script.byte() % (bytes_size - length + 1);
    const auto fragment = std::span(bytes()).subspan(at, length);
    const auto whole = assembler.add(NodeIndex(sender), flags, fragment);
    Expected& of_sender = expected[sender];
    assert(whole.has_value() == of_sender.add(flags, fragment));
    if (!whole) continue;
    assert(whole->size() == of_sender.size);
    std::size_t offset = 0;
    for (std::size_t k = 0; k < of_sender.count; ++k) {
      const auto part = of_sender.fragments[k];
      assert(same(whole->data() + offset, part));
      offset += part.size();
    }
  }
  return 0;
}
