#include "node/identity.hh"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/utsname.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>

#include "node/config_lines.hh"

namespace gyre::node {

std::optional<IpAddress> address_of(const sockaddr* socket) {
  if (!socket) return std::nullopt;
  IpAddress address;
  if (socket->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, socket, sizeof v4);
    std::memcpy(address.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    return address;
  }
  if (socket->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, socket, sizeof v6);
    std::memcpy(address.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    address.v6 = true;
    return address;
  }
  return std::nullopt;
}

namespace {

unsigned prefix_of(const IpAddress& mask) {
  unsigned bits = 0;
  for (const std::uint8_t byte : mask.bytes) bits += static_cast<unsigned>(std::popcount(byte));
  return bits;
}

std::vector<HostAddress> interface_addresses(const std::string& file) {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0)
    refuse(file, 0, std::string("the interfaces cannot be listed: getifaddrs: ") + strerror(errno));
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, &freeifaddrs);
  std::vector<HostAddress> result;
  for (const ifaddrs* entry = first; entry; entry = entry->ifa_next) {
    const auto address = address_of(entry->ifa_addr);
    const auto mask = address_of(entry->ifa_netmask);
    if (!address || !(entry->ifa_flags & IFF_UP)) continue;
    const unsigned whole = address->v6 ? 128 : 32;
    result.push_back({entry->ifa_name, *address, mask ? prefix_of(*mask) : whole});
  }
  return result;
}

std::vector<IpAddress> resolve(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* first = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &first) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(first, &freeaddrinfo);
  std::vector<IpAddress> result;
  for (const addrinfo* entry = first; entry; entry = entry->ai_next)
    if (const auto address = address_of(entry->ai_addr)) result.push_back(*address);
  return result;
}

std::string name_of(const IpAddress& address) {
  sockaddr_storage storage{};
  socklen_t length = 0;
  if (address.v6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, address.bytes.data(), sizeof v6.sin6_addr);
    length = sizeof v6;
    std::memcpy(&storage, &v6, length);
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, address.bytes.data(), sizeof v4.sin_addr);
    length = sizeof v4;
    std::memcpy(&storage, &v4, length);
  }
  std::array<char, NI_MAXHOST> name{};
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&storage), length, name.data(), name.size(),
                  nullptr, 0, NI_NAMEREQD) != 0)
    return {};
  return name.data();
}

}  // namespace

Host this_host(const std::string& file) {
  utsname system{};
  if (uname(&system) != 0)
    refuse(file, 0, std::string("this machine has no name: uname: ") + strerror(errno));
  return {system.nodename, interface_addresses(file), resolve, name_of};
}

LocalNode find_local(const Config& config, std::optional<std::uint32_t> nodeid) {
  return find_local(config, nodeid, this_host(config.file));
}

}  // namespace gyre::node
