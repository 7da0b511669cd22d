// Bounds-checked reading and writing of little-endian fields.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <span>

#include "totem/types.hh"

namespace gyre::totem {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian");

template <std::integral T>
T load(const std::byte* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <std::integral T>
void store(std::byte* to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

// Reads past the end give zeros and leave ok() false for ever: check once, at the end.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  template <std::integral T>
  T get() noexcept {
    if (rest_.size() < sizeof(T)) {
      ok_ = false;
      rest_ = {};
      return 0;
    }
    const T value = load<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  NodeId node() noexcept { return NodeId{get<std::uint32_t>()}; }
  Seq seq() noexcept { return Seq{get<std::uint64_t>()}; }
  RingId ring() noexcept {
    RingId id;
    id.seq = get<std::uint64_t>();
    id.incarnation = get<std::uint64_t>();
    id.representative = node();
    return id;
  }

  bool ok() const noexcept { return ok_; }
  std::size_t left() const noexcept { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
  bool ok_ = true;
};

// Appends to a frame; the caller has made sure of the room.
class Writer {
 public:
  explicit Writer(FrameRef& frame) noexcept : frame_(frame) {}

  template <std::integral T>
  void put(T value) noexcept {
    const std::size_t end = frame_.size();
    frame_.resize(end + sizeof value);
    store(frame_.data() + end, value);
  }
  void put(NodeId id) noexcept { put(static_cast<std::uint32_t>(id)); }
  void put(Seq seq) noexcept { put(number(seq)); }
  void put(const RingId& id) noexcept {
    put(id.seq);
    put(id.incarnation);
    put(id.representative);
  }

 private:
  FrameRef& frame_;
};

}  // namespace gyre::totem
