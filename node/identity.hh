// Who this node is: the search itself, over a description of the machine, so that a test can hand
// one in.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node/config.hh"
#include "node/config_address.hh"

namespace gyre::node {

struct HostAddress {
  std::string interface;
  IpAddress address;
  unsigned prefix = 0;  // bits of the network
};

struct Host {
  std::string name;                    // uname -n
  std::vector<HostAddress> addresses;  // of the interfaces that are up, in the kernel's order
  // Name → addresses, in the resolver's order; empty: unknown.
  std::function<std::vector<IpAddress>(const std::string&)> resolve;
  // Address → full name; empty: unknown.
  std::function<std::string(const IpAddress&)> name_of;
};

// Nothing unless it is one of IPv4 or IPv6.
std::optional<IpAddress> address_of(const sockaddr* socket);

// This machine. Throws ConfigError when the kernel does not say.
Host this_host(const std::string& file);

// Throws ConfigError.
LocalNode find_local(const Config& config, std::optional<std::uint32_t> nodeid, const Host& host);

}  // namespace gyre::node
