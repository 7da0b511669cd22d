// How a side that sleeps learns that the other has published something: one byte in a socket, and
// a shared word that keeps it at one.
//
//   state = quiet      no byte is outstanding; the next ring() sends one
//   state = signalled  exactly one byte is outstanding: in the socket, or on its way there
//
// The byte stays in the socket while something is pending, so that the descriptor is readable
// then, for a program that polls it and takes one event at a time; it is taken by settle(), at the
// moment when nothing is pending any more.
//
// Proof, with sequentially consistent operations. The ringer: (R1) publishes, (R2) loads the state
// and, if quiet, (R3) exchanges in signalled and, if that was quiet, (R4) sends a byte. The
// sleeper, who alone stores quiet, and only with a byte before it in the socket: (S1) stores
// quiet, (S2) looks.
//  - No lost wake-up. If S2 does not see R1, then S1 comes before R2, which therefore sees quiet
//    (or a signalled stored after S1, by a ring whose byte is outstanding): a byte is sent.
//  - One byte. A byte is sent only for a change from quiet to signalled. S1 owes one byte to be
//    taken (the old one). S2 sees nothing: it is taken. S2 sees something: (S3) exchanges in
//    signalled; if it was quiet, no new byte was or will be sent and the old one goes on standing
//    for what is pending; if it was signalled, a new one was sent and the old one is taken.
//  - Taking never waits: the old byte was seen in the socket before S1. If it is still on its way,
//    nothing is changed, and it will wake the sleeper once, perhaps for nothing.
// A ringer that does not keep to this (an untrusted program) can wake the sleeper for nothing, or
// not at all; no step here waits or repeats. tests/client/doorbell_test.cc runs these very
// functions through all interleavings.
#pragma once

#include <atomic>
#include <cstdint>

namespace gyre::shm {

enum : std::uint32_t { quiet = 0, signalled = 1 };

// After publishing.
template <class Word, class Wire>
void ring_bell(Word& state, Wire& wire) {
  if (state.load() == quiet && state.exchange(signalled) == quiet) wire.send_byte();
}

// After finding nothing pending. True: the caller may sleep until the wire is readable. False:
// something is pending after all. `pending` looks again.
template <class Word, class Wire, class Pending>
bool settle_bell(Word& state, Wire& wire, Pending pending) {
  if (state.load() == quiet || !wire.byte_waits()) return true;
  state.store(quiet);
  if (!pending()) {
    wire.take_byte();
    return true;
  }
  if (state.exchange(signalled) != quiet) wire.take_byte();
  return false;
}

// One end of a connected AF_UNIX stream socket. Nothing here waits.
class SocketWire {
 public:
  explicit SocketWire(int socket) : socket_(socket) {}
  void send_byte() noexcept;  // a full socket is readable already; a closed one needs no byte
  bool byte_waits() noexcept;
  void take_byte() noexcept;

 private:
  int socket_;
};

class Doorbell {
 public:
  Doorbell() = default;
  Doorbell(std::atomic<std::uint32_t>& state, int socket) noexcept
      : state_(&state), wire_(socket) {}

  void ring() noexcept { ring_bell(*state_, wire_); }
  template <class Pending>
  bool settle(Pending pending) noexcept {
    return settle_bell(*state_, wire_, pending);
  }

 private:
  std::atomic<std::uint32_t>* state_ = nullptr;
  SocketWire wire_{-1};
};

}  // namespace gyre::shm
