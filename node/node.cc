#include "node/node.hh"

#include <algorithm>
#include <cassert>
#include <stdexcept>

namespace gyre::node {
namespace {

// How soon a device that took nothing is asked again.
constexpr Duration send_again = std::chrono::microseconds(100);

membership::QuorumSettings at_its_start(membership::QuorumSettings settings,
                                        Duration consensus) noexcept {
  settings.consensus = consensus;
  settings.young = true;
  return settings;
}

}  // namespace

Node::Node(const Setup& setup)
    : transport_(setup.transport),
      errands_(setup.errands),
      log_(setup.log),
      recorder_(setup.recorder),
      limits_(setup.limits),
      own_addresses_(setup.own_addresses),
      open_(setup.parameters.open),
      peers_(setup.identity.self),
      ring_(setup.parameters, setup.identity, peers_, setup.pool),
      membership_(setup.identity.self, setup.limits.groups, *this,
                  at_its_start(setup.quorum, setup.parameters.consensus), setup.kept),
      voting_(setup.identity.self, setup.quorum,
              std::max<Duration>(setup.parameters.consensus, setup.kept.consensus)),
      parting_(setup.parameters.consensus),
      arrivals_(setup.transport.limits().burst_max),
      ports_(setup.limits.clients),
      sealed_(setup.sealed),
      rotation_(setup.identity.self, sealed_ ? sealed_->key().fingerprint() : 0),
      kept_(setup.kept) {
  if (recorder_) send_record_.emplace(*recorder_);
  for (const ListedPeer& peer : setup.listed) {
    const auto index = add_peer(peer.id);
    if (!index) throw std::invalid_argument("more nodes than a cluster can have");
    addresses_[at(*index)] = peer.addresses;
    for (std::size_t link = 0; link < links_max; ++link)
      if (peer.addresses[link] != Address{})
        transport_.set_peer(*index, LinkIndex(link), peer.addresses[link]);
  }
}

Node::~Node() = default;

std::size_t Node::frames_needed(const totem::Parameters& parameters, const Limits& limits) {
  const std::size_t burst = limits.burst_max;
  return totem::Ring::frames_needed(parameters)  // what a ring may hold on to
         + burst * lane_count                    // waiting in the device to be filled
         + burst                                 // arrivals in hand
         + burst                                 // copies of frames that are sent once more
         + 2 * nodes_max;                        // control frames on their way out
}

void Node::start(Time now) {
  started_ = now_ = now;
  voting_.start(now);
  ring_.start(now);
}

bool Node::turn(Time now) {
  const Duration since_last = now - std::exchange(now_, now);
  ++counters_.turns;
  transport_.advance(now);
  report_links();
  bool active = receive(Lane::data, now);
  active |= receive(Lane::token, now);
  submit_barrier();
  expire_reload(now);
  expire_rotation(now);
  submit_words();
  voting_.expire(membership_, now);
  submit_votes();
  active |= submit_all();
  ring_.expire(now);
  note_pause(since_last);
  drain();
  if (ring_.output().sends.empty()) ring_.visit(now);
  measure_rotation(now);
  active |= record_sends();
  drain();
  active |= send();
  active |= deliver(limits_.deliver_bytes);
  if (keep_due_) keep_votes();
  tell_lease();
  ports_.publish();
  watch_clients(now);
  return active;
}

// A lane is read until it is empty, so that a token never overtakes the data sent before it; the
// bound is more than a receive queue holds.
bool Node::receive(Lane lane, Time now) {
  std::size_t total = 0;
  for (std::size_t count = 1; count > 0 && total < limits_.receive_frames; total += count) {
    count = transport_.receive(lane, arrivals_);
    for (Arrival& arrival : std::span(arrivals_).first(count)) {
      NodeIndex from{};
      if (accept(arrival, from)) {
        ring_.receive(std::move(arrival.frame), from, now);
        drain();
      }
      arrival.frame.reset();
    }
  }
  return total > 0;
}

// Whose frame it is, and where this node is reached from now on.
bool Node::accept(Arrival& arrival, NodeIndex& from) {
  if (arrival.sender != last_sender_) {
    auto index = peers_.find(arrival.sender);
    if (!index && !open_) {
      ++counters_.dropped_unlisted;
      return false;
    }
    if (!index) index = add_peer(arrival.sender);
    if (!index) {
      ++counters_.dropped_peers_full;
      return false;
    }
    last_sender_ = arrival.sender;
    last_from_ = *index;
  }
  from = last_from_;
  if (open_ && !learn_address(arrival, from)) return false;
  Known& known = known_[at(from)];
  ++known.frames;
  ++known.first[static_cast<std::size_t>(arrival.link)];
  known.heard = now_;
  known.boot = arrival.boot;
  return true;
}

void Node::submit_barrier() {
  if (!barrier_due_ || now_ < parting_.until()) return;
  parting_.opened();  // before the first part of a long list is out
  const std::span<const std::byte> parts[] = {membership_.barrier()};
  const auto answer = ring_.submit(0, totem::Class::barrier, totem::Guarantee::agreed, parts);
  barrier_due_ = barrier_refused_ = answer == totem::Submitted::later;
  drain();
}

bool Node::submit_all() {
  bool active = false;
  undecided_ = false;
  ports_.each_hot([&](ClientPort& port) {
    taken_ = refused_ = false;
    const bool busy = port.submit_to(*this, limits_.port_budget, now_);
    active |= taken_ || (busy && !refused_);
    undecided_ |= port.hot() && !refused_;
  });
  ports_.settle([&](ClientPort& port) { release(port); });
  return active;
}

bool Node::submit(std::uint32_t client, totem::Guarantee guarantee,
                  std::span<const std::span<const std::byte>> parts) noexcept {
  const auto answer = ring_.submit(client, totem::Class::application, guarantee, parts);
  const bool taken = answer == totem::Submitted::taken;
  (taken ? taken_ : refused_) = true;
  return taken;
}

void Node::abandon(std::uint32_t client) noexcept {
  ring_.abandon(client);
}

void Node::release(ClientPort& port) {
  const PortEnd reason = port.ended();
  if (reason != PortEnd::gone && reason != PortEnd::shutdown) {
    ++counters_.clients_cut_off;
    log_.write(now_, LogLevel::warning, "client {} (pid {}) was cut off: {}", port.process().client,
               port.process().pid, text(reason));
  }
  counters_.requests += port.counters().requests;
  counters_.events += port.counters().events;
  errands_.take_back(port.release());
}

// True: something got its place, so that more of a long message may have room now.
bool Node::record_sends() {
  std::vector<FrameRef>& frames = ring_.output().sequenced;
  if (frames.empty()) return false;
  if (send_record_)
    for (const FrameRef& frame : frames) send_record_->sequenced(frame.bytes());
  frames.clear();
  return true;
}

bool Node::send() {
  totem::Output& output = ring_.output();
  for (const totem::Transition& transition : output.transitions) {
    count(transition);
    report(transition);
  }
  output.transitions.clear();
  if (output.reserve_ring_seq != 0) errands_.reserve(std::exchange(output.reserve_ring_seq, 0));
  stuck_ = false;
  if (output.sends.empty()) return false;
  const std::size_t taken = transport_.send(output.sends);
  output.sends.erase(output.sends.begin(),
                     output.sends.begin() + static_cast<std::ptrdiff_t>(taken));
  stuck_ = !output.sends.empty();
  return taken > 0;
}

// The ring says what a pause is.
void Node::note_pause(Duration length) {
  if (ring_.counters().pauses == pauses_.count) return;
  pauses_.add({.end = static_cast<std::uint64_t>(now_.time_since_epoch().count()),
               .length = static_cast<std::uint64_t>(length.count())});
  log_.write(now_, LogLevel::warning,
             "this node did not run for {} ms: has it too much to do, or was it stopped?",
             std::chrono::floor<std::chrono::milliseconds>(length).count());
}

// From one visit of the token to the next in the same ring.
void Node::measure_rotation(Time now) noexcept {
  const std::uint64_t visits = ring_.counters().rotation_count;
  if (std::exchange(visits_seen_, visits) == visits) return;
  const std::uint64_t ring = ring_.counters().rings_installed;
  if (std::exchange(rotating_ring_, ring) == ring) rotations_.add(now - rotated_at_);
  rotated_at_ = now;
  lease_.visited(ring, now);
}

void Node::count(const totem::Transition& transition) noexcept {
  using totem::State;
  if (transition.reason == totem::Reason::token_lost_in_commit) ++counters_.tokens_lost_in_commit;
  if (transition.reason == totem::Reason::token_lost_in_recovery)
    ++counters_.tokens_lost_in_recovery;
  switch (transition.to) {
    case State::gather:
      ++counters_.gathers;
      ++counters_.gathers_in_a_row;
      break;
    case State::commit:
      ++counters_.commits;
      break;
    case State::recovery:
      ++counters_.recoveries;
      break;
    case State::operational:
      ++counters_.operationals;
      counters_.gathers_in_a_row = 0;
      break;
    case State::leaving:
      break;
  }
}

void Node::report(const totem::Transition& transition) {
  using totem::Reason;
  using totem::State;
  const State to = transition.to;
  const Reason why = transition.reason;
  const LogLevel level = why == Reason::token_lost || why == Reason::failed_to_receive
                             ? LogLevel::warning
                         : to == State::gather || to == State::operational ? LogLevel::info
                                                                           : LogLevel::debug;
  const auto representative = static_cast<std::uint32_t>(transition.ring.representative);
  if (transition.cause == NodeId::none)
    log_.write(now_, level, "{}: {}; ring {}.{}, {} members", text(to), text(why), representative,
               transition.ring.seq, transition.members);
  else
    log_.write(now_, level, "{}: {} (node {}); ring {}.{}, {} members", text(to), text(why),
               static_cast<std::uint32_t>(transition.cause), representative, transition.ring.seq,
               transition.members);
}

// Hands up what is in order. The ring holds the rest back and slows the senders down.
bool Node::deliver(std::size_t byte_budget) {
  bool any = false;
  totem::Event event;
  while (byte_budget > 0 && ring_.next(event)) {
    any = true;
    if (const auto* configuration = std::get_if<totem::Configuration>(&event)) {
      if (recorder_) recorder_->configuration(*configuration);
      membership_.configuration(*configuration);
      view_open_ = false;
      if (configuration->kind == totem::Configuration::Kind::transitional) {
        parting_.transitional(configuration->members);
      } else {
        parting_.installed(configuration->members, lease_.left_at(ring_.counters().rings_installed),
                           [this](NodeId node) { return ring_.left_orderly(node); });
        barrier_due_ = true;
        barrier_refused_ = false;
      }
      continue;
    }
    const auto& message = std::get<totem::Message>(event);
    if (recorder_) recorder_->deliver(message);
    membership_.message(message);
    if (message.barrier)
      if (const auto consensus = membership_.consensus_of(message.sender))
        parting_.heard(message.sender, *consensus);
    byte_budget -= std::min(byte_budget, message.payload.size() + sizeof(totem::Message));
  }
  if (any) voting_.look(membership_.quorum(), now_);
  return any;
}

void Node::watch_clients(Time now) {
  if (now < watch_at_) return;
  ports_.each([&](ClientPort& port) { port.watch(now); });
  watch_at_ = ports_.size() == 0 ? never : now + limits_.port.stall_max / 8;
}

Time Node::deadline() const noexcept {
  const bool votes_due = leave_due_ || (view_open_ && voting_.next());
  const Time opens_at = barrier_due_ && !barrier_refused_ ? parting_.until() : never;
  if (opens_at <= now_ || (votes_due && !votes_refused_)) return Time::min();
  Time next = std::min({ring_.deadline(), transport_.deadline(), reload_by_, read_key_by_,
                        rotate_by_, watch_at_, voting_.deadline()});
  // The device took less than it was offered: nothing tells us when it has room again.
  if (stuck_) next = std::min(next, now_ + send_again);
  if (view_size_ == 1) next = std::min(next, lease_.renew_at());
  next = std::min(next, opens_at);
  if (undecided_) next = std::min(next, now_ + limits_.port.park_after);
  return next;
}

// While the token goes round, a request can wait for its visit like the message that it is: a
// program need not be polled meanwhile, and need not ring for each. One that does neither parks.
// Where a request would have its place at once, programs ring for it: polling on would keep the
// core from them. While the token is elsewhere they are looked at when it comes, and ring no bell.
bool Node::arm() noexcept {
  if (undecided_ && (ring_.idle() || ring_.ready())) {
    undecided_ = false;
    ports_.each_hot([&](ClientPort& port) { undecided_ |= !port.park(); });
    if (undecided_) return false;
  }
  return transport_.arm();
}

void Node::reserved(std::uint64_t ring_seq, Time now) {
  ring_.reserved(ring_seq, now);
  drain();
}

void Node::gather(Time now) {
  ring_.gather(now);
  drain();
}

void Node::open_client(shm::Channel channel, Time now) {
  ClientPort& port = ports_.open(std::move(channel), limits_.port, now);
  ++counters_.clients_opened;
  watch_at_ = std::min(watch_at_, now + limits_.port.stall_max / 8);
  if (view_number_ == 0) return;
  port.lease(verdict_number_, lease_until());
  port.view({.number = view_number_,
             .ring = view_ring_,
             .members = std::span(view_members_).first(view_size_),
             .joined = {},
             .left = {},
             .oldest = view_oldest_,
             .verdict = membership_.quorum().verdict(),
             .verdict_number = verdict_number_});
  port.publish();
}

void Node::woken(std::uint32_t client, bool hung_up, Time now) {
  ports_.woken(client, hung_up, now);
}

void Node::end_clients() {
  ports_.each([](ClientPort& port) { port.end(PortEnd::shutdown); });
  ports_.publish();
}

// The programs on this node among `members`, which are sorted by node first.
template <typename Visit>
void Node::each_local(std::span<const membership::Process> members, Visit visit) {
  struct ByNode {
    bool operator()(const membership::Process& a, NodeId b) const { return a.node < b; }
    bool operator()(NodeId a, const membership::Process& b) const { return a < b.node; }
  };
  const auto [first, last] =
      std::equal_range(members.begin(), members.end(), peers_.self(), ByNode{});
  for (auto process = first; process != last; ++process) {
    ClientPort* port = ports_.find(process->client);
    if (port && port->process() == *process) ports_.touch(*port, visit);
  }
}

// Each program's stream begins with a view, so there is nothing to tell before the first.
void Node::transitional(const totem::Configuration& configuration) {
  if (view_number_ == 0) return;
  breaking_ = true;
  ports_.each([&](ClientPort& port) { port.transitional(configuration); });
}

void Node::view(const membership::View& view) {
  ++group_changes_;
  end_reload(reload_.view());
  rotation_.view(view.number, view.members);
  answer_rotation();
  breaking_ = false;
  ports_.each([&](ClientPort& port) { port.view(view); });
  view_number_ = view.number;
  view_ring_ = view.ring;
  view_oldest_ = view.oldest;
  view_size_ = view.members.size();
  std::copy(view.members.begin(), view.members.end(), view_members_.begin());
  log_.write(now_, LogLevel::info, "view {}: {} members, the oldest is node {}", view.number,
             view_size_, static_cast<std::uint32_t>(view.oldest));
  for (const NodeId node : view.left)
    if (const auto index = peers_.find(node)) known_[at(*index)].member = false;
  for (const NodeId node : view.joined)
    if (const auto index = peers_.find(node)) {
      known_[at(*index)].member = true;
      ++known_[at(*index)].joins;
    }
  for (const NodeId node : view.joined)
    log_.write(now_, LogLevel::info, "node {} joined", static_cast<std::uint32_t>(node));
  for (const NodeId node : view.left)
    log_.write(now_, LogLevel::warning, "node {} left", static_cast<std::uint32_t>(node));
  tell_verdict({view.ring, totem::Seq::none, 0}, view.verdict);
  verdict_number_ = view.verdict_number;
  begin_lease();
  voting_.view(view, membership_.quorum(), now_);
  errands_.viewed(view.number, view_size_);
}

void Node::group_change(const membership::GroupChange& change) {
  ++group_changes_;
  const auto tell = [&](ClientPort& port) { port.group_change(change); };
  each_local(change.members, tell);
  for (const membership::Change& gone : change.left)  // who left hears of it too
    if (!std::binary_search(change.members.begin(), change.members.end(), gone.process))
      each_local({&gone.process, 1}, tell);
}

void Node::join_refused(const membership::Process& process, std::string_view name,
                        std::string_view reason) {
  each_local({&process, 1}, [&](ClientPort& port) { port.join_refused(process, name, reason); });
}

void Node::membership_refused(const membership::Process& process, std::string_view name,
                              std::string_view reason) {
  each_local({&process, 1},
             [&](ClientPort& port) { port.membership_refused(process, name, reason); });
}

void Node::message(const membership::GroupMessage& message) {
  each_local(message.members, [&](ClientPort& port) { port.message(message); });
}

void Node::barrier_done() {
  ring_.open();
  view_open_ = true;
}

}  // namespace gyre::node
