#include "tests/sim/wire.hh"

#include <vector>

#include "transport/shm/doorbell.hh"

namespace gyre::sim {

namespace {

constexpr int nobody = -1;

struct End {
  int other = nobody;
  bool byte_waits = false;
};
std::vector<End> ends;  // by descriptor

void disconnect(int one) {
  const auto number = static_cast<std::size_t>(one);
  if (number >= ends.size()) ends.resize(number + 1);
  if (const int other = ends[number].other; other != nobody)
    ends[static_cast<std::size_t>(other)].other = nobody;
}

End& end(int descriptor) {
  return ends[static_cast<std::size_t>(descriptor)];
}

}  // namespace

void connect(int one, int other) {
  disconnect(one);
  disconnect(other);
  end(one) = {.other = other};
  end(other) = {.other = one};
}

}  // namespace gyre::sim

// The linker finds these before those of the library.
namespace gyre::shm {

void SocketWire::send_byte() noexcept {
  if (const int other = sim::end(socket_).other; other != sim::nobody)
    sim::end(other).byte_waits = true;
}

bool SocketWire::byte_waits() noexcept {
  return sim::end(socket_).byte_waits;
}

void SocketWire::take_byte() noexcept {
  sim::end(socket_).byte_waits = false;
}

}  // namespace gyre::shm
