// A ring of bytes between one producer and one consumer, in memory that both processes map.
//
// Positions are 64-bit byte counts that never wrap; `position & (capacity - 1)` is the offset. Each
// side writes words on cache lines of its own and keeps a copy of the other side's position, which
// it reads again only when the copy does not suffice.
//
//   record:  | u32 length | u32 kind | payload, padded to 8 |     contiguous, never split at the
//   end
//
// What does not fit before the end of the memory starts at its beginning, behind a padding record.
// An empty ring restarts at offset 0, so that the memory in use follows the deepest backlog and not
// the traffic: a producer that sees everything consumed stores the next multiple of the capacity in
// `restarted`, and the consumer goes on from there. No bytes are lost to it: after a restart the
// whole capacity is free.
//
// Neither side trusts the other: every word is read once and checked, a wrong one makes the ring
// `broken` for good, and no loop here runs longer than its own side's state allows. Every shared
// word is a sequentially consistent atomic, without fences, so that ThreadSanitizer understands it
// and the proof of the doorbell (doorbell.hh) holds.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gyre::shm {

// Two lines, because processors fetch them in pairs.
inline constexpr std::size_t line_pair = 128;

struct RingWords {
  alignas(line_pair) std::atomic<std::uint64_t> written{0};  // the producer's
  std::atomic<std::uint64_t> restarted{0};  // the producer's, stored before written
  alignas(line_pair) std::atomic<std::uint64_t> consumed{0};  // the consumer's
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

struct RecordHeader {
  std::uint32_t length = 0;  // of the payload, without its padding
  std::uint32_t kind = 0;    // 0 is padding; the rest belongs to the user of the ring
};

struct Record {
  std::uint32_t kind = 0;
  std::span<const std::byte> payload;
};

// Bytes that a record with so much payload takes in the ring.
constexpr std::size_t record_size(std::size_t payload) noexcept {
  return (sizeof(RecordHeader) + payload + 7) & ~std::size_t{7};
}

class Producer {
 public:
  Producer() = default;
  // `memory` is a power of two of bytes, at least 4096. The ring is fresh: all words are 0.
  Producer(RingWords& words, std::span<std::byte> memory) noexcept;

  // Where to write the payload of a new record: `size` bytes, or null when there is no room now.
  // A claim that is not committed is forgotten with the next one. `kind` is not 0; a record of
  // record_size(size) <= capacity() finds room at the latest when all is consumed.
  std::byte* claim(std::uint32_t kind, std::size_t size) noexcept;
  // A claim of so many bytes would succeed, or the ring is broken: there is nothing to wait for.
  bool has_room(std::size_t size) noexcept;
  // Ends the record last claimed. The consumer sees it from the next publish() on.
  void commit() noexcept;
  // claim, gather, commit. False: no room, nothing written.
  bool write(std::uint32_t kind, std::span<const std::span<const std::byte>> parts) noexcept;
  // Makes what was committed visible. Follow it with Doorbell::ring.
  void publish() noexcept;
  bool unpublished() const noexcept { return position_ != published_; }

  std::size_t capacity() const noexcept { return memory_.size(); }
  // Reads the consumer's position: what it has published, whether that is all that we have, and by
  // how many bytes it is behind.
  std::uint64_t consumed() noexcept;
  bool drained() noexcept { return consumed() == position_; }
  std::size_t waiting() noexcept { return position_ - consumed(); }
  // The consumer's position was impossible.
  bool broken() const noexcept { return broken_; }

 private:
  bool fits(std::uint64_t needed) const noexcept;
  bool make_room(std::uint64_t needed) noexcept;
  void restart() noexcept;

  RingWords* words_ = nullptr;
  std::span<std::byte> memory_;
  std::uint64_t position_ = 0;   // behind the last committed record
  std::uint64_t published_ = 0;  // what `written` says
  std::uint64_t consumed_ = 0;   // copy; after a restart ahead of the word
  std::uint64_t claimed_ = 0;    // behind the record last claimed
  bool broken_ = false;
};

enum class Look : std::uint8_t { record, empty, broken };

class Consumer {
 public:
  Consumer() = default;
  Consumer(RingWords& words, std::span<const std::byte> memory) noexcept;

  // The next record; its payload lies in the ring and stays until it is given back with publish().
  // An untrusted producer may still change its bytes meanwhile.
  Look peek(Record& record) noexcept;
  // Steps over the record that peek() found.
  void consume() noexcept { position_ = next_; }
  // Gives the space of what was consumed back to the producer.
  void publish() noexcept;
  // Something is there, or the ring is broken: peek() has news.
  bool pending() noexcept;
  // What the producer publishes from now on is not looked at any more.
  void close() noexcept;

 private:
  Look look_again() noexcept;  // how far the producer has come
  Look broken() noexcept;

  RingWords* words_ = nullptr;
  std::span<const std::byte> memory_;
  std::uint64_t position_ = 0;  // the next record
  std::uint64_t next_ = 0;      // the one after the record last peeked
  std::uint64_t published_ = 0;
  std::uint64_t written_ = 0;  // copy
  bool broken_ = false, closed_ = false;
};

}  // namespace gyre::shm
