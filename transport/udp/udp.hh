// Frames over kernel UDP, one frame a datagram.
//
// multicast, broadcast: the data lane is received on the group's address and `port`, the token lane
//   on the node's own address and `port`. A data frame reaches everyone; a token frame goes to one
//   peer, or to each peer in turn.
// unicast: both lanes are received on the own address and `port`, by two sockets that share it; the
//   kernel steers by the lane byte of the clear header, so the frames must carry one. A frame for
//   everyone goes to each peer in turn.
// Everything is sent from the own address and `port` - 1.
//
// Link events: none. The kernel hides carrier and route changes behind its sockets; a dead path
// shows as silence. An interface that is deleted and made again, under its name and with its
// address, is used again within a second; for broadcast, and for groups of IPv6, that takes a new
// device.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "transport/transport.hh"
#include "transport/udp/socket.hh"

namespace gyre::udp {

enum class Kind : std::uint8_t { multicast, broadcast, unicast };

struct Settings {
  Kind kind = Kind::multicast;
  std::string address;    // own, numeric
  std::string interface;  // e.g. eth0; empty: the one that has `address`
  std::string group;      // multicast: the group's address, numeric
  std::uint16_t port = 5405;
  int ttl = 1;                     // multicast: 0 to 255
  std::size_t payload_max = 1400;  // bytes of one datagram, payload_limit at most
  // Numeric addresses; frames from others are dropped. Nothing: sources are not known beforehand.
  std::optional<std::vector<std::string>> sources;
  // What write_header puts into each frame; others never leave the kernel. Nothing: not looked at.
  std::optional<std::uint64_t> cluster;
  // Nobody sends to the token lane before set_peer() has named him: the rest stays in the kernel.
  bool tokens_from_peers_only = false;
  Duration stall_max = std::chrono::milliseconds(100);
  // Asked for; what the kernel grants is in Limits::receive_frames. The send buffer is as large
  // because frames for peers that no longer answer ARP sit in it for seconds.
  int receive_buffer = 8 << 20;
  int send_buffer = 8 << 20;
};

inline constexpr std::size_t payload_limit = 65507;

class Device final : public Transport {
 public:
  static constexpr std::size_t burst_max = 64;

  // `pool` outlives this; headroom + payload of its buffers is at least payload_max. Throws
  // std::runtime_error or std::system_error that names address, port, interface and call.
  Device(const Settings& settings, FramePool& pool);

  Limits limits() const noexcept override { return limits_; }
  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override;
  std::size_t send(std::span<const Send> sends) noexcept override;
  // A peer is reached on `port` whatever port `address` has, so the source of an arrival will do.
  // An empty address takes the peer away, and so does one of the other IP version.
  void set_peer(NodeIndex peer, LinkIndex link, const Address& address) noexcept override;
  void advance(Time now) noexcept override;
  Time deadline() const noexcept override;
  std::span<const int> wait_fds() const noexcept override { return wait_fds_; }
  bool arm() noexcept override { return true; }  // level-triggered: readable until taken
  std::size_t link_events(std::span<LinkEvent>) noexcept override { return 0; }
  const TransportCounters& counters() const noexcept override { return counters_; }

 private:
  static constexpr std::size_t batch_max = 256;  // datagrams per system call when sending

  // A place in a list of sends: which one, and which of its destinations.
  struct Cursor {
    std::size_t send = 0, destination = 0;
  };
  // A frame of which some destinations were served when the kernel would take no more. If the
  // caller offers it again, it goes on from there.
  struct Unfinished {
    const std::byte* data = nullptr;
    std::size_t size = 0;
    Lane lane{};
    std::size_t destination = 0;
  };

  void open_sockets(const Settings& settings);
  Socket open_group(const Settings& settings);
  void join_again() noexcept;
  void set_limits(const Settings& settings);

  void filter_data();
  void filter_tokens() noexcept;
  void count_drops() noexcept;

  std::size_t prepare(std::size_t count) noexcept;
  bool welcome(const mmsghdr& message, const Address& source) noexcept;

  Cursor begin(std::span<const Send> sends) noexcept;
  void remember(const Send& send, std::size_t destination) noexcept;
  std::uint64_t* drop_reason(const Send& send) noexcept;
  bool to_group(const Send& send) const noexcept;
  std::size_t destinations(const Send& send) const noexcept;
  const Address& destination(const Send& send, std::size_t i) const noexcept;
  std::pair<std::size_t, Cursor> fill(std::span<const Send> sends, Cursor place) noexcept;
  void count_sent(std::size_t messages) noexcept;
  bool stalled_too_long() noexcept;

  const Kind kind_;
  const std::uint16_t port_;
  const Address own_source_;  // what our own frames come from
  int interface_index_;
  std::string interface_;  // whose groups are joined anew if it is made again; empty: none
  const Duration stall_max_;
  Address group_;
  std::optional<std::vector<Address>> sources_;  // sorted, port 0
  const std::optional<std::uint64_t> cluster_;
  const bool tokens_from_peers_only_;
  FramePool& pool_;
  Limits limits_;
  std::size_t headroom_used_ = 0;  // where the pool's payload is smaller than a datagram

  Socket sender_;
  std::array<Socket, lane_count> receivers_;
  std::array<int, lane_count> wait_fds_{};

  // Receiving: buffers in waiting, each with its place in the call's arrays.
  std::array<FrameRef, burst_max> spares_;
  std::array<mmsghdr, burst_max> inbox_{};
  std::array<iovec, burst_max> inbox_bytes_{};
  std::array<Address, burst_max> inbox_sources_{};
  std::array<bool, lane_count> known_empty_{};

  // Sending: one batch, and what each of its messages came from.
  std::array<mmsghdr, batch_max> outbox_{};
  std::array<iovec, batch_max> outbox_bytes_{};
  std::array<Cursor, batch_max> outbox_from_{};
  std::array<Address, nodes_max> peers_{};  // empty: not known
  std::array<NodeIndex, nodes_max> known_peers_{};
  std::size_t known_peer_count_ = 0;
  bool peers_changed_ = false;  // and the token lane's filter has not

  Unfinished unfinished_;

  Time now_{};
  Time stalled_since_ = never;
  Time look_after_at_{};
  TransportCounters counters_;
};

}  // namespace gyre::udp
