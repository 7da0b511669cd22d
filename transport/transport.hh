// A transport is an unreliable datagram device, polled in bursts by one reactor.
//
// It may lose, duplicate, delay and reorder frames; it never blocks, never waits, and knows
// nothing of the protocol it carries.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "transport/frame.hh"
#include "transport/time.hh"

namespace gyre {

// A node's identity in the cluster, the one on the wire and in the configuration. Never 0.
enum class NodeId : std::uint32_t { none = 0 };

// A node's place in this process's tables: dense, local, never on the wire. Index 0 is this node.
enum class NodeIndex : std::uint8_t { self = 0, everyone = 255 };
inline constexpr std::size_t nodes_max = 128;
constexpr std::size_t at(NodeIndex index) noexcept {
  return static_cast<std::size_t>(index);
}

enum class LinkIndex : std::uint8_t {};
inline constexpr std::size_t links_max = 8;

// Two lanes with queues of their own, so that a token never waits behind data (and is read only
// after the data that it follows).
enum class Lane : std::uint8_t { data = 0, token = 1 };
inline constexpr std::size_t lane_count = 2;

// Where a frame came from or goes to. Only the device that made it knows what is inside.
struct Address {
  std::array<std::byte, 32> bytes{};
  auto operator<=>(const Address&) const = default;
};

struct Arrival {
  FrameRef frame;
  Address source;
  LinkIndex link{};
  // Filled in by the layer that reads the clear header, not by a device.
  NodeId sender{};
  std::uint64_t boot = 0;  // of the sender's start; 0: there is no header
};

// A device with multicast has one data lane for all: a data frame reaches everyone, whatever `to`
// says.
struct Send {
  FrameRef frame;  // its bytes do not change any more once handed over
  NodeIndex to = NodeIndex::everyone;
  Lane lane = Lane::data;
};

struct Limits {
  std::size_t payload_max = 0;     // bytes of one frame
  std::size_t headroom = 0;        // bytes that the device wants in front of a frame
  std::size_t tailroom = 0;        // and behind it
  std::size_t burst_max = 1;       // frames per call of receive or send
  std::size_t receive_frames = 1;  // full frames that its receive queue holds before it drops
  bool multicast = false;          // one send to everyone is one frame on the wire
  bool can_wait = false;           // wait_fds and arm work
  bool completes_in_send = false;  // a frame taken by send() is not read any more once it returned
  std::size_t frames_held = 0;     // of the pool, that the device keeps ready to receive into
};

struct LinkEvent {
  enum class Kind : std::uint8_t { up, down, mtu } kind = Kind::up;
  LinkIndex link{};
  std::uint32_t mtu = 0;    // with Kind::mtu: bytes
  std::string_view reason;  // static storage
};

// Frames that went nowhere, by reason; each device adds its own.
struct TransportCounters {
  std::uint64_t sent = 0, received = 0, sent_bytes = 0, received_bytes = 0;
  std::uint64_t system_calls = 0;
  std::uint64_t dropped_no_buffer = 0;   // pool empty: the frame stayed in the device or was lost
  std::uint64_t dropped_truncated = 0;   // longer than payload_max
  std::uint64_t dropped_unresolved = 0;  // send to a peer without an address
  std::uint64_t dropped_stalled = 0;     // the device took nothing for stall_max
  std::uint64_t dropped_error = 0;       // refused by the kernel or the card
  std::uint64_t dropped_source = 0;      // not from an address that is listed
  std::uint64_t dropped_kernel = 0;      // by the kernel: of another cluster or source, or no room
};

class Transport {
 public:
  virtual ~Transport() = default;

  virtual Limits limits() const noexcept = 0;
  // Fills a prefix of `arrivals` and returns its length; 0 when nothing is there. Never waits;
  // never returns a frame that this node sent.
  virtual std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept = 0;
  // Takes a prefix of `sends`, in order within a lane; the caller offers the rest again later.
  // Stuck for stall_max, it takes, drops and counts them. What it took it sends even if destroyed.
  virtual std::size_t send(std::span<const Send> sends) noexcept = 0;
  // Where `peer` is reached from now on. Returns at once; until the address is resolved, sends to
  // it are counted drops.
  virtual void set_peer(NodeIndex peer, LinkIndex link, const Address& address) noexcept = 0;
  // Who `peer` is, for a device that knows nodes by their identity.
  virtual void introduce(NodeIndex /*peer*/, NodeId /*id*/) noexcept {}
  // The device's own timers: probes, address resolution, queue-pair recovery.
  virtual void advance(Time now) noexcept = 0;
  virtual Time deadline() const noexcept = 0;
  // Descriptors that become readable on arrival; after arm() returned true the caller may block on
  // them. False: something arrived meanwhile, poll again.
  virtual std::span<const int> wait_fds() const noexcept = 0;
  virtual bool arm() noexcept = 0;
  // Fills a prefix with what changed since the last call.
  virtual std::size_t link_events(std::span<LinkEvent> events) noexcept = 0;

  virtual const TransportCounters& counters() const noexcept = 0;
};

}  // namespace gyre
