#include "tests/node/switch.hh"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

#include "tests/transport/shell.hh"
#include "transport/udp/address.hh"

namespace gyre::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void set(const shm::Descriptor& socket, int level, int option, int value) {
  if (::setsockopt(socket.number(), level, option, &value, sizeof value) != 0)
    fail(fmt::format("setsockopt {} {}", level, option));
}

std::string port_of(int node) {
  return fmt::format("port{}", node);
}

// One that may say that it is anybody.
shm::Descriptor socket_from(const std::string& from, int to) {
  shm::Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  set(socket, IPPROTO_IP, IP_TRANSPARENT, 1);
  set(socket, SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20);
  const Address own = udp::to_address(from, 0);
  const Address other = udp::to_address(Switch::address(to), Switch::port);
  if (::bind(socket.number(), udp::raw(own), udp::raw_size(own)) != 0) fail("bind " + from);
  if (::connect(socket.number(), udp::raw(other), udp::raw_size(other)) != 0) fail("connect");
  return socket;
}

}  // namespace

Namespace::Namespace() : descriptor_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
  if (!descriptor_) fail("/proc/thread-self/ns/net");
}

void Namespace::enter() const {
  if (::setns(descriptor_.number(), CLONE_NEWNET) != 0) fail("setns");
}

std::string Namespace::path() const {
  return fmt::format("/proc/{}/fd/{}", ::getpid(), descriptor_.number());
}

namespace {

Namespace made() {
  if (::unshare(CLONE_NEWNET) != 0) fail("unshare CLONE_NEWNET");
  return {};
}

}  // namespace

Switch::Switch() : beside_(made()) {
  run(fmt::format("ip link add hub type bridge && ip link set hub up && ip addr add {}/24 dev hub",
                  stranger()));
  for (int node = 1; node <= nodes; ++node) add(node);
}

Switch::~Switch() {
  before_.enter();
}

void Switch::add(int node) {
  nodes_.push_back(made());
  beside_.enter();
  run(
      fmt::format("ip link add {0} type veth peer name e0 netns {1} && ip link set {0} master hub "
                  "up",
                  port_of(node), nodes_.back().path()));
  at(node, [&] {
    run(fmt::format("ip link set lo up && ip addr add {}/24 dev e0 && ip link set e0 up",
                    address(node)));
  });
}

std::string Switch::address(int node) {
  return fmt::format("10.77.0.{}", node);
}

std::string Switch::stranger() {
  return "10.77.0.66";
}

void Switch::inject(const std::string& from, int to, std::span<const Bytes> frames) const {
  const shm::Descriptor socket = socket_from(from, to);
  for (const Bytes& frame : frames)
    if (::send(socket.number(), frame.data(), frame.size(), 0) !=
        static_cast<ssize_t>(frame.size()))
      fail("send");
}

Tap::Tap(int from, int to)
    : from_(from),
      to_(to),
      socket_(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL))) {
  set(socket_, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20);
  sockaddr_ll place{};
  place.sll_family = AF_PACKET;
  place.sll_protocol = htons(ETH_P_ALL);
  place.sll_ifindex = static_cast<int>(::if_nametoindex(port_of(to).c_str()));
  if (::bind(socket_.number(), reinterpret_cast<sockaddr*>(&place), sizeof place) != 0)
    fail("bind to " + port_of(to));
}

std::vector<Bytes> Tap::heard() {
  constexpr std::size_t ip = 20, udp = 8;
  std::vector<Bytes> frames;
  std::array<std::byte, 2048> packet;
  for (ssize_t got;
       (got = ::recv(socket_.number(), packet.data(), packet.size(), MSG_DONTWAIT)) > 0;) {
    const auto is_at = [&](std::size_t offset, int node) {
      char text[INET_ADDRSTRLEN];
      ::inet_ntop(AF_INET, packet.data() + offset, text, sizeof text);
      return Switch::address(node) == text;
    };
    const auto size = static_cast<std::size_t>(got);
    if (size <= ip + udp || packet[0] != std::byte{0x45} || packet[9] != std::byte{IPPROTO_UDP})
      continue;
    if (is_at(12, from_) && is_at(16, to_))
      frames.emplace_back(packet.data() + ip + udp, packet.data() + size);
  }
  return frames;
}

// Sixteen buffers a call, each of as many datagrams as the kernel cuts one into (UDP_SEGMENT).
Flood::Flood(const std::string& from, int to, const Bytes& frame)
    : sent_(static_cast<std::uint64_t*>(::mmap(nullptr, sizeof *sent_, PROT_READ | PROT_WRITE,
                                               MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
  const shm::Descriptor socket = socket_from(from, to);
  set(socket, SOL_UDP, UDP_SEGMENT, static_cast<int>(frame.size()));
  constexpr std::size_t at_once = 16, segments_max = 64, bytes_max = 65000;
  const std::size_t segments = std::min(segments_max, bytes_max / frame.size());
  Bytes bytes;
  for (std::size_t i = 0; i < segments; ++i) bytes.insert(bytes.end(), frame.begin(), frame.end());
  process_ = ::fork();
  if (process_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  std::array<mmsghdr, at_once> messages{};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_iov = &part;
    message.msg_hdr.msg_iovlen = 1;
  }
  for (;;) {
    const int taken = ::sendmmsg(socket.number(), messages.data(), at_once, 0);
    if (taken > 0)
      std::atomic_ref(*sent_).fetch_add(static_cast<std::size_t>(taken) * segments,
                                        std::memory_order_relaxed);
  }
}

Flood::~Flood() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  ::munmap(sent_, sizeof *sent_);
}

std::uint64_t Flood::sent() const {
  return std::atomic_ref(*sent_).load(std::memory_order_relaxed);
}

}  // namespace gyre::test
