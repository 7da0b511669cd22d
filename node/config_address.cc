#include "node/config_address.hh"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cassert>

namespace gyre::node {

std::optional<IpAddress> parse_ip(const std::string& text) {
  IpAddress address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string text(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), buffer.data(), buffer.size());
  return buffer.data();
}

bool is_multicast(const IpAddress& address) {
  return address.v6 ? address.bytes[0] == 0xff : (address.bytes[0] & 0xf0) == 0xe0;
}

bool is_loopback(const IpAddress& address) {
  return address.v6 ? address == parse_ip("::1") : address.bytes[0] == 127;
}

bool is_link_local(const IpAddress& address) {
  return address.v6 && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}

IpAddress network_of(IpAddress address, unsigned prefix) {
  for (unsigned i = 0; i < address.bytes.size(); ++i) {
    const unsigned kept = prefix > i * 8 ? prefix - i * 8 : 0;
    if (kept < 8) address.bytes[i] &= static_cast<std::uint8_t>(0xff00 >> kept);
  }
  return address;
}

bool same_network(const IpAddress& a, const IpAddress& b, unsigned prefix) {
  return a.v6 == b.v6 && network_of(a, prefix) == network_of(b, prefix);
}

std::uint32_t ipv4_number(const IpAddress& address) {
  assert(!address.v6);
  const auto& bytes = address.bytes;
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

// The sum, its 16 bits and the odd modulus are Corosync's: nodes of both derive the same address.
std::string default_mcastaddr(const std::string& cluster_name, bool v6, std::size_t link) {
  std::uint16_t id = 0;
  for (const char c : cluster_name)
    id = static_cast<std::uint16_t>((id << 1) + static_cast<unsigned char>(c));
  id = static_cast<std::uint16_t>(id + link);
  return v6 ? fmt::format("ff15::{:x}", id) : fmt::format("239.192.{}.{}", id >> 8, id % 255);
}

}  // namespace gyre::node
