// The daemon's side of one local program, on the reactor: nothing here allocates, locks or waits.
//
// Life of a port:  free → open(channel) → … → ended (the program is gone or was cut off) → its last
// requests and its process_down are taken by the ring → finished() → release() → free.
//
// Requests: submit_to() once per turn while hot(). A record leaves the program's ring only when
// the whole message was taken into the order, so its bytes need no copy of their own here.
// Events: the calls of membership::Sink, each written once, straight into the program's ring, then
// publish() at the end of the batch. The ring of events never makes the daemon wait: when it is
// full, or the program took nothing for stall_max, the program is cut off.
//
// Waiting: the node puts fd() into its epoll set once, edge-triggered (EPOLLIN | EPOLLRDHUP |
// EPOLLET), and calls woken() for what it reports. A parked port has no request and rings its
// doorbell for the next one; a hot one is polled, and its doorbell byte is left in the socket.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "membership/groups.hh"
#include "membership/view.hh"
#include "totem/types.hh"
#include "transport/shm/channel.hh"
#include "transport/shm/records.hh"
#include "transport/time.hh"

namespace gyre::node {

// What a port wants of the ring: Ring::submit with Class::application at the present time, and
// Ring::abandon.
class Submitter {
 public:
  virtual ~Submitter() = default;
  // True: taken. False: call again later with the same bytes.
  virtual bool submit(std::uint32_t client, totem::Guarantee guarantee,
                      std::span<const std::span<const std::byte>> parts) noexcept = 0;
  virtual void abandon(std::uint32_t client) noexcept = 0;
};

enum class PortEnd : std::uint8_t {
  none,
  gone,      // it closed its socket or died
  shutdown,  // the daemon stops
  backlog,   // its ring of events is full
  stalled,   // it took no event for stall_max
  broken,    // it wrote what the library never writes
};
std::string_view text(PortEnd end) noexcept;

struct PortLimits {
  Duration stall_max = std::chrono::seconds(60);        // client_stall_max
  Duration park_after = std::chrono::microseconds(50);  // without a request
};

// What one turn may take from one program, so that none starves the others.
struct PortBudget {
  std::size_t records = 64;
  std::size_t bytes = 256 << 10;
};

struct PortCounters {
  std::uint64_t requests = 0, request_bytes = 0;  // taken into the order
  std::uint64_t events = 0, event_bytes = 0;      // written to the program
};

class ClientPort {
 public:
  // Takes a free port into use. `now` starts the stall timer. The node hands the current view to
  // view() right after, so that the program's stream begins with one.
  void open(shm::Channel channel, const PortLimits& limits, Time now) noexcept;
  bool in_use() const noexcept { return static_cast<bool>(channel_.socket); }
  // The program is out of its groups everywhere; nothing more comes from this port.
  bool finished() const noexcept { return finished_; }
  // The port is free again; the channel is to be destroyed where unmapping may take its time.
  shm::Channel release() noexcept;

  // Requests. True if there was something to do. Parks the port when there was nothing for
  // park_after.
  bool submit_to(Submitter& ring, const PortBudget& budget, Time now) noexcept;
  // To be polled: it has requests, or had some lately, or still has to say that it is down.
  bool hot() const noexcept { return in_use() && !parked_ && !finished_; }
  // Hot, but the ring said `later` to its request: no reason to stay awake before the ring moves.
  bool stuck() const noexcept { return stuck_; }
  // Before sleeping, for a hot port: the next request rings. False: there is one already. A stuck
  // port stays as it is.
  bool park() noexcept;
  // epoll reports fd(); `hung_up`: with EPOLLHUP, EPOLLRDHUP or EPOLLERR.
  void woken(bool hung_up, Time now) noexcept;
  int fd() const noexcept { return channel_.socket.number(); }

  // Events, in the one order. A port that has ended takes none.
  void transitional(const totem::Configuration& configuration) noexcept;
  void view(const membership::View& view) noexcept;
  void group_change(const membership::GroupChange& change) noexcept;  // only of its own groups
  // These two only if it is this program.
  void join_refused(const membership::Process& process, std::string_view name,
                    std::string_view reason) noexcept;
  void membership_refused(const membership::Process& process, std::string_view name,
                          std::string_view reason) noexcept;
  void message(const membership::GroupMessage& message) noexcept;  // only to its own groups
  void verdict(const membership::VerdictChange& change) noexcept;
  // Until when the verdict of that number may be acted on; Time::min(): not now. At once.
  void lease(std::uint64_t verdict, Time until) noexcept;
  // Shows the program what was written since the last call, and rings.
  void publish() noexcept;

  // Cuts a stalled program off. To be called several times per stall_max: it counts from the first
  // call that finds the program behind, and a gap of half of stall_max between two calls is a pause
  // of our own and starts it again.
  void watch(Time now) noexcept;
  // Ends it from our side. The first reason stands.
  void end(PortEnd reason) noexcept;
  PortEnd ended() const noexcept { return end_; }

  membership::Process process() const noexcept {
    return {NodeId{channel_.node}, channel_.pid, channel_.client};
  }
  const PortCounters& counters() const noexcept { return counters_; }

 private:
  // A group that the program has asked for. It stays until it is out and nothing is under way.
  struct Group {
    bool member = false;                // at the place in the order that was delivered last
    std::uint32_t joins_under_way = 0;  // taken, but neither delivered nor refused
  };
  // The request at the head of the ring, read once: the program may change its bytes meanwhile.
  struct Request {
    enum class Kind : std::uint8_t { none, join, leave, data, process_down } kind = Kind::none;
    totem::Guarantee guarantee{};
    membership::GroupId group{};
    membership::wire::Encoded header;
    std::array<std::span<const std::byte>, 2> parts;  // header, payload
    std::size_t size() const noexcept { return parts[0].size() + parts[1].size(); }
  };

  bool next_request(Submitter& ring) noexcept;
  bool read_request(const shm::Record& record) noexcept;
  void fill_request(Request::Kind kind, membership::GroupId group,
                    const membership::wire::Encoded& header) noexcept;
  void taken() noexcept;
  void park_if_idle(Time now) noexcept;

  static constexpr std::size_t nowhere = shm::groups_max;
  std::size_t find(membership::GroupId group) const noexcept;
  void forget_if_settled(std::size_t index) noexcept;
  void refused(shm::EventKind kind, std::string_view name, std::string_view reason) noexcept;
  bool is_self(const membership::Process& other) const noexcept { return other == process(); }
  // Room for an event, or null after the program was cut off.
  std::byte* claim(shm::EventKind kind, std::size_t size) noexcept;

  shm::Channel channel_;
  shm::Consumer requests_;
  shm::Producer events_;
  shm::Doorbell requests_bell_, events_bell_, room_bell_;
  PortLimits limits_;
  PortCounters counters_;
  PortEnd end_ = PortEnd::none;
  bool parked_ = false, finished_ = false, stuck_ = false;
  Time last_request_{}, last_progress_{}, last_watch_{};
  bool behind_ = false;         // there were events to take when we looked last
  std::uint64_t progress_ = 0;  // the program's position when we looked last
  Request request_;
  std::array<membership::GroupId, shm::groups_max>
      group_ids_{};  // apart, because they are searched
  std::array<Group, shm::groups_max> groups_{};
  std::size_t groups_count_ = 0;
};

}  // namespace gyre::node
