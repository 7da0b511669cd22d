#include "totem/pack.hh"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace gyre::totem {
namespace {

// A fragment shorter than this is not worth its header.
constexpr std::size_t fragment_min = 64;

// Copies `count` bytes of the message, from `skip` on, to the end of the frame.
void append(FrameRef& frame, Parts parts, std::size_t skip, std::size_t count) noexcept {
  std::size_t end = frame.size();
  frame.resize(end + count);
  for (const auto& part : parts) {
    if (skip >= part.size()) {
      skip -= part.size();
      continue;
    }
    const std::size_t n = std::min(count, part.size() - skip);
    std::memcpy(frame.data() + end, part.data() + skip, n);
    end += n;
    count -= n;
    skip = 0;
    if (count == 0) return;
  }
}

void append_item(FrameRef& frame, std::uint8_t flags, std::size_t length) noexcept {
  const std::size_t end = frame.size();
  frame.resize(end + wire::Item::size);
  wire::write_item(frame.data() + end,
                   {.length = static_cast<std::uint32_t>(length), .flags = flags});
}

}  // namespace

std::size_t size(Parts parts) noexcept {
  std::size_t total = 0;
  for (const auto& part : parts) total += part.size();
  return total;
}

Packer::Packer(FramePool& pool, std::size_t frame_max, std::size_t pending_max, std::uint8_t flags)
    : pool_(pool), frame_max_(frame_max), flags_(flags), pending_(pending_max) {}

std::uint8_t Packer::flags_for(Guarantee guarantee) const noexcept {
  return static_cast<std::uint8_t>(flags_ | (guarantee == Guarantee::safe ? wire::Data::safe : 0));
}

// Makes sure that the newest frame has `wanted` bytes of room and the right guarantee.
bool Packer::make_room(Guarantee guarantee, std::size_t wanted) noexcept {
  const std::uint8_t flags = flags_for(guarantee);
  if (count_ > 0) {
    const Pending& open = newest();
    if (open.flags == flags && open.frame.size() + wanted <= frame_max_) return true;
  }
  if (count_ == pending_.size()) return false;
  FrameRef frame = pool_.take();
  if (!frame) return false;
  frame.resize(wire::Data::size);
  wire::write_data(frame.data(), {.flags = flags, .sender = {}, .ring = {}, .seq = {}});
  ++count_;
  newest() = {.frame = std::move(frame), .flags = flags};
  return true;
}

Submitted Packer::submit(std::uint32_t source, Guarantee guarantee, Parts parts) noexcept {
  const std::size_t total = size(parts);
  assert(total <= message_max);
  if (wire::Data::size + wire::Item::size + total > frame_max_)
    return submit_large(source, guarantee, parts, total);
  if (!make_room(guarantee, wire::Item::size + total)) return Submitted::later;
  FrameRef& frame = newest().frame;
  append_item(frame, wire::Item::whole, total);
  append(frame, parts, 0, total);
  return Submitted::taken;
}

Submitted Packer::submit_large(std::uint32_t source, Guarantee guarantee, Parts parts,
                               std::size_t total) noexcept {
  if (large_ && large_->source == source && large_->size != total) abandon(source);
  if (!large_) large_ = Large{.source = source, .size = total};
  if (large_->source != source) return Submitted::later;
  if (large_->done) {
    large_.reset();
    return Submitted::taken;
  }
  while (large_->copied < total &&
         make_room(guarantee, wire::Item::size + std::min(fragment_min, total - large_->copied))) {
    Pending& open = newest();
    const std::size_t room = frame_max_ - open.frame.size() - wire::Item::size;
    const std::size_t length = std::min(room, total - large_->copied);
    const bool first = large_->copied == 0, last = large_->copied + length == total;
    append_item(
        open.frame,
        static_cast<std::uint8_t>((first ? wire::Item::first : 0) | (last ? wire::Item::last : 0)),
        length);
    append(open.frame, parts, large_->copied, length);
    large_->copied += length;
    open.begins |= first;
    open.ends |= last;
  }
  return Submitted::later;
}

void Packer::abandon(std::uint32_t source) noexcept {
  if (!large_ || large_->source != source) return;
  withdraw_fragments();
  large_.reset();
}

FrameRef Packer::take() noexcept {
  Pending& oldest = pending_[first_];
  if (oldest.begins) large_->begun = true;
  if (oldest.ends) large_->done = true;
  FrameRef frame = std::move(oldest.frame);
  oldest = {};
  first_ = (first_ + 1) % pending_.size();
  --count_;
  return frame;
}

void Packer::ring_changed() noexcept {
  if (!large_ || !large_->begun || large_->done) return;
  withdraw_fragments();
  large_->copied = 0;
  large_->begun = false;
}

// Marks the fragments in frames that have no seq yet as void; receivers skip them.
void Packer::withdraw_fragments() noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    Pending& pending = pending_[(first_ + i) % pending_.size()];
    std::byte* const end = pending.frame.data() + pending.frame.size();
    for (std::byte* p = pending.frame.data() + wire::Data::size; p < end;) {
      wire::Item item = wire::read_item(p);
      if (item.flags != wire::Item::whole) {
        item.flags = wire::Item::withdrawn;
        wire::write_item(p, item);
      }
      p += wire::Item::size + item.length;
    }
    pending.begins = pending.ends = false;
  }
}

void Packer::clear() noexcept {
  while (count_ > 0) {
    pending_[first_] = {};
    first_ = (first_ + 1) % pending_.size();
    --count_;
  }
  large_.reset();
}

Assembler::Assembler() {
  void* memory = mmap(nullptr, nodes_max * message_max, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(memory);
}

Assembler::~Assembler() {
  munmap(memory_, nodes_max * message_max);
}

std::optional<std::span<const std::byte>> Assembler::add(
    NodeIndex sender, std::uint8_t item_flags, std::span<const std::byte> fragment) noexcept {
  Partial& partial = partial_[at(sender)];
  if (item_flags & wire::Item::first) partial = {.size = 0, .open = true};
  if (!partial.open) return std::nullopt;
  if (partial.size + fragment.size() > message_max) {
    partial.open = false;
    return std::nullopt;
  }
  std::byte* const whole = memory_ + at(sender) * message_max;
  std::memcpy(whole + partial.size, fragment.data(), fragment.size());
  partial.size += fragment.size();
  if (!(item_flags & wire::Item::last)) return std::nullopt;
  partial.open = false;
  return std::span<const std::byte>(whole, partial.size);
}

void Assembler::clear() noexcept {
  partial_.fill({});
}

}  // namespace gyre::totem
