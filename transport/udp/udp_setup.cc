// The slow half: sockets are opened, bound and tuned, once. Everything that fails here throws and
// names the address, the port, the interface and the call.
#include <ifaddrs.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "transport/header.hh"
#include "transport/udp/address.hh"
#include "transport/udp/filter.hh"
#include "transport/udp/udp.hh"

namespace gyre::udp {

namespace {

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw std::system_error(error, std::generic_category(), what);
}

void set(const Socket& socket, int level, int option, int value, const std::string& what) {
  if (setsockopt(socket.fd(), level, option, &value, sizeof value) != 0) fail(what);
}

Socket make_socket(const Address& address) {
  Socket socket(::socket(family(address), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) fail("UDP on " + text(with_port(address, 0)) + ": socket");
  if (family(address) == AF_INET6) set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");
  return socket;
}

void bind_to(const Socket& socket, const Address& address) {
  if (bind(socket.fd(), raw(address), raw_size(address)) == 0) return;
  const int error = errno;
  const std::string ip = text(with_port(address, 0));
  const std::string number = "port " + std::to_string(port(address)) + " on " + ip;
  if (error == EADDRINUSE) fail(number + " is taken (bind)", error);
  if (error == EADDRNOTAVAIL) fail("no interface has the address " + ip + " (bind)", error);
  fail(number + ": bind", error);
}

// The privileged form first: it is not held to rmem_max and wmem_max.
void enlarge(const Socket& socket, int forced, int plain, int bytes) {
  if (setsockopt(socket.fd(), SOL_SOCKET, forced, &bytes, sizeof bytes) != 0)
    set(socket, SOL_SOCKET, plain, bytes, "SO_RCVBUF or SO_SNDBUF");
}

int option(const Socket& socket, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(socket.fd(), level, name, &value, &size) != 0) fail("getsockopt");
  return value;
}

// The interface by name, else by the address that it has.
int find_interface(const Settings& settings) {
  std::string name = settings.interface;
  if (name.empty()) {
    const Address own = to_address(settings.address);
    const std::string ip = text(own);
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) fail("getifaddrs");
    for (const ifaddrs* i = all; i && name.empty(); i = i->ifa_next) {
      if (!i->ifa_addr || i->ifa_addr->sa_family != family(own)) continue;
      Address address;
      std::memcpy(address.bytes.data(), i->ifa_addr, raw_size(own));
      // All of 127/8 is local on the interface that has one of its addresses.
      if (text(with_port(address, 0)) == ip || (is_loopback(own) && is_loopback(address)))
        name = i->ifa_name;
    }
    freeifaddrs(all);
    if (name.empty()) throw std::runtime_error("no interface has the address " + ip);
  }
  const unsigned index = if_nametoindex(name.c_str());
  if (index == 0) fail("interface " + name + ": if_nametoindex");
  return static_cast<int>(index);
}

std::string interface_name(int index) {
  char name[IF_NAMESIZE] = "";
  return if_indextoname(static_cast<unsigned>(index), name) ? name : std::to_string(index);
}

std::size_t interface_mtu(const Socket& socket, int index) {
  ifreq request{};
  interface_name(index).copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(socket.fd(), SIOCGIFMTU, &request) != 0)
    fail("interface " + interface_name(index) + ": SIOCGIFMTU");
  return static_cast<std::size_t>(request.ifr_mtu);
}

// Two sockets on one address; the kernel gives a datagram to the socket of its lane byte. Anything
// too short for one goes to the first, any other value to either: the header is checked above.
void steer_by_lane(const Socket& first, const Address& address) {
  std::array<sock_filter, 2> program = {
      sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, header_lane_offset),
      sock_filter BPF_STMT(BPF_RET | BPF_A, 0)};
  const sock_fprog filter = {.len = program.size(), .filter = program.data()};
  if (setsockopt(first.fd(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter) != 0)
    fail("udpu on " + text(address) + ": lanes cannot be steered (SO_ATTACH_REUSEPORT_CBPF)");
}

// What the kernel charges a receive queue for one datagram: each fragment has a buffer of its own,
// rounded up to what its driver or slab hands out (4 KiB at least with many), and a head.
std::size_t charge(std::size_t payload, std::size_t mtu) {
  constexpr std::size_t page = 4096, head = 768, ip_and_udp = 48, slab_max = 16384;
  const std::size_t per_fragment = std::max<std::size_t>(mtu, 576) - ip_and_udp;
  const auto one = [&](std::size_t bytes) {
    const std::size_t buffer = bytes + ip_and_udp + head;
    return head + (buffer <= slab_max ? std::max(page, std::bit_ceil(buffer))
                                      : (buffer / page + 2) * page);
  };
  const std::size_t rest = payload % per_fragment;
  return payload / per_fragment * one(per_fragment) + (rest ? one(rest) : 0);
}

Address checked_group(const Settings& settings) {
  const Address own = to_address(settings.address);
  if (settings.kind == Kind::unicast) return {};
  if (settings.kind == Kind::broadcast) {
    if (family(own) != AF_INET) throw std::runtime_error("broadcast exists only in IPv4");
    return to_address("255.255.255.255", settings.port);
  }
  const Address group = to_address(settings.group, settings.port);
  if (!is_multicast(group))
    throw std::runtime_error("'" + settings.group + "' is not a multicast address");
  if (family(group) != family(own))
    throw std::runtime_error(settings.group + " and " + settings.address +
                             " are not of one IP version");
  return group;
}

void check(const Settings& settings, const FramePool& pool) {
  if (settings.port < 2) throw std::runtime_error("the port is 2 at least: port - 1 is used too");
  if (settings.payload_max <= header_size || settings.payload_max > payload_limit)
    throw std::runtime_error("datagrams of " + std::to_string(settings.payload_max) +
                             " bytes: " + std::to_string(header_size + 1) + " to " +
                             std::to_string(payload_limit) + " are possible");
  if (settings.ttl < 0 || settings.ttl > 255) throw std::runtime_error("ttl is 0 to 255");
  assert(pool.headroom() + pool.payload() >= settings.payload_max);
}

std::optional<std::vector<Address>> sorted_sources(const Settings& settings) {
  if (!settings.sources) return std::nullopt;
  std::vector<Address> sources;
  for (const std::string& ip : *settings.sources) sources.push_back(to_address(ip));
  std::ranges::sort(sources);
  return sources;
}

// `how`: MCAST_JOIN_GROUP or MCAST_LEAVE_GROUP.
bool in_group(const Socket& socket, const Address& group, int interface, int how) noexcept {
  group_req request{};
  request.gr_interface = static_cast<std::uint32_t>(interface);
  std::memcpy(&request.gr_group, raw(group), raw_size(group));
  const int level = family(group) == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  return setsockopt(socket.fd(), level, how, &request, sizeof request) == 0;
}

void join_group(const Socket& socket, const Address& group, int interface) {
  const std::string what = "group " + text(group) + " on " + interface_name(interface);
  if (!in_group(socket, group, interface, MCAST_JOIN_GROUP)) fail(what + ": MCAST_JOIN_GROUP");
  const bool v4 = family(group) == AF_INET;
  const int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
  // Only what this socket joined, not what others on the machine joined on other interfaces.
  constexpr int ipv6_multicast_all = 29;  // newer than the headers of libc
  set(socket, level, v4 ? IP_MULTICAST_ALL : ipv6_multicast_all, 0, what + ": MULTICAST_ALL");
}

bool send_over(const Socket& socket, int interface) noexcept {
  ip_mreqn request{};
  request.imr_ifindex = interface;
  return setsockopt(socket.fd(), IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) == 0;
}

void send_to_group(const Socket& socket, const Address& own, int interface, int ttl) {
  const std::string what = "multicast on " + interface_name(interface) + ": ";
  const int loop = is_loopback(own);  // where several nodes share a machine
  if (family(own) == AF_INET) {
    if (!send_over(socket, interface)) fail(what + "IP_MULTICAST_IF");
    set(socket, IPPROTO_IP, IP_MULTICAST_TTL, ttl, what + "IP_MULTICAST_TTL");
    set(socket, IPPROTO_IP, IP_MULTICAST_LOOP, loop, what + "IP_MULTICAST_LOOP");
  } else {
    set(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, interface, what + "IPV6_MULTICAST_IF");
    set(socket, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl, what + "IPV6_MULTICAST_HOPS");
    set(socket, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, loop, what + "IPV6_MULTICAST_LOOP");
  }
}

}  // namespace

Device::Device(const Settings& settings, FramePool& pool)
    : kind_(settings.kind),
      port_(settings.port),
      own_source_(to_address(settings.address, static_cast<std::uint16_t>(settings.port - 1))),
      interface_index_(find_interface(settings)),
      stall_max_(settings.stall_max),
      group_(checked_group(settings)),
      sources_(sorted_sources(settings)),
      cluster_(settings.cluster),
      tokens_from_peers_only_(settings.tokens_from_peers_only),
      pool_(pool) {
  check(settings, pool);
  open_sockets(settings);
  filter_data();
  peers_changed_ = true;
  filter_tokens();
  set_limits(settings);
  headroom_used_ = settings.payload_max - std::min(settings.payload_max, pool.payload());
  for (std::size_t i = 0; i < burst_max; ++i) {
    inbox_[i].msg_hdr.msg_name = inbox_sources_[i].bytes.data();
    inbox_[i].msg_hdr.msg_iov = &inbox_bytes_[i];
    inbox_[i].msg_hdr.msg_iovlen = 1;
  }
  for (std::size_t i = 0; i < batch_max; ++i) {
    outbox_[i].msg_hdr.msg_iov = &outbox_bytes_[i];
    outbox_[i].msg_hdr.msg_iovlen = 1;
  }
}

void Device::open_sockets(const Settings& settings) {
  const Address own = to_address(settings.address, port_);
  auto& [data, token] = receivers_;
  // Bound alone first: sockets that share a port would also share it with another daemon's.
  token = make_socket(own);
  bind_to(token, own);
  sender_ = make_socket(own_source_);
  bind_to(sender_, own_source_);
  if (kind_ == Kind::unicast) {
    token = Socket();
    data = make_socket(own);
    token = make_socket(own);
    for (const Socket* socket : {&data, &token}) {
      set(*socket, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
      bind_to(*socket, own);
    }
    steer_by_lane(data, own);
  } else {
    data = open_group(settings);
  }
  for (const Socket& socket : receivers_)
    enlarge(socket, SO_RCVBUFFORCE, SO_RCVBUF, settings.receive_buffer);
  enlarge(sender_, SO_SNDBUFFORCE, SO_SNDBUF, settings.send_buffer);
  // Both lanes alike: a token that overtook its data in a queue would ask for it again.
  set(sender_, SOL_SOCKET, SO_PRIORITY, 6, "SO_PRIORITY");
  // Datagrams longer than the interface's MTU are fragmented; nobody's ICMP changes that length.
  if (family(own) == AF_INET)
    set(sender_, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT, "IP_MTU_DISCOVER");
  else
    set(sender_, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT, "IPV6_MTU_DISCOVER");
  wait_fds_ = {data.fd(), token.fd()};
}

Socket Device::open_group(const Settings& settings) {
  Socket socket = make_socket(group_);
  set(socket, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");  // other nodes on this machine
  if (kind_ == Kind::broadcast) {
    const std::string name = interface_name(interface_index_);
    if (setsockopt(socket.fd(), SOL_SOCKET, SO_BINDTODEVICE, name.c_str(),
                   static_cast<socklen_t>(name.size())) != 0)
      fail("broadcast on " + name + ": SO_BINDTODEVICE");
    set(sender_, SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST");
    bind_to(socket, group_);
    return socket;
  }
  if (family(group_) == AF_INET6) {  // groups of link scope exist once per interface
    const auto scope = static_cast<std::uint32_t>(interface_index_);
    std::memcpy(group_.bytes.data() + offsetof(sockaddr_in6, sin6_scope_id), &scope, sizeof scope);
  }
  bind_to(socket, group_);
  join_group(socket, group_, interface_index_);
  send_to_group(sender_, own_source_, interface_index_, settings.ttl);
  if (family(group_) == AF_INET) interface_ = interface_name(interface_index_);
  return socket;
}

// An interface that is made again has another index, and the sockets are not in its groups.
void Device::join_again() noexcept {
  ifreq request{};
  interface_.copy(request.ifr_name, IFNAMSIZ - 1);
  if (interface_.empty() || ioctl(sender_.fd(), SIOCGIFINDEX, &request) != 0 ||
      request.ifr_ifindex == interface_index_)
    return;
  const Socket& data = receivers_[static_cast<std::size_t>(Lane::data)];
  in_group(data, group_, interface_index_, MCAST_LEAVE_GROUP);
  if (in_group(data, group_, request.ifr_ifindex, MCAST_JOIN_GROUP) &&
      send_over(sender_, request.ifr_ifindex))
    interface_index_ = request.ifr_ifindex;
}

// From then on, as before it, what comes in is checked above, too.
void Device::filter_data() {
  const auto attach = [&](Lane lane, const Passing& passing) {
    if (!Filter(passing).attach(receivers_[static_cast<std::size_t>(lane)]))
      fail("UDP on " + text(own_source_) + ": SO_ATTACH_FILTER");
  };
  if (!sources_ && !cluster_) return;
  std::vector<Address> sources = sources_.value_or(std::vector<Address>{});
  sources.push_back(own_source_);  // what comes back on a loopback is nobody's fault
  Passing passing{.cluster = cluster_, .sources = {}};
  if (sources_) passing.sources = sources;
  attach(Lane::data, passing);
  attach(Lane::token, passing);
}

void Device::set_limits(const Settings& settings) {
  // A quarter of the buffer is given back late: what was read may still be charged.
  const auto granted =
      static_cast<std::size_t>(option(receivers_[0], SOL_SOCKET, SO_RCVBUF)) / 4 * 3;
  const std::size_t mtu = interface_mtu(sender_, interface_index_);
  limits_ = {
      .payload_max = settings.payload_max,
      .burst_max = burst_max,
      .receive_frames = std::max<std::size_t>(1, granted / charge(settings.payload_max, mtu)),
      .multicast = kind_ != Kind::unicast,
      .can_wait = true,
      .completes_in_send = true,
      .frames_held = burst_max};
}

}  // namespace gyre::udp
