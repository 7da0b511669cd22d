#include "tests/fuzz/wire_of_sockets.hh"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>

namespace gyre::fuzz {

OtherSide& other_side() {
  static OtherSide side;
  return side;
}

namespace {

// Descriptors beside the bytes: the memory and, for the room, a second one. None without bytes.
void pass_descriptors(msghdr& message, std::size_t offer) {
  OtherSide& side = other_side();
  if (!message.msg_control || !side.memory || offer == 0) {
    message.msg_controllen = 0;
    return;
  }
  const std::size_t count = std::min<std::size_t>(offer, 2);
  if (message.msg_controllen < CMSG_SPACE(count * sizeof(int))) {
    message.msg_controllen = 0;
    return;
  }
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  const std::array<int, 2> numbers = {::dup(*side.memory), count == 2 ? ::dup(*side.memory) : -1};
  std::memcpy(CMSG_DATA(header), numbers.data(), count * sizeof(int));
  side.memory.reset();  // only with the first bytes
}

}  // namespace
}  // namespace gyre::fuzz

extern "C" {

int __wrap_socket(int, int, int) {
  return 1 << 20;
}
int __wrap_setsockopt(int, int, int, const void*, socklen_t) {
  return 0;
}
int __wrap_connect(int, const sockaddr*, socklen_t) {
  static constexpr std::array<int, 4> errors = {ENOENT, EACCES, EAGAIN, EIO};
  const std::uint8_t choice = gyre::fuzz::other_side().script.byte();
  if (choice < 240) return 0;
  errno = errors[choice % errors.size()];
  return -1;
}
int __wrap_getsockopt(int, int, int, void* value, socklen_t*) {
  auto& side = gyre::fuzz::other_side();
  if (!side.uid) side.uid = side.script.byte() < 240 ? ::geteuid() : 4242u;
  const ucred who{.pid = 17, .uid = *side.uid, .gid = 0};
  std::memcpy(value, &who, sizeof who);
  return 0;
}
int __wrap_poll(pollfd* fds, nfds_t, int) {
  fds->revents = fds->events;
  return 1;
}
ssize_t __wrap_send(int, const void* bytes, std::size_t size, int) {
  auto& side = gyre::fuzz::other_side();
  const std::uint8_t choice = side.script.byte();
  side.gone |= choice == 255;
  if (side.gone) {
    errno = EPIPE;
    return -1;
  }
  const std::size_t taken = choice < 128 ? size : 1 + choice % size;
  const auto* from = static_cast<const std::byte*>(bytes);
  side.received.insert(side.received.end(), from, from + taken);
  return static_cast<ssize_t>(taken);
}
ssize_t __wrap_recvmsg(int, msghdr* message, int) {
  auto& side = gyre::fuzz::other_side();
  if (side.script.done()) return 0;
  const std::uint8_t choice = side.script.byte();
  if (choice == 255) {
    errno = EAGAIN;
    return -1;
  }
  const iovec& into = message->msg_iov[0];
  const std::uint8_t offer = side.script.byte();
  const auto bytes = side.script.bytes(choice < 192 ? into.iov_len : 1 + choice % into.iov_len);
  std::memcpy(into.iov_base, bytes.data(), bytes.size());
  gyre::fuzz::pass_descriptors(*message, bytes.empty() ? 0 : offer % 4);
  return static_cast<ssize_t>(bytes.size());
}
}
