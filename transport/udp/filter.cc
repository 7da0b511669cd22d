#include "transport/udp/filter.hh"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cassert>
#include <cstring>

#include "transport/header.hh"
#include "transport/udp/address.hh"

namespace gyre::udp {
namespace {

constexpr std::uint32_t udp_header = 8;  // where a socket's filter begins to look
constexpr std::uint32_t drop = 0, whole = 0xffff'ffff;
constexpr std::uint32_t source_v4 = static_cast<std::uint32_t>(SKF_NET_OFF) + 12;
constexpr std::uint32_t source_v6 = static_cast<std::uint32_t>(SKF_NET_OFF) + 8;

// As the kernel loads them: the network's order.
std::uint32_t word(const std::byte* from) noexcept {
  std::uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return ntohl(value);
}

}  // namespace

Filter::Filter(const Passing& passing) noexcept {
  if (passing.cluster) {
    std::array<std::byte, header_size> header;
    write_header({.cluster = *passing.cluster}, header);
    require(BPF_W, 0, word(header.data()));                        // magic
    require(BPF_B, 4, std::to_integer<std::uint32_t>(header[4]));  // version
    for (const std::uint32_t at : {8u, 12u}) require(BPF_W, at, word(header.data() + at));
  }
  if (passing.sources)
    for (const Address& source : *passing.sources) pass(source);
  add(BPF_RET | BPF_K, passing.sources ? drop : whole);
}

void Filter::add(std::uint16_t code, std::uint32_t value, std::uint8_t yes,
                 std::uint8_t no) noexcept {
  assert(size_ < program_.size());
  program_[size_++] = {.code = code, .jt = yes, .jf = no, .k = value};
}

// A datagram that is too short for the load is dropped, too.
void Filter::require(std::uint16_t size, std::uint32_t offset, std::uint32_t value) noexcept {
  add(static_cast<std::uint16_t>(BPF_LD | BPF_ABS | size), udp_header + offset);
  add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
  add(BPF_RET | BPF_K, drop);
}

void Filter::pass(const Address& source) noexcept {
  const bool v4 = family(source) == AF_INET;
  if (!v4 && family(source) != AF_INET6) return;
  const std::size_t offset =
      v4 ? offsetof(sockaddr_in, sin_addr) : offsetof(sockaddr_in6, sin6_addr);
  const std::uint32_t words = v4 ? 1 : words_max;
  for (std::uint32_t i = 0; i < words; ++i) {
    add(BPF_LD | BPF_ABS | BPF_W, (v4 ? source_v4 : source_v6) + 4 * i);
    // Another one: behind the return below.
    const auto behind = static_cast<std::uint8_t>(2 * (words - i - 1) + 1);
    add(BPF_JMP | BPF_JEQ | BPF_K, word(source.bytes.data() + offset + 4 * i), 0, behind);
  }
  add(BPF_RET | BPF_K, whole);
}

bool Filter::attach(const Socket& socket) const noexcept {
  const sock_fprog program = {.len = static_cast<unsigned short>(size_),
                              .filter = const_cast<sock_filter*>(program_.data())};
  return setsockopt(socket.fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

std::uint32_t dropped_by_kernel(const Socket& socket) noexcept {
  std::array<std::uint32_t, SK_MEMINFO_VARS> facts{};
  socklen_t size = sizeof facts;
  if (getsockopt(socket.fd(), SOL_SOCKET, SO_MEMINFO, facts.data(), &size) != 0) return 0;
  return facts[SK_MEMINFO_DROPS];
}

}  // namespace gyre::udp
