// A map from keys to numbers that is only ever added to: one array, open addressing. It answers
// several times per event, where the nodes of a std::unordered_map would be most of the cost.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace gyre::check {

using Index = std::uint32_t;
inline constexpr Index none = std::numeric_limits<Index>::max();

// Spreads over all bits what differs in few.
constexpr std::size_t mixed(std::uint64_t value) noexcept {
  value *= 0x9e3779b97f4a7c15;
  return value ^ (value >> 29);
}

template <typename Key, typename Hash>
class FlatMap {
 public:
  // The number of `key`: `next` if the key is new.
  Index insert(const Key& key, Index next) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    Slot& slot = slots_[place(key)];
    if (slot.value != none) return slot.value;
    slot = {key, next};
    ++size_;
    return next;
  }
  Index find(const Key& key) const noexcept {
    return slots_.empty() ? none : slots_[place(key)].value;
  }

 private:
  struct Slot {
    Key key{};
    Index value = none;
  };
  // Where the key is, or the free slot where it would go.
  std::size_t place(const Key& key) const noexcept {
    std::size_t i = Hash{}(key) & (slots_.size() - 1);
    while (slots_[i].value != none && slots_[i].key != key) i = (i + 1) & (slots_.size() - 1);
    return i;
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : 2 * slots_.size());
    std::swap(old, slots_);
    for (const Slot& slot : old)
      if (slot.value != none) slots_[place(slot.key)] = slot;
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace gyre::check
