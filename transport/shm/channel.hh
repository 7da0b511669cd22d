// What a program and its daemon share once the handshake is done: one socket, one stretch of
// memory with a ring in each direction, and a second socket for the word that there is room again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "transport/shm/descriptor.hh"
#include "transport/shm/doorbell.hh"
#include "transport/shm/ring.hh"

namespace gyre::shm {

// Why the daemon ended a connection, left in the shared memory for the program to read.
enum class Ended : std::uint32_t {
  no = 0,
  shutdown = 1,  // the daemon stops
  backlog = 2,   // the events did not fit any more: client_backlog_max
  stalled = 3,   // the program took no event for client_stall_max
  broken = 4,    // the program wrote what the library never writes
};

// The daemon's word that a verdict holds. Whoever reads `until` first and then finds the verdict's
// number beside it knows that it is that one's, or less.
struct LeaseWords {
  alignas(line_pair) std::atomic<std::uint64_t> verdict{0};  // its number (VerdictRecord)
  std::atomic<std::int64_t> until{0};  // nanoseconds of CLOCK_MONOTONIC; 0: not now

  // Until when that verdict holds; 0: it does not, or is not the last one.
  std::int64_t until_of(std::uint64_t number) const noexcept {
    const std::int64_t time = until.load();  // before its number
    return verdict.load() == number ? time : 0;
  }
};

struct SharedWords {
  RingWords requests, events;
  alignas(line_pair) std::atomic<std::uint32_t> requests_bell{quiet};
  alignas(line_pair) std::atomic<std::uint32_t> events_bell{quiet};
  alignas(line_pair) std::atomic<std::uint32_t> room_bell{quiet};  // in the ring of requests
  alignas(line_pair) std::atomic<std::uint32_t> ended{0};
  LeaseWords lease;
};

inline constexpr std::size_t words_size = 4096;  // the first page; the two rings follow
static_assert(sizeof(SharedWords) <= words_size);

// Either side's end. The memory is sealed against shrinking, so touching it never faults.
struct Channel {
  Descriptor socket;  // readable: the other side has published (an event, or a request)
  Descriptor room;    // readable on the program's side: there is room for requests again
  Mapping memory;
  std::size_t requests_size = 0, events_size = 0;  // powers of two
  std::uint32_t node = 0;                          // the daemon's node id
  std::uint32_t client = 0;                        // the connection's number on that node
  std::uint32_t pid = 0;                           // of the program

  SharedWords& words() const noexcept {
    return *std::launder(reinterpret_cast<SharedWords*>(memory.memory()));
  }
  std::span<std::byte> requests() const noexcept {
    return {memory.memory() + words_size, requests_size};
  }
  std::span<std::byte> events() const noexcept {
    return {memory.memory() + words_size + requests_size, events_size};
  }
};

}  // namespace gyre::shm
