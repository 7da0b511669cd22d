// Messages of several sources into frames and out again, while rings change and sources go: what
// arrives is what was submitted, in order, and each message at most once.
#include <array>
#include <cassert>
#include <vector>

#include "tests/fuzz/script.hh"
#include "totem/pack.hh"

namespace {

using namespace gyre;
using totem::wire::Item;

constexpr std::size_t sources = 3, frame_max = 256, pending_max = 8, steps_max = 256;

constexpr std::size_t head_size = 5, message_max = head_size + 2000;

// A message says whose it is and which; the rest follows from that.
struct Message {
  std::uint32_t source = 0, number = 0;
  std::size_t size = 0;

  void write(std::span<std::byte> to) const {
    to[0] = std::byte(source);
    std::memcpy(to.data() + 1, &number, sizeof number);
    std::memcpy(to.data() + head_size, rest(), to.size() - head_size);
  }
  bool stands_in(std::span<const std::byte> bytes) const {
    return bytes.size() == size &&
           std::memcmp(bytes.data() + head_size, rest(), size - head_size) == 0;
  }

 private:
  // Made once: a byte says where it stands, nearly, and beside that of whom.
  const std::byte* rest() const {
    static const auto all = [] {
      std::array<std::byte, message_max + 256> made;
      for (std::size_t i = 0; i < made.size(); ++i) made[i] = std::byte(i * 31 ^ i >> 8);
      return made;
    }();
    return all.data() + number % 256;
  }
};

class Run {
 public:
  explicit Run(FramePool& pool) : packer_(pool, frame_max, pending_max, 0) { assembler_.clear(); }

  void step(fuzz::Script& script) {
    const std::uint8_t choice = script.byte();
    const std::size_t source = choice >> 4 & 3;
    switch (choice & 7) {
      case 0:
      case 1:
      case 2:
        return submit(source % sources, script);
      case 3:
      case 4:
      case 5:
        return take();
      case 6:
        packer_.ring_changed();
        assembler_.clear();
        return;
      case 7:
        packer_.abandon(static_cast<std::uint32_t>(source % sources));
        sources_[source % sources].waiting = false;
        return;
    }
  }

 private:
  struct Source {
    Message message;
    bool waiting = false;
    std::uint32_t delivered = 0;  // the number of its last that came out
  };

  void submit(std::size_t index, fuzz::Script& script) {
    Source& source = sources_[index];
    if (!source.waiting) {
      source.message.source = static_cast<std::uint32_t>(index);
      ++source.message.number;
      source.message.size =
          head_size + script.number<std::uint16_t>() % (script.yes() ? 2000 : 240);
      source.waiting = true;
    }
    source.message.write(std::span(bytes_).first(source.message.size));
    const std::size_t cut = source.message.size / 3;
    const std::array<std::span<const std::byte>, 2> parts = {
        std::span(bytes_).first(cut), std::span(bytes_).subspan(cut, source.message.size - cut)};
    const auto guarantee = script.yes() ? totem::Guarantee::safe : totem::Guarantee::agreed;
    if (packer_.submit(source.message.source, guarantee, parts) == totem::Submitted::taken)
      source.waiting = false;
  }

  void take() {
    if (packer_.pending() == 0) return;
    const FrameRef frame = packer_.take();
    assert(frame && frame.size() <= frame_max);
    auto bytes = frame.bytes().subspan(totem::wire::Data::size);
    while (!bytes.empty()) {
      const Item item = totem::wire::read_item(bytes.data());
      bytes = bytes.subspan(Item::size);
      arrive(item.flags, bytes.first(item.length));
      bytes = bytes.subspan(item.length);
    }
  }

  void arrive(std::uint8_t flags, std::span<const std::byte> part) {
    if (flags & Item::withdrawn) return;
    std::span<const std::byte> whole = part;
    if (flags != Item::whole) {
      const auto assembled = assembler_.add(NodeIndex::self, flags, part);
      if (!assembled) return;
      whole = *assembled;
    }
    assert(whole.size() >= head_size);
    Message message{.source = std::to_integer<std::uint32_t>(whole[0]), .size = whole.size()};
    std::memcpy(&message.number, whole.data() + 1, sizeof message.number);
    assert(message.source < sources && message.number > sources_[message.source].delivered);
    assert(message.number <= sources_[message.source].message.number);
    sources_[message.source].delivered = message.number;
    assert(message.stands_in(whole));
  }

  static inline totem::Assembler assembler_;
  static inline std::array<std::byte, message_max> bytes_;
  totem::Packer packer_;
  std::array<Source, sources> sources_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static FramePool pool(2 * pending_max, 64, frame_max, 0);
  fuzz::Script script(data, size);
  Run run(pool);
  for (std::size_t i = 0; i < steps_max && !script.done(); ++i) run.step(script);
  return 0;
}
