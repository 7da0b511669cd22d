// One transport made of several links, which may be of different kinds: what one of them loses
// another brings.
//
//   active       every frame on every link; whoever is above drops the second copy
//   passive      every frame on one link, the best one
//   round_robin  every frame on one link, each in turn
//
// Sealed and Stamped stand around it: the same bytes go out on all links, and their replay window
// is the filter for copies. Links come to be known for good or bad by probes of its own
// (link_health.hh); a frame never counts for its link, as an attacker may have moved it there. A
// link that does not reach a peer gets nothing for him, unless none does: then all are tried, and
// whether the peer is lost is the ring's business. What is for everyone goes over as many links as
// it takes to reach everyone who can be reached.
//
// What `open` hands in: devices that share one pool, in the order of LinkIndex; their numbers in
// the configuration and priorities; who we are, how frames are protected, and chance. With a seal,
// keys() is called once that is made, and probes begin. What the node does: introduce() each peer,
// and set_peer() for each of his links (Arrival::link says which one a source is of). What the
// reactor does: link_events(), which are to be logged ("Marking ringid N interface A FAULTY",
// "Automatically recovered ring N"). reenable() is corosync-cfgtool -r; health() is what -s shows,
// for each peer.
//
// A frame that one link took is taken. What another one does not take now waits for it, up to
// `waiting_max`, then that link goes without: a slow link never keeps the others back.
//
// A second active link costs as little as it can. Where one link reaches everyone, the others get
// their copies of a few frames in the next turn, when what the frames were sent for is done. A turn
// looks at those links of which readable() says that something has come; where it says nothing, at
// one, each in turn, and arm() wants to have looked at all.
//
// Pure, if its devices are; nothing is allocated after construction.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "transport/link_health.hh"
#include "transport/transport.hh"

namespace gyre {

class Redundant final : public Transport {
 public:
  static constexpr std::size_t waiting_max = 64;  // frames, for a link that takes none
  static constexpr std::size_t later_max = 8;     // frames whose copies wait for the next turn
  static constexpr int failures_max = 64;         // of seals that do not fit, per tick

  enum class Mode : std::uint8_t { active, passive, round_robin };
  struct Link {
    std::unique_ptr<Transport> device;
    std::uint8_t number = 0;    // ringnumber, linknumber: alike on all nodes
    std::uint8_t priority = 0;  // passive: the highest one of the good links is used
  };
  struct Setup {
    NodeId self{};
    std::uint64_t cluster = 0;  // cluster_tag of the cluster's name
    Suite suite = Suite::open;  // of frames, and of probes too
    Mode mode = Mode::active;
    std::function<std::uint64_t()> draw;  // a number that nobody can foretell
    // advance() is not called for longer than this: probes begin a boot of their own, as the
    // machine may have been put back to an earlier image of its memory. The token's timeout.
    Duration pause_max{};
    ProbePace pace{};
    bool learns = false;                 // peers are where their probes come from, on each link
    std::size_t neighbours = nodes_max;  // that it knows at a time
  };
  struct LinkCounters {
    std::uint64_t skipped = 0;  // frames that the link went without
    std::uint64_t probes_sent = 0;
    std::uint64_t probes_refused = 0;  // not made by a node of the cluster for this link
    std::uint64_t sent_again = 0;      // tokens, as the link that had taken them was at fault
  };

  // Frames that the pool must have for it, besides the node's.
  static std::size_t frames_needed(std::size_t links) noexcept {
    return links * (waiting_max + nodes_max) + probe_kinds;
  }

  // One to links_max links, each with a number of its own. `pool` outlives this and fits all
  // devices. Throws std::runtime_error where memory for keys cannot be locked.
  Redundant(std::vector<Link> links, Setup setup, FramePool& pool);
  ~Redundant() override;

  void keys(std::function<ProbeSeal::Keys()> source) { seal_.key_source(std::move(source)); }
  // Who `peer` is. Until then all links are good enough for him.
  void introduce(NodeIndex peer, NodeId id) noexcept override;
  void reenable() noexcept { health_.forgive(); }  // all links
  void readable(std::size_t fd) noexcept;          // the one in that place of wait_fds()

  std::size_t links() const noexcept { return links_.size(); }
  const Transport& device(std::size_t link) const noexcept { return *links_[link].device; }
  std::uint8_t number(std::size_t link) const noexcept { return links_[link].number; }
  const LinkHealth& health() const noexcept { return health_; }
  // Where a node's probes come from; nothing: that is not known, or not asked for.
  Address learned(NodeId id, std::size_t link) const noexcept;
  const LinkCounters& link_counters(std::size_t link) const noexcept {
    return links_[link].counters;
  }

  Limits limits() const noexcept override { return limits_; }
  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override;
  std::size_t send(std::span<const Send> sends) noexcept override;
  void set_peer(NodeIndex peer, LinkIndex link, const Address& address) noexcept override;
  void advance(Time now) noexcept override;
  Time deadline() const noexcept override;
  std::span<const int> wait_fds() const noexcept override { return wait_fds_; }
  bool arm() noexcept override;
  std::size_t link_events(std::span<LinkEvent> events) noexcept override;
  const TransportCounters& counters() const noexcept override;

 private:
  struct Lined {  // a link, and what it is to get
    std::unique_ptr<Transport> device;
    std::uint8_t number = 0, priority = 0;
    bool multicast = false;
    bool scribbles = false;     // around frames, for as long as it has them
    std::vector<Send> burst;    // in hand
    std::vector<Send> waiting;  // it has not taken them yet
    LinkCounters counters;
  };

  LinkMask all() const noexcept { return static_cast<LinkMask>((1U << links_.size()) - 1); }
  void choose_what_to_look_at() noexcept;
  std::size_t receive(std::size_t link, Lane lane, std::span<Arrival> arrivals) noexcept;
  void take_probe(std::size_t link, Lane lane, Arrival& arrival) noexcept;
  void learn(NodeId id, std::size_t link, const Address& source) noexcept;
  void set_address(NodeIndex peer, std::size_t link, const Address& address) noexcept;

  LinkMask reach(const Send& send) const noexcept;
  LinkMask choose(const Send& send, LinkMask reach) noexcept;
  LinkMask one_of(LinkMask links, Lane lane) noexcept;
  LinkMask cover(Lane lane) noexcept;
  bool line_up(const Send& send) noexcept;
  void hand_over_all() noexcept;
  Lined* lead() noexcept;
  void hand_over(Lined& link, bool now = true) noexcept;
  void offer_waiting(Lined& link) noexcept;
  FrameRef take_frame(std::size_t size) noexcept;
  FrameRef own_copy(std::span<const std::byte> bytes) noexcept;
  void keep_token(const Send& send, LinkMask links) noexcept;
  void send_token_again() noexcept;

  void refresh() noexcept;
  void send_probes() noexcept;
  void send_probe(std::size_t link, ProbeKind kind) noexcept;

  Setup setup_;
  FramePool& pool_;
  std::vector<Lined> links_;
  std::vector<std::size_t> by_priority_;
  Limits limits_;
  LinkHealth health_;
  ProbeSeal seal_;
  std::vector<int> wait_fds_;
  std::vector<LinkMask> links_of_fds_;

  std::array<LinkMask, nodes_max> addressed_{};  // links on which a peer has an address
  std::array<NodeId, nodes_max> ids_{};
  std::array<std::array<Address, links_max>, nodes_max> learned_{};
  std::array<LinkMask, nodes_max> usable_{};  // links that reach a peer, by what is known
  LinkMask reaches_somebody_ = 0xff, reaches_all_ = 0;
  std::array<std::size_t, lane_count> turn_{};  // round robin, for each lane
  std::size_t receive_first_ = 0;

  LinkMask looking_ = 0xff;         // at these, in this turn
  LinkMask told_ = 0, unseen_ = 0;  // that are readable; not looked at since the last sleep
  std::size_t look_next_ = 0;
  std::size_t in_hand_ = 0;  // frames that have a link, not handed over yet
  bool later_ = false;       // copies wait for the next turn

  // The token that was sent last, where it went over one link only.
  std::vector<std::byte> token_;
  NodeIndex token_to_{};
  LinkMask token_links_ = 0;
  Time token_at_{};

  Time now_ = Time::min(), tick_at_ = Time::min();
  std::uint64_t ticks_ = 0;
  int failures_left_ = failures_max;
  TransportCounters own_;
  mutable TransportCounters sum_;
};

}  // namespace gyre
