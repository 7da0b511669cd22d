// An IP address without a port: what the configuration compares and derives node ids from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace gyre::node {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // network order; of IPv4 the first four, the rest 0
  auto operator<=>(const IpAddress&) const = default;
};

// Nothing unless `text` is a numeric address. IPv6 comes without a zone ("%eth0").
std::optional<IpAddress> parse_ip(const std::string& text);
std::string text(const IpAddress& address);

bool is_multicast(const IpAddress& address);
bool is_loopback(const IpAddress& address);
bool is_link_local(const IpAddress& address);  // IPv6 only: fe80::/10 means nothing without a zone

// Whether the first `prefix` bits are the same; false across families.
bool same_network(const IpAddress& a, const IpAddress& b, unsigned prefix);
// `address` with all bits behind `prefix` cleared.
IpAddress network_of(IpAddress address, unsigned prefix);

// The address read as a big-endian number. IPv4 only.
std::uint32_t ipv4_number(const IpAddress& address);

// Where a cluster of this name multicasts on that link unless it says otherwise.
std::string default_mcastaddr(const std::string& cluster_name, bool v6, std::size_t link = 0);

}  // namespace gyre::node
