// One process's data plane: what comes from the network and from local programs goes through the
// ring, and the one order comes out to the programs.
//
// Pure: time, bytes and random numbers are handed in, and whatever may wait is an errand that
// someone else runs, whose answer comes back as a call. One thread; nothing is allocated after
// construction.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "membership/groups.hh"
#include "node/client_port.hh"
#include "node/group_copy.hh"
#include "node/lease.hh"
#include "node/log.hh"
#include "node/ports.hh"
#include "node/record.hh"
#include "node/reload.hh"
#include "node/rotation.hh"
#include "node/send_record.hh"
#include "node/status.hh"
#include "node/voting.hh"
#include "node/words.hh"
#include "totem/peers.hh"
#include "totem/ring.hh"
#include "transport/sealed.hh"
#include "transport/shm/channel.hh"
#include "transport/transport.hh"

namespace gyre::node {

// Work that may wait, done elsewhere. These calls return at once.
class Errands {
 public:
  virtual ~Errands() = default;
  virtual void reserve(std::uint64_t ring_seq) = 0;  // on disk; the answer is Node::reserved
  virtual void take_back(shm::Channel channel) = 0;  // of a program that is gone: to be destroyed
  virtual void viewed(std::uint64_t number, std::size_t members) = 0;  // a view stands
  // What `request` of this node came to: done, unless there is a reason why not.
  virtual void answered(std::uint64_t /*request*/, std::string_view /*refused*/) {}
  // Read the file anew; the answer is Node::configuration_read. Then how it ended, at its place in
  // the order: from now on it counts, or it is forgotten.
  virtual void read_configuration(std::uint64_t /*ticket*/) {}
  virtual void reload_ended(std::uint64_t /*ticket*/, bool /*applied*/) {}
  // Read a key; the answer is Node::key_read. And one that nobody needs any more, to be destroyed.
  virtual void read_key(std::uint64_t /*ticket*/, std::string_view /*file*/) {}
  virtual void take_back(ClusterKey /*key*/) {}
  virtual void votes_answered(std::uint64_t request, membership::QuorumChange) = 0;
  // To be on disk when this node starts again. False: not now.
  virtual bool keep(const membership::KeptVotes&) noexcept { return true; }
};

// A node of the nodelist, other than this one.
struct ListedPeer {
  NodeId id{};
  std::array<Address, links_max> addresses{};  // by LinkIndex; empty: not on that link
};

struct NodeLimits {
  std::size_t clients = 256;
  PortLimits port;
  PortBudget port_budget;
  // Frames per lane and turn. More than any receive queue holds, so that the data that came before
  // a token is read before it.
  std::size_t receive_frames = 4096;
  // Payload handed up per turn; the rest stays in the ring, whose flow control knows of it.
  std::size_t deliver_bytes = 1 << 20;
  membership::GroupLimits groups;
};

struct NodeCounters {
  std::uint64_t turns = 0;
  std::uint64_t dropped_unlisted = 0;    // from a node that the nodelist does not have
  std::uint64_t dropped_peers_full = 0;  // from one node more than nodes_max
  std::uint64_t dropped_namesake = 0;    // says that it is a member, but comes from elsewhere
  std::uint64_t clients_opened = 0, clients_cut_off = 0;
  std::uint64_t requests = 0, events = 0;  // of programs that are gone; the others have their own
  std::uint64_t gathers = 0, commits = 0, recoveries = 0, operationals = 0;  // states entered
  std::uint64_t gathers_in_a_row = 0;  // since the last ring that became operational
  std::uint64_t tokens_lost_in_commit = 0, tokens_lost_in_recovery = 0;
};

class Node final : membership::Sink, Submitter {
 public:
  // All references outlive the node. With `listed` empty and parameters.open, peers are learnt
  // from their frames. Throws std::invalid_argument.
  struct Setup {
    Transport& transport;
    FramePool& pool;
    Errands& errands;
    Log& log;
    Recorder* recorder = nullptr;
    totem::Parameters parameters;
    totem::Identity identity;
    std::span<const ListedPeer> listed;
    Sealed* sealed = nullptr;                      // the transport, where frames are sealed
    std::span<const std::string> own_addresses{};  // by link, for the log
    NodeLimits limits;
    membership::QuorumSettings quorum{};
    membership::KeptVotes kept{};  // as they were on disk
  };
  explicit Node(const Setup& setup);
  ~Node() override;

  // Frames that the pool must have for a node on this device.
  static std::size_t frames_needed(const totem::Parameters& parameters, const Limits& limits);

  void start(Time now);
  // One round of the data plane. True: there was something to do, and there may be more.
  bool turn(Time now);
  // When the next turn is due if nothing arrives.
  Time deadline() const noexcept;
  // Before sleeping on the transport's and the programs' descriptors. False: turn again first.
  bool arm() noexcept;

  // Answers to errands, and news from outside.
  void reserved(std::uint64_t ring_seq, Time now);
  void open_client(shm::Channel channel, Time now);
  void woken(std::uint32_t client, bool hung_up, Time now);
  // Orderly: what was submitted is sent, the others are told. Left when left() says so.
  void leave(Time now);
  // Forms the ring anew.
  void gather(Time now);
  bool left() const noexcept { return ring_.left() && !stuck_; }  // its last word is on its way
  // To all daemons; Errands::answered tells when a kill has its place, and how a reload ended.
  // False: too much waits already.
  bool say(const membership::wire::Word& word) noexcept { return words_.say(word); }
  // Why this node would not go by its file (empty: it would), and with which timers it would.
  void configuration_read(std::uint64_t ticket, std::string_view reason,
                          const totem::Parameters& timers);
  // Another key for the cluster: that of `file`, which this node's helper has read. How it ended
  // says Errands::answered.
  void rotate(std::uint64_t request, std::uint64_t fingerprint, std::string_view file);
  // What came of Errands::read_key: a key, or why not.
  void key_read(std::uint64_t ticket, std::optional<ClusterKey> key, std::string_view reason);
  // Who wants this node to leave and end; nobody, as a rule.
  std::optional<NodeId> killed_by() const noexcept { return killed_by_; }
  bool has_view() const noexcept { return view_number_ != 0; }
  // What an operator or a device has to say of votes: answered by Errands::votes_answered if it has
  // a request number. False: too much waits already.
  bool ask_votes(const membership::wire::Votes& votes) noexcept { return voting_.ask(votes); }
  // The programs are told that the daemon stops.
  void end_clients();

  void snapshot(Snapshot& page, Time now) const noexcept;
  void dump(Time now);  // the state, into the log
  // Goes on with a copy of all groups; true: it is whole.
  bool copy_groups(GroupCopy& copy) const noexcept {
    return copy.go_on(membership_, group_changes_);
  }

  const totem::Ring& ring() const noexcept { return ring_; }
  const membership::Quorum& quorum() const noexcept { return membership_.quorum(); }
  const totem::RingId& view_ring() const noexcept { return view_ring_; }
  // Until when this node's programs may act as part of a quorate side; Time::min(): not now.
  Time lease_until() const noexcept;
  const NodeCounters& counters() const noexcept { return counters_; }

 private:
  // membership::Sink
  void transitional(const totem::Configuration& configuration) override;
  void view(const membership::View& view) override;
  void group_change(const membership::GroupChange& change) override;
  void join_refused(const membership::Process& process, std::string_view name,
                    std::string_view reason) override;
  void membership_refused(const membership::Process& process, std::string_view name,
                          std::string_view reason) override;
  void message(const membership::GroupMessage& message) override;
  void word(NodeId sender, const membership::wire::Word& word) override;
  void verdict(const membership::VerdictChange& change) override;
  void votes_answered(std::uint64_t request, membership::QuorumChange answer) override;
  void barrier_done() override;
  // Submitter
  bool submit(std::uint32_t client, totem::Guarantee guarantee,
              std::span<const std::span<const std::byte>> parts) noexcept override;
  void abandon(std::uint32_t client) noexcept override;

  bool receive(Lane lane, Time now);
  bool accept(Arrival& arrival, NodeIndex& from);
  std::optional<NodeIndex> add_peer(NodeId id);
  bool learn_address(const Arrival& arrival, NodeIndex from);
  void report_links();
  bool submit_all();
  void submit_barrier();
  void submit_words();
  bool record_sends();
  void submit_votes();
  void begin_lease();
  void tell_lease();
  void tell_verdict(const totem::Place& place, const membership::Verdict& verdict);
  void keep_votes();
  bool send();
  void report(const totem::Transition& transition);
  void count(const totem::Transition& transition) noexcept;
  void note_pause(Duration length);
  void measure_rotation(Time now) noexcept;
  void tell_members(Snapshot& page) const noexcept;
  void tell_programs(Snapshot& page) const noexcept;
  bool deliver(std::size_t byte_budget);
  // The ring hands up a configuration change whole before it takes another input.
  void drain() {
    if (ring_.must_drain()) deliver(SIZE_MAX);
  }
  void watch_clients(Time now);
  void release(ClientPort& port);

  template <typename Visit>
  void each_local(std::span<const membership::Process> members, Visit visit);

  Transport& transport_;
  Errands& errands_;
  Log& log_;
  Recorder* recorder_;
  const NodeLimits limits_;
  const std::span<const std::string> own_addresses_;
  const bool open_;
  totem::Peers peers_;
  totem::Ring ring_;
  membership::Membership membership_;
  Voting voting_;
  Lease lease_;
  Parting parting_;
  std::optional<SendRecord> send_record_;

  struct Known {  // of this node and each peer, by NodeIndex
    std::uint64_t joins = 0, frames = 0;
    Time heard = Time::min();
    bool member = false;
    std::uint64_t boot = 0;                        // of its last frame
    std::array<std::uint64_t, links_max> first{};  // frames that came over a link before the others
  };
  std::array<Known, nodes_max> known_{};
  // By NodeIndex, where its frames come from on each link; empty: not known.
  std::array<std::array<Address, links_max>, nodes_max> addresses_{};
  NodeId last_sender_{};  // frames come in runs
  NodeIndex last_from_{};
  std::vector<Arrival> arrivals_;

  Ports ports_;
  bool taken_ = false, refused_ = false;  // what the ring said to the port being asked
  bool undecided_ = false;                // a port is polled and did not wait for the ring
  Time watch_at_ = never;

  void rotate_by(NodeId sender, const membership::wire::Word& word);
  void take_step(Rotation::Step step);
  void answer_rotation();
  void forget_key();
  void refuse_key(std::string_view reason);
  void expire_rotation(Time now);
  void tell_rotation(Snapshot& page) const noexcept;
  void end_reload(Reload::Step step);
  void expire_reload(Time now);

  Words words_;
  Reload reload_;
  Time reload_by_ = never;  // of ours: then it is given up
  Sealed* const sealed_;
  Rotation rotation_;
  std::uint64_t key_ticket_ = 0;  // of the file that is being read
  Time read_key_by_ = never;      // or this node refuses it
  Time rotate_by_ = never;        // a rotation that was asked for here: then it is given up
  bool breaking_ = false;         // between a transitional configuration and the next view
  totem::Parameters new_timers_;  // of the reload that is under way
  std::optional<NodeId> killed_by_;
  bool barrier_due_ = false;      // the membership's barrier is still to be submitted
  bool barrier_refused_ = false;  // the ring takes it once it has got on
  bool votes_refused_ = false;    // likewise what is to be said of votes
  bool leave_due_ = false;        // once that was submitted
  bool leaving_ = false;          // it was asked to
  bool stuck_ = false;            // the device took less than it was offered
  Time now_{}, started_{};
  // The last view, for programs that come and for status.
  std::uint64_t view_number_ = 0;
  totem::RingId view_ring_;
  NodeId view_oldest_{};
  std::array<totem::Member, nodes_max> view_members_{};
  std::size_t view_size_ = 0;
  std::uint64_t group_changes_ = 0;  // each view counts as one, too
  std::uint64_t verdict_number_ = 0;
  bool view_open_ = false;      // its ring's, as far as it is delivered
  membership::KeptVotes kept_;  // as last handed to the disk
  bool keep_due_ = false;
  NodeCounters counters_;
  Histogram rotations_;
  Pauses pauses_;
  Time rotated_at_{};                                  // the last visit of the token
  std::uint64_t visits_seen_ = 0, rotating_ring_ = 0;  // in all, and of which ring
};

}  // namespace gyre::node
