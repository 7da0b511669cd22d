#include "transport/shm/talk.hh"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gyre::shm {

using Clock = std::chrono::steady_clock;

void fail(Failure failure, const std::string& what) {
  throw HandshakeError(failure, what);
}

void fail_call(const std::string& call) {
  fail(Failure::system, call + ": " + std::strerror(errno));
}

Talk::Talk(int socket, TimeLimit limit, std::string peer)
    : socket_(socket), end_(Clock::now() + limit), peer_(std::move(peer)) {}

void Talk::wait(short events) const {
  for (;;) {
    const auto left = std::chrono::ceil<TimeLimit>(end_ - Clock::now()).count();
    if (left <= 0) fail(Failure::timed_out, peer_ + " does not answer");
    pollfd ready{.fd = socket_, .events = events, .revents = 0};
    const int count = ::poll(&ready, 1, static_cast<int>(std::min<long>(left, 1 << 30)));
    if (count > 0) return;
    if (count < 0 && errno != EINTR) fail_call("poll");
  }
}

void Talk::read(std::span<std::byte> bytes, std::span<Descriptor> descriptors) const {
  while (!bytes.empty()) {
    wait(POLLIN);
    const auto got = read_some(bytes, descriptors);
    if (got == 0) fail(Failure::malformed, peer_ + " closed the connection in the handshake");
    if (got > 0) bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

void Talk::write(std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    wait(POLLOUT);
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
    if (sent < 0 && errno != EAGAIN && errno != EINTR) fail_call("send to " + peer_);
    if (sent > 0) bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

std::string Talk::read_text(std::size_t size) const {
  std::string text(size, '\0');
  read(std::as_writable_bytes(std::span(text)));
  return text;
}

ssize_t Talk::read_some(std::span<std::byte> bytes, std::span<Descriptor> descriptors) const {
  iovec into{.iov_base = bytes.data(), .iov_len = bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &into;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
  }
  const auto got = ::recvmsg(socket_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return -1;
  if (got < 0 && errno != ECONNRESET) fail_call("recvmsg from " + peer_);
  if (got <= 0) return 0;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_type == SCM_RIGHTS) {
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < std::min(count, descriptors.size()); ++i) {
      int number;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
      descriptors[i] = Descriptor(number);
    }
  }
  return got;
}

ucred peer_of(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
    fail_call("getsockopt SO_PEERCRED");
  return who;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    fail(Failure::system, path + ": longer than a socket's name may be (" +
                              std::to_string(sizeof address.sun_path - 1) + " bytes)");
  path.copy(address.sun_path, path.size());
  return address;
}

Mapping map(int memory, std::size_t size) {
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory, 0);
  if (at == MAP_FAILED) fail_call("mmap of " + std::to_string(size) + " bytes");
  return {at, size};
}

}  // namespace gyre::shm
