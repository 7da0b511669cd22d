#include "transport/udp/address.hh"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>

#include <stdexcept>

namespace gyre::udp {

namespace {

// An Address has no alignment of its own, so the structures are copied out.
template <typename T>
T view(const Address& address) noexcept {
  static_assert(sizeof(T) <= sizeof address.bytes);
  T raw;
  std::memcpy(&raw, address.bytes.data(), sizeof raw);
  return raw;
}

}  // namespace

int family(const Address& address) noexcept {
  return view<sa_family_t>(address);
}

std::uint16_t port(const Address& address) noexcept {
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  return ntohs(view<sockaddr_in>(address).sin_port);
}

Address with_port(Address address, std::uint16_t port) noexcept {
  const std::uint16_t wire = htons(port);
  std::memcpy(address.bytes.data() + offsetof(sockaddr_in, sin_port), &wire, sizeof wire);
  return address;
}

bool is_loopback(const Address& address) noexcept {
  if (family(address) == AF_INET)
    return ntohl(view<sockaddr_in>(address).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  const auto raw = view<sockaddr_in6>(address);
  return IN6_IS_ADDR_LOOPBACK(&raw.sin6_addr);
}

bool is_multicast(const Address& address) noexcept {
  if (family(address) == AF_INET)
    return IN_MULTICAST(ntohl(view<sockaddr_in>(address).sin_addr.s_addr));
  const auto raw = view<sockaddr_in6>(address);
  return IN6_IS_ADDR_MULTICAST(&raw.sin6_addr);
}

socklen_t raw_size(const Address& address) noexcept {
  return family(address) == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

Address to_address(const std::string& ip, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;  // no names: this never asks the network
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(ip.c_str(), nullptr, &hints, &found))
    throw std::runtime_error("'" + ip + "' is not an IP address (" + gai_strerror(error) + ")");
  Address address;
  std::memcpy(address.bytes.data(), found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return with_port(address, port);
}

std::string text(const Address& address) {
  char name[INET6_ADDRSTRLEN] = "";
  std::string ip;
  if (family(address) == AF_INET) {
    const auto raw = view<sockaddr_in>(address);
    ip = inet_ntop(AF_INET, &raw.sin_addr, name, sizeof name);
  } else if (family(address) == AF_INET6) {
    const auto raw = view<sockaddr_in6>(address);
    ip = inet_ntop(AF_INET6, &raw.sin6_addr, name, sizeof name);
    char interface[IF_NAMESIZE];
    if (raw.sin6_scope_id && if_indextoname(raw.sin6_scope_id, interface))
      ip += std::string("%") + interface;
    if (port(address)) ip = "[" + ip + "]";
  } else {
    return "none";
  }
  return port(address) ? ip + ":" + std::to_string(port(address)) : ip;
}

}  // namespace gyre::udp
