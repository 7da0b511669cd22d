#include "node/send_record.hh"

#include "totem/wire.hh"

namespace gyre::node {

using totem::wire::Data;
using totem::wire::Item;

// Items are counted as delivery counts them (totem/delivery.cc): a message has the place of its
// last fragment.
void SendRecord::sequenced(std::span<const std::byte> frame) noexcept {
  const Data data = *totem::wire::read_data(frame);
  if (data.flags & Data::recovered) return;    // an old ring's message, on its way to who lacks it
  if (data.ring != ring_) assembler_.clear();  // what was cut off by the change starts again
  ring_ = data.ring;
  const auto guarantee =
      data.flags & Data::safe ? totem::Guarantee::safe : totem::Guarantee::agreed;
  totem::Place place{data.ring, data.seq, 0};
  std::span<const std::byte> rest = frame.subspan(Data::size);
  while (rest.size() >= Item::size) {
    const Item item = totem::wire::read_item(rest.data());
    std::span<const std::byte> payload = rest.subspan(Item::size, item.length);
    rest = rest.subspan(Item::size + item.length);
    if (item.flags & Item::withdrawn) continue;
    if (item.flags != Item::whole) {
      const auto whole = assembler_.add(NodeIndex::self, item.flags, payload);
      if (!whole) continue;
      payload = *whole;
    }
    recorder_.send(place, guarantee, payload);
    ++place.index;
  }
}

}  // namespace gyre::node
