#include "transport/shm/doorbell.hh"

#include <sys/socket.h>

namespace gyre::shm {

void SocketWire::send_byte() noexcept {
  const char byte = 0;
  // Nothing to do on failure: see the header. The result must be looked at all the same.
  [[maybe_unused]] const auto sent = ::send(socket_, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool SocketWire::byte_waits() noexcept {
  char byte;
  return ::recv(socket_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
}

void SocketWire::take_byte() noexcept {
  char byte;
  [[maybe_unused]] const auto taken = ::recv(socket_, &byte, 1, MSG_DONTWAIT);
}

}  // namespace gyre::shm
