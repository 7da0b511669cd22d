#include "transport/shm/ring.hh"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace gyre::shm {
namespace {

constexpr std::uint32_t padding = 0;
constexpr std::uint64_t page = 4096;
// How far an empty ring may walk before it restarts: it then stays within a processor's cache.
constexpr std::uint64_t restart_behind = 64 << 10;

// A header is one word, so that it is read once, whatever the other side does with it meanwhile.
void store_header(std::byte* at, RecordHeader header) noexcept {
  std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(at))
      .store(std::bit_cast<std::uint64_t>(header), std::memory_order_relaxed);
}

RecordHeader load_header(const std::byte* at) noexcept {
  auto* word = reinterpret_cast<std::uint64_t*>(const_cast<std::byte*>(at));
  return std::bit_cast<RecordHeader>(
      std::atomic_ref<std::uint64_t>(*word).load(std::memory_order_relaxed));
}

bool usable(std::span<const std::byte> memory) noexcept {
  return memory.size() >= page && std::has_single_bit(memory.size()) &&
         reinterpret_cast<std::uintptr_t>(memory.data()) % alignof(std::uint64_t) == 0;
}

}  // namespace

Producer::Producer(RingWords& words, std::span<std::byte> memory) noexcept
    : words_(&words), memory_(memory) {
  assert(usable(memory));
}

std::uint64_t Producer::consumed() noexcept {
  const std::uint64_t now = words_->consumed.load();
  if (now > published_) broken_ = true;
  // After a restart the copy is ahead until the consumer has followed.
  else
    consumed_ = std::max(consumed_, now);
  return consumed_;
}

bool Producer::fits(std::uint64_t needed) const noexcept {
  const std::uint64_t to_end = capacity() - (position_ & (capacity() - 1));
  const std::uint64_t pad = needed <= to_end ? 0 : to_end;
  return position_ + pad + needed - consumed_ <= capacity();
}

// Everything is consumed, and only we can change that: the other side follows when it sees the
// next record.
void Producer::restart() noexcept {
  position_ = consumed_ = (position_ | (capacity() - 1)) + 1;
  words_->restarted.store(position_);
}

bool Producer::make_room(std::uint64_t needed) noexcept {
  if (broken_ || needed > capacity()) return false;
  const std::uint64_t offset = position_ & (capacity() - 1);
  const bool new_page = offset / page != (offset + needed - 1) / page;
  if (!fits(needed) || (new_page && offset >= restart_behind)) {
    if (drained() && offset != 0) restart();
    return !broken_ && fits(needed);
  }
  return true;
}

bool Producer::has_room(std::size_t size) noexcept {
  return make_room(record_size(size)) || broken_;
}

std::byte* Producer::claim(std::uint32_t kind, std::size_t size) noexcept {
  assert(kind != padding);
  const std::uint64_t needed = record_size(size);
  if (!make_room(needed)) return nullptr;
  std::byte* at = memory_.data() + (position_ & (capacity() - 1));
  std::uint64_t pad = 0;
  if (const auto to_end = static_cast<std::uint64_t>(memory_.data() + capacity() - at);
      needed > to_end) {
    pad = to_end;
    const auto length = static_cast<std::uint32_t>(pad - sizeof(RecordHeader));
    store_header(at, {.length = length, .kind = padding});
    at = memory_.data();
  }
  store_header(at, {.length = static_cast<std::uint32_t>(size), .kind = kind});
  claimed_ = position_ + pad + needed;
  return at + sizeof(RecordHeader);
}

void Producer::commit() noexcept {
  assert(claimed_ > position_);
  position_ = claimed_;
}

bool Producer::write(std::uint32_t kind,
                     std::span<const std::span<const std::byte>> parts) noexcept {
  std::size_t size = 0;
  for (const auto& part : parts) size += part.size();
  std::byte* at = claim(kind, size);
  if (!at) return false;
  for (const auto& part : parts) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  commit();
  return true;
}

void Producer::publish() noexcept {
  if (position_ == published_) return;
  published_ = position_;
  words_->written.store(published_);
}

Consumer::Consumer(RingWords& words, std::span<const std::byte> memory) noexcept
    : words_(&words), memory_(memory) {
  assert(usable(memory));
}

Look Consumer::broken() noexcept {
  broken_ = true;
  return Look::broken;
}

// A restart can be seen only here, and only with nothing left: the producer restarts when all that
// it wrote is given back, and until we give back what `written` says now, it cannot do so again.
Look Consumer::look_again() noexcept {
  if (closed_) return Look::empty;
  const std::uint64_t written = words_->written.load();
  if (written == written_) return Look::empty;
  if (written < written_ || written % alignof(std::uint64_t) != 0) return broken();
  const std::uint64_t restarted = words_->restarted.load();
  if (restarted > position_) {
    const bool lap = (restarted & (memory_.size() - 1)) == 0;
    const bool near = restarted <= written && restarted - position_ <= memory_.size();
    if (position_ != written_ || !lap || !near) return broken();
    position_ = restarted;
  }
  if (written - position_ > memory_.size()) return broken();
  written_ = written;
  return position_ == written_ ? Look::empty : Look::record;
}

Look Consumer::peek(Record& record) noexcept {
  if (broken_) return Look::broken;
  if (position_ == written_)
    if (const Look look = look_again(); look != Look::record) return look;
  for (;;) {
    const std::uint64_t offset = position_ & (memory_.size() - 1);
    const std::uint64_t available = std::min(written_ - position_, memory_.size() - offset);
    const std::byte* at = memory_.data() + offset;
    const RecordHeader header = load_header(at);
    const std::uint64_t size = record_size(header.length);
    if (size > available) return broken();
    if (header.kind != padding) {
      record = {.kind = header.kind, .payload = {at + sizeof(RecordHeader), header.length}};
      next_ = position_ + size;
      return Look::record;
    }
    // Padding leads from somewhere to the end, and a record follows it: so there is at most one.
    if (offset == 0 || size != memory_.size() - offset || size == written_ - position_)
      return broken();
    position_ += size;
  }
}

void Consumer::publish() noexcept {
  if (position_ == published_) return;
  published_ = position_;
  words_->consumed.store(published_);
}

bool Consumer::pending() noexcept {
  return broken_ || position_ != written_ || look_again() != Look::empty;
}

void Consumer::close() noexcept {
  if (!broken_) look_again();
  closed_ = true;
}

}  // namespace gyre::shm
