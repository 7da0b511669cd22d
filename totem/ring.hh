// Totem's single ring: one order of messages, and agreement on who is in it.
//
// Y. Amir, L. E. Moser, P. M. Melliar-Smith, D. A. Agarwal, P. Ciarfella: The Totem single-ring
// ordering and membership protocol, ACM TOCS 13(4), 1995. A. Babay, Y. Amir: Fast total ordering
// for modern data centers, ICDCS 2016 (the accelerated ring). PROTOCOL.md maps their rules to the
// functions here and names every deviation.
//
// The machine is pure: its only inputs are the calls below, its only outputs are output() and
// next(). It reads no clock, and allocates nothing after construction.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "totem/clique.hh"
#include "totem/log.hh"
#include "totem/pack.hh"
#include "totem/parameters.hh"
#include "totem/peers.hh"
#include "totem/states.hh"
#include "totem/types.hh"

namespace gyre::totem {

enum class State : std::uint8_t { gather, commit, recovery, operational, leaving };
std::string_view text(State state) noexcept;

// Why a state was entered.
enum class Reason : std::uint8_t {
  started,
  token_lost,  // in operational
  token_lost_in_commit,
  token_lost_in_recovery,
  commit_token_missing,  // consensus stood, the representative's commit token did not come
  join_received,         // a member of our ring is gathering
  join_in_commit,        // a member of the ring to be has fallen back
  foreign_join,          // a node outside, which hears us, wants in
  foreign_ring,          // another ring hears us
  member_left,           // of our ring or of the ring to be, by its own word
  failed_to_receive,
  consensus,              // → commit
  commit_token_returned,  // → recovery
  recovered,              // → operational
  leave_requested,
  gather_requested,
};
std::string_view text(Reason reason) noexcept;

struct Transition {
  State to{};
  Reason reason{};
  RingId ring;                  // the installed one, or the one being formed
  NodeId cause = NodeId::none;  // the node that caused it, if one did
  std::uint32_t members = 0;
};

struct Identity {
  NodeId self = NodeId::none;
  std::uint64_t incarnation = 0;  // 64 random bits, drawn at start
  std::uint64_t ring_seq = 0;     // ring seqs up to here may have been used before
  std::uint64_t seed = 0;         // of the jitter
};

// What the ring wants done. The node takes it all after each turn and clears it.
struct Output {
  std::vector<Send> sends;          // in this order
  std::vector<FrameRef> sequenced;  // own data frames that were given a seq: data frames of wire.hh
  std::vector<Transition> transitions;  // for the log
  std::uint64_t reserve_ring_seq =
      0;  // not 0: have ring seqs up to this on disk, then say reserved()
};

enum class Class : std::uint8_t {
  application,  // waits for open() in each new ring
  barrier,      // goes first; forgotten when the ring ends before it was sent
};

using Event = std::variant<Configuration, Message>;

struct Counters {
  std::uint64_t tokens_received = 0, tokens_sent = 0, tokens_retransmitted = 0;
  std::uint64_t token_duplicates = 0, tokens_foreign = 0;
  std::uint64_t data_received = 0, data_sent = 0, data_duplicates = 0, data_foreign = 0;
  std::uint64_t data_outside_window = 0, data_stale = 0;
  std::uint64_t retransmits_requested = 0, retransmits_sent = 0, recovered_sent = 0;
  std::uint64_t messages_delivered = 0;
  std::uint64_t joins_received = 0, joins_sent = 0, joins_stale = 0, joins_paused = 0;
  std::uint64_t joins_held_down = 0, joins_frame_size = 0, joins_ring_seq = 0, joins_deaf = 0,
                joins_divisive = 0;
  std::uint64_t commit_tokens_received = 0, commit_tokens_sent = 0, commit_tokens_refused = 0;
  std::uint64_t merge_detects_received = 0, merge_detects_sent = 0;
  std::uint64_t hold_cancels_received = 0, hold_cancels_sent = 0, holds = 0, hand_offs = 0,
                lingers = 0;
  std::uint64_t malformed = 0, malformed_items = 0, no_frames = 0;
  std::uint64_t gathers = 0, rings_installed = 0, token_losses = 0, pauses = 0;
  std::uint64_t rotation_count = 0;
};

class Ring {
 public:
  // Throws std::invalid_argument for parameters that cannot work.
  Ring(const Parameters& parameters, const Identity& identity, Peers& peers, FramePool& pool);

  // Frames that a ring holds on to at most; the pool must have them.
  static std::size_t frames_needed(const Parameters& parameters) noexcept;

  void start(Time now);
  // A frame of another node, without its clear header. Stores; never sends.
  void receive(FrameRef frame, NodeIndex from, Time now);
  // See Packer::submit. `source` tells clients apart; application and barrier have their own.
  // A message has at most message_max bytes.
  Submitted submit(std::uint32_t source, Class kind, Guarantee guarantee, Parts parts);
  void abandon(std::uint32_t source) noexcept;
  // The barrier of the present ring is through.
  void open() noexcept { open_ = true; }
  // Due timers: every turn, whatever the device does.
  void expire(Time now);
  // The token, if held: only when the last sends are gone.
  void visit(Time now);

  // The next event of the one order; false: none at present. What an event points to is valid until
  // the next call.
  bool next(Event& event);
  // A configuration change is under way: take events until next() is false before the next input.
  bool must_drain() const noexcept { return retiring_ != nullptr; }

  // Forms the ring anew, because someone asks for it. Nothing if it is being formed.
  void gather(Time now);
  // Other timers from now on, of those that may change.
  void set_timers(const Parameters& parameters) noexcept { parameters_.take_timers(parameters); }
  // Ring seqs up to `ring_seq` are on disk.
  void reserved(std::uint64_t ring_seq, Time now);
  // Orderly: sends what is pending, tells everyone, and then has left().
  void leave(Time now);
  bool left() const noexcept { return left_; }

  Output& output() noexcept { return output_; }
  // When expire() or visit() next has something to do.
  Time deadline() const noexcept;
  // The last in-order visit of the token, for the lease of the quorum.
  Time last_visit() const noexcept { return last_visit_; }
  State state() const noexcept;
  // The installed ring.
  RingId ring() const noexcept { return log_->id; }
  // What this node has of a ring without holes; of one that is over nothing is known.
  std::optional<Seq> received_to(const RingId& ring) const noexcept {
    if (ring == log_->id) return log_->aru;
    if (ring == forming_->id) return forming_->aru;
    return std::nullopt;
  }
  // Its last word was that it leaves the last ring that we shared, or were about to.
  bool left_orderly(NodeId node) const noexcept {
    const auto index = peers_.find(node);
    return index && peer_state_[at(*index)].left_orderly;
  }
  // A member of the ring in operation.
  bool has_member(NodeIndex node) const noexcept {
    return state() == State::operational && log_->members.has(node);
  }
  bool idle() const noexcept;
  // The token is here and waits for messages: one that is submitted now has its place at once.
  bool ready() const noexcept;
  const Counters& counters() const noexcept { return counters_; }
  // As it was passed on last, or as it is while it is here; null: no ring is in operation.
  const wire::Token* token() const noexcept {
    const auto* operational = std::get_if<Operational>(&state_);
    return operational ? &operational->rotation.token : nullptr;
  }

 private:
  struct PeerState {
    // No newer than what came from that life of it before.
    bool is_old(const wire::Join& join) const noexcept;
    void begin_life(std::uint64_t incarnation) noexcept;

    std::uint64_t incarnation = 0, join_seq = 0, ring_seq = 0;  // of its last join
    // Of its other lives that spoke, the last one first: their late words come in any order.
    struct Life {
      std::uint64_t incarnation = 0, join_seq = 0;
    };
    std::array<Life, 3> others{};
    Time foreign_at = Time::min();  // last heard from outside of our ring
    Time member_since{};
    std::uint64_t member_incarnation = 0;     // as it was when the ring was installed
    std::uint64_t shared = 0, came_from = 0;  // mark() of that ring, and of its ring before
    Time held_down_until = Time::min();
    std::uint32_t offences = 0;  // losses soon after it had joined, and gatherings in vain
    bool left_orderly = false;
    bool other_frame_size = false;      // by its last join: no ring with it is possible
    std::uint64_t handed_ring_seq = 0;  // of a commit token that we passed to it in vain
    std::uint32_t misses = 0;           // such commit tokens, one after the other
    Time unreached_until = Time::min();
  };

  // ring.cc: the table of (state × frame), and time
  void observe(Time now);
  void receive_data(FrameRef frame, NodeIndex from, Time now);
  void receive_token(const FrameRef& frame, Time now);
  bool leaves_our_ring(const wire::Join& leave, NodeIndex from) const noexcept;
  void receive_join(const FrameRef& frame, NodeIndex from, Time now);
  bool has_met_others(const wire::Join& join) const noexcept;
  void receive_strange_join(const wire::Join& join, NodeIndex from, Time now);
  void receive_commit(const FrameRef& frame, Time now);
  void receive_hold_cancel(const FrameRef& frame, NodeIndex from);
  void transition(Reason reason, NodeIndex cause = NodeIndex::self);
  FrameRef control_frame();
  void send(FrameRef frame, NodeIndex to, Lane lane);
  bool is_member_stale(const wire::Join& join, NodeIndex from, std::uint64_t ring_seq) const;
  std::size_t pending() const noexcept;
  Duration jitter(Duration span) noexcept;

  // gather.cc
  void enter_gather(Reason reason, NodeIndex cause, Time now);
  void expire_gather(Gather& gather, Time now);
  void join_in_gather(Gather& gather, const wire::Join& join, NodeIndex from, Time now);
  void isolate(Gather& gather, const Members& others, Time now);
  void choose(Gather& gather, Time now);
  void disagree(Gather& gather) noexcept;
  Gather::Peer read_peer(const Gather& gather, const wire::Join& join, NodeIndex from,
                         Time now) const;
  void give_up(Gather& gather, NodeIndex node, Time now);
  bool is_silent(const Gather& gather, NodeIndex node, Time now) const noexcept;
  void note_steadiness(Gather& gather, NodeIndex node, Time now) const noexcept;
  bool is_fellow(NodeIndex node) const noexcept;
  std::uint64_t since(const Gather& gather, NodeIndex node) const noexcept;
  void heard_in_gather(Gather& gather, NodeIndex from, Time now);
  void note_heard(Gather& gather, NodeIndex from, Time now);
  bool agrees(const Gather& gather, NodeIndex node) const noexcept;
  void check_consensus(Gather& gather, Time now);
  void close(Gather& gather, Time now);
  void drop_the_silent(Gather& gather, Time now);
  void drop_the_stubborn(Gather& gather);
  bool has_time(const Gather& gather, const Gather::Peer& peer) const noexcept;
  Members largest_clique_of(const Gather& gather) const noexcept;
  Said join_of(const Gather& gather, Time now) const noexcept;
  void send_join(const Said& said);
  bool held_down(NodeIndex node, Time now) const noexcept;
  bool unreached(NodeIndex node, Time now) const noexcept;
  void judge_handover(PeerState& peer, const wire::Join& join, Time now) const noexcept;
  void judge_absentees(const Log& before, const Members& after, Time now);
  void offence(NodeIndex node, Time now);
  Duration hold_down(std::uint32_t offences) const noexcept;
  Duration hold_down_max() const noexcept;
  Duration settled_after() const noexcept;
  Members broken_ring(Reason reason) const noexcept;
  void note_break(Reason reason, Time now) noexcept;
  bool keeps_breaking(Time now) const noexcept;
  void enter_leaving(Time now);
  void expire_leaving(Leaving& leaving, Time now);
  void leave_with(Leaving& leaving, const wire::Join& join, NodeIndex from);

  // merge.cc
  void receive_foreign(NodeIndex from, bool hears_us, Reason reason, Time now);
  void receive_merge_detect(const FrameRef& frame, NodeIndex from, Time now);
  void expire_merge_detect(Time now);

  // commit.cc
  std::size_t sorted(const Members& members, std::span<NodeIndex> order) const noexcept;
  void create_commit_token(Gather& gather, Time now);
  void enter_commit(const wire::CommitToken& token, std::uint32_t next_hop, const Said& said,
                    Time now);
  bool collect_commit_part(std::span<const std::byte> frame);
  void commit_in_gather(Gather& gather, Time now);
  void commit_in_commit(Commit& commit, Time now);
  void commit_in_recovery(Recovery& recovery, Time now);
  void fill_commit_entry(wire::CommitEntry& entry) const noexcept;
  void send_commit_token(const wire::CommitToken& token);
  void resend_commit_token();
  void begin_forming(const wire::CommitToken& token);
  bool acceptable(const Gather& gather, const wire::CommitToken& token) const;
  void expire_commit(Commit& commit, Time now);

  // recovery.cc
  void enter_recovery(const wire::CommitToken& token, Time now);
  void plan_exchange(Recovery& recovery);
  void adopt_windows(const wire::CommitToken& token) noexcept;
  void store_recovered(const Recovery& recovery, const FrameRef& outer);
  void visit_recovery(Recovery& recovery, Time now);
  std::size_t send_recovered(Recovery& recovery, std::size_t allowed);
  bool has_to_send(const Recovery& recovery, Seq seq) const noexcept;
  bool recovery_complete(Recovery& recovery, const wire::Token& received);
  void install(Recovery& recovery, Time now);
  void expire_recovery(Recovery& recovery, Time now);

  // operational.cc
  void visit_operational(Operational& operational, Time now);
  void finish_visit(Operational& operational, Time now);
  void send_unsent(const Rotation& rotation, Visit& visit);
  bool may_linger(const Rotation& rotation, const Visit& visit) const;
  void linger(Operational& operational, Time now);
  void sequence(Rotation& rotation, std::size_t count);
  bool hold_token(Operational& operational, bool quiet, Time now);
  bool release_held(Operational& operational, Time now);
  bool failed_to_receive(const Log& log, Rotation& rotation, Time now) const;
  void ask_for_token(Operational& operational, Time now);
  void expire_operational(Operational& operational, Time now);
  bool may_leave(const Operational& operational) const noexcept;
  void visit_alone(Operational& operational, Time now);

  // token.cc: what a visit does in recovery and operational alike
  std::size_t serve_requests(Log& log, Rotation& rotation);
  Seq next_hole(const Log& log, const wire::Token& token, Seq seq, Seq up_to) const;
  Time visit_due(const Log& log, const Rotation& rotation, Seq up_to) const;
  void request_holes(const Log& log, Rotation& rotation, Seq up_to);
  std::size_t allowance(const Log& log, const Rotation& rotation, std::size_t pending) const;
  void update_aru(Log& log, Rotation& rotation, Seq received_seq);
  void account(Rotation& rotation, std::size_t frames, std::size_t waiting);
  void pass_token(Rotation& rotation, NodeIndex to, Time now);
  void expire_rotation(Rotation& rotation, Time now);
  void accept_token(Rotation& rotation, const wire::Token& token, Time now);

  // delivery.cc
  bool next_of_retiring(Event& event);
  bool next_message(Log& log, Event& event);
  bool begin_frame(Log& log);
  bool next_item(Log& log, Event& event);
  bool deliverable(const Log& log, Seq seq) const noexcept;
  Configuration configuration(Configuration::Kind kind, const Log& log, const Members& members);

  Parameters parameters_;
  Identity identity_;
  Peers& peers_;
  FramePool& pool_;
  Output output_;
  Counters counters_;

  std::variant<Gather, Commit, Recovery, Operational, Leaving> state_;
  Log logs_[2];
  Log* log_ = &logs_[0];      // of the installed ring
  Log* forming_ = &logs_[1];  // of the ring in recovery
  Log* retiring_ = nullptr;   // the ring before, until all of it is delivered
  Packer application_, barrier_;
  bool open_ = false;
  std::uint32_t window_ = 0, personal_ = 0;  // frames per rotation and per visit, in this ring
  Seq last_sent_{};                          // of our own data in the installed ring

  // delivery
  enum class Stage : std::uint8_t { regular, holes, configuration } stage_ = Stage::regular;
  Seq safe_to_{};  // retiring: stable in the old ring
  Members transitional_, deliverers_;
  bool hole_ = false;
  FrameRef current_;  // the frame whose messages are being taken
  wire::Data current_header_;
  std::size_t offset_ = 0;
  std::uint32_t index_ = 0;
  Assembler assembler_;
  std::array<Member, nodes_max> event_members_{};

  // membership
  std::uint64_t ring_seq_ = 0, reserved_ = 0;
  std::uint64_t join_seq_ = 0;
  std::uint64_t attempted_ = 0;                   // mark() of the last ring that we tried to form
  std::array<std::uint64_t, nodes_max> since_{};  // of the installed ring's members
  std::array<PeerState, nodes_max> peer_state_{};
  wire::CommitToken staged_;             // parts of a commit token
  Members staged_parts_;                 // which of its entries are here, by place
  bool staged_waits_ = false;            // complete, and its ring seq is being reserved
  std::vector<FrameRef> commit_frames_;  // our commit token as sent
  NodeIndex commit_to_ = NodeIndex::self;
  std::vector<bool> exchanged_;  // old seqs seen in recovery, by slot
  NodeIndex disturber_ = NodeIndex::self;
  Time isolated_until_ = Time::min(), broke_at_ = Time::min();
  Members broken_;  // the last ring that broke
  std::uint64_t broken_lives_ = 0;
  std::uint32_t breaks_ = 0;  // of the same in succession
  bool wary_ = false;         // no agreement before the consensus timer has run out
  Time merge_detect_at_ = never, merge_detect_sent_ = Time::min();

  Time now_ = Time::min(), paused_at_ = Time::min(), last_visit_ = Time::min();
  std::uint64_t random_ = 0;
  bool leaving_ = false, left_ = false;
};

}  // namespace gyre::totem
