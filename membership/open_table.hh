// A hash table of a fixed size with open addressing: no allocation after construction, at most
// half full, one probe as a rule.
#pragma once

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

namespace gyre::membership {

// Zeroed memory of which only the touched pages cost anything: tables are as large as the limits,
// and most clusters use a corner of them. All-zero bytes must be a valid Item.
struct Release {
  void operator()(void* memory) const noexcept { std::free(memory); }
};
template <typename Item>
using Array = std::unique_ptr<Item[], Release>;
template <typename Item>
Array<Item> make_array(std::size_t count) {
  static_assert(std::is_trivially_copyable_v<Item> && std::is_trivially_destructible_v<Item>);
  void* memory = std::calloc(count ? count : 1, sizeof(Item));
  if (!memory) throw std::bad_alloc();
  return Array<Item>(static_cast<Item*>(memory));
}

// `Key` has == and a function hash(Key), 64 bits, found in its namespace.
template <typename Key, typename Value>
class OpenTable {
 public:
  explicit OpenTable(std::size_t size_max)
      : size_max_(size_max),
        mask_(std::bit_ceil(2 * size_max + 2) - 1),
        entries_(make_array<Entry>(mask_ + 1)) {}

  const Value* find(const Key& key) const noexcept {
    const Entry& entry = entries_[place(key)];
    return entry.used ? &entry.value : nullptr;
  }
  Value* find(const Key& key) noexcept {
    Entry& entry = entries_[place(key)];
    return entry.used ? &entry.value : nullptr;
  }
  void insert(const Key& key, const Value& value) noexcept {
    Entry& entry = entries_[place(key)];
    assert(!entry.used && size_ < size_max_);
    entry = {key, value, true};
    ++size_;
  }
  // Entries behind the gap move up to where they would have been without the erased one, so that
  // no probe ever ends too early.
  void erase(const Key& key) noexcept {
    std::size_t gap = place(key);
    assert(entries_[gap].used);
    for (std::size_t next = (gap + 1) & mask_; entries_[next].used; next = (next + 1) & mask_) {
      const std::size_t home = home_of(entries_[next].key);
      if (((next - home) & mask_) < ((next - gap) & mask_)) continue;
      entries_[gap] = entries_[next];
      gap = next;
    }
    entries_[gap].used = false;
    --size_;
  }
  void clear() noexcept {
    if (size_ == 0) return;
    for (std::size_t i = 0; i <= mask_; ++i) entries_[i].used = false;
    size_ = 0;
  }
  std::size_t size() const noexcept { return size_; }

 private:
  struct Entry {
    Key key;
    Value value;
    bool used;
  };
  std::size_t home_of(const Key& key) const noexcept { return hash(key) & mask_; }
  // Where `key` is, or the free entry where it would go.
  std::size_t place(const Key& key) const noexcept {
    std::size_t i = home_of(key);
    while (entries_[i].used && !(entries_[i].key == key)) i = (i + 1) & mask_;
    return i;
  }

  std::size_t size_max_, mask_, size_ = 0;
  Array<Entry> entries_;
};

}  // namespace gyre::membership
