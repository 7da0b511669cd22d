// Addresses of kernel UDP: an IPv4 or IPv6 address with a port, inside transport's opaque Address.
// All unused bytes are zero, so equal addresses are equal bytes.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "transport/transport.hh"

namespace gyre::udp {

// From numeric text, "10.0.0.1" or "fd00::1" or "fe80::1%eth0". Throws std::runtime_error.
Address to_address(const std::string& ip, std::uint16_t port = 0);

// "10.0.0.1:5405", "[fd00::1]:5405"; without a port if it is 0; "none" for an empty address.
std::string text(const Address& address);

// AF_INET, AF_INET6, or AF_UNSPEC for an empty address.
int family(const Address& address) noexcept;
std::uint16_t port(const Address& address) noexcept;
Address with_port(Address address, std::uint16_t port) noexcept;
bool is_loopback(const Address& address) noexcept;
bool is_multicast(const Address& address) noexcept;

// For system calls.
inline const sockaddr* raw(const Address& address) noexcept {
  return reinterpret_cast<const sockaddr*>(address.bytes.data());
}
socklen_t raw_size(const Address& address) noexcept;

}  // namespace gyre::udp
