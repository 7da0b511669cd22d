#include "transport/redundant.hh"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace gyre {
namespace {

Limits common_limits(const std::vector<Redundant::Link>& links) {
  assert(!links.empty() && links.size() <= links_max);
  Limits limits = links.front().device->limits();
  limits.frames_held = 0;
  for (const Redundant::Link& link : links) {
    const Limits one = link.device->limits();
    limits.payload_max = std::min(limits.payload_max, one.payload_max);
    limits.headroom = std::max(limits.headroom, one.headroom);
    limits.tailroom = std::max(limits.tailroom, one.tailroom);
    limits.burst_max = std::min(limits.burst_max, one.burst_max);
    limits.receive_frames = std::min(limits.receive_frames, one.receive_frames);
    limits.multicast &= one.multicast;
    limits.can_wait &= one.can_wait;
    limits.completes_in_send &= one.completes_in_send;
    limits.frames_held += one.frames_held;
  }
  return limits;
}

LinkHealth::Setup health_setup(const std::vector<Redundant::Link>& links,
                               const Redundant::Setup& setup) {
  constexpr std::uint8_t always = bit(ProbeKind::data) | bit(ProbeKind::full);
  LinkHealth::Setup health{.self = setup.self,
                           .numbers = {},
                           .kinds = {},
                           .draw = setup.draw,
                           .pause_max = std::max(setup.pause_max, 2 * setup.pace.interval),
                           .pace = setup.pace,
                           .neighbours = setup.neighbours};
  for (const Redundant::Link& link : links) {
    const bool two_ways = link.device->limits().multicast;  // the lanes differ
    health.numbers.push_back(link.number);
    health.kinds.push_back(two_ways ? always | bit(ProbeKind::token) : always);
  }
  return health;
}

}  // namespace

Redundant::Redundant(std::vector<Link> links, Setup setup, FramePool& pool)
    : setup_(std::move(setup)),
      pool_(pool),
      limits_(common_limits(links)),
      health_(health_setup(links, setup_)),
      seal_(setup_.self, setup_.cluster, setup_.suite,
            lane_count * links.size() * setup_.neighbours) {
  links_.reserve(links.size());
  for (Link& link : links) {
    const Limits limits = link.device->limits();
    Lined& lined = links_.emplace_back();
    lined.device = std::move(link.device);
    lined.number = link.number;
    lined.priority = link.priority;
    lined.multicast = limits.multicast;
    lined.scribbles = limits.headroom + limits.tailroom > 0 && !limits.completes_in_send;
    lined.burst.reserve(limits_.burst_max);
    lined.waiting.reserve(waiting_max);
    for (const int fd : lined.device->wait_fds()) {
      wait_fds_.push_back(fd);
      links_of_fds_.push_back(mask_of(links_.size() - 1));
    }
    by_priority_.push_back(by_priority_.size());
  }
  std::ranges::stable_sort(by_priority_, std::greater{},
                           [&](std::size_t link) { return links_[link].priority; });
  if (!limits_.can_wait) wait_fds_.clear();
  token_.reserve(limits_.payload_max);
  refresh();
}

Redundant::~Redundant() = default;

// ---- receiving ----

void Redundant::readable(std::size_t fd) noexcept {
  told_ |= links_of_fds_[fd];
  unseen_ = 0;  // of the others nothing is said, so nothing has come
}

// In the other modes a token may come over one link and the data before it over another.
void Redundant::choose_what_to_look_at() noexcept {
  if (setup_.mode != Mode::active) return;
  looking_ = told_ != 0 ? std::exchange(told_, LinkMask{0}) : mask_of(look_next_);
  look_next_ = static_cast<std::size_t>(std::bit_width(looking_)) % links_.size();
  unseen_ &= static_cast<LinkMask>(~looking_);
}

std::size_t Redundant::receive(Lane lane, std::span<Arrival> arrivals) noexcept {
  std::size_t filled = 0;
  for (std::size_t i = 0; i < links_.size() && filled < arrivals.size(); ++i) {
    const std::size_t link = (receive_first_ + i) % links_.size();
    if (looking_ & mask_of(link)) filled += receive(link, lane, arrivals.subspan(filled));
  }
  receive_first_ = (receive_first_ + 1) % links_.size();  // or one in flood would hide the others
  return filled;
}

std::size_t Redundant::receive(std::size_t link, Lane lane, std::span<Arrival> arrivals) noexcept {
  std::size_t kept = 0;
  for (std::size_t looked_at = 0; kept == 0 && looked_at <= limits_.receive_frames;) {
    const std::size_t count = links_[link].device->receive(lane, arrivals);
    if (count == 0) break;
    looked_at += count;
    for (std::size_t i = 0; i < count; ++i) {
      if (is_probe(arrivals[i].frame.bytes())) {
        take_probe(link, lane, arrivals[i]);
        arrivals[i].frame.reset();
        continue;
      }
      arrivals[i].link = LinkIndex(link);
      if (kept != i) arrivals[kept] = std::move(arrivals[i]);
      ++kept;
    }
  }
  return kept;
}

void Redundant::take_probe(std::size_t link, Lane lane, Arrival& arrival) noexcept {
  FrameRef& frame = arrival.frame;
  Lined& from = links_[link];
  Header header;
  if (!seal_.read(frame.bytes(), header) || header.lane != lane) {
    ++from.counters.probes_refused;
    return;
  }
  std::size_t slot = SIZE_MAX;
  const LinkHealth::First first = health_.look(link, header, slot);
  if (first == LinkHealth::First::old) return;
  const bool known = first == LinkHealth::First::known;
  const bool affordable = known || failures_left_ > 0;
  const auto body = affordable ? seal_.open(frame.bytes(), header, from.number,
                                            known ? (slot * links_.size() + link) * lane_count +
                                                        static_cast<std::size_t>(lane)
                                                  : SIZE_MAX)
                               : std::span<std::byte>{};
  if (body.empty()) {
    ++from.counters.probes_refused;
    failures_left_ -= affordable && !known;
    return;
  }
  if (health_.hear(link, header, body, now_) && setup_.learns)
    learn(header.sender, link, arrival.source);
}

// ---- who is reached by what ----

void Redundant::set_peer(NodeIndex peer, LinkIndex link, const Address& address) noexcept {
  const auto number = static_cast<std::size_t>(link);
  assert(number < links_.size() && at(peer) < nodes_max);
  if (peer != NodeIndex::self && learned_[at(peer)][number] == Address{})
    set_address(peer, number, address);
}

void Redundant::set_address(NodeIndex peer, std::size_t link, const Address& address) noexcept {
  links_[link].device->set_peer(peer, LinkIndex{}, address);
  addressed_[at(peer)] &= static_cast<LinkMask>(~mask_of(link));
  if (address != Address{}) addressed_[at(peer)] |= mask_of(link);
}

// A frame may have been moved from another link, and most come over one of them first. So from here
// on this address counts, whatever frames say. Before introduce() there is no place for it; the
// next probe is soon there.
void Redundant::learn(NodeId id, std::size_t link, const Address& source) noexcept {
  const auto place = std::ranges::find(ids_, id);
  if (place == ids_.end()) return;
  const auto peer = static_cast<std::size_t>(place - ids_.begin());
  if (std::exchange(learned_[peer][link], source) != source)
    set_address(NodeIndex(peer), link, source);
}

Address Redundant::learned(NodeId id, std::size_t link) const noexcept {
  const auto place = std::ranges::find(ids_, id);
  return place == ids_.end() ? Address{}
                             : learned_[static_cast<std::size_t>(place - ids_.begin())][link];
}

void Redundant::introduce(NodeIndex peer, NodeId id) noexcept {
  ids_[at(peer)] = id;
  refresh();
}

void Redundant::refresh() noexcept {
  const bool active = setup_.mode == Mode::active;
  for (std::size_t i = 0; i < nodes_max; ++i) {
    usable_[i] = 0xff;
    if (ids_[i] != NodeId::none)
      usable_[i] = active ? health_.sound(ids_[i]) : health_.good(ids_[i]);
  }
  reaches_somebody_ = health_.neighbours() == 0 ? 0xff : 0;
  reaches_all_ = health_.neighbours() == 0 ? 0 : 0xff;
  LinkMask good = 0, sound = 0;
  for (std::size_t i = 0; health_.masks(i, good, sound); ++i) {
    const LinkMask links = active ? sound : good;
    reaches_somebody_ |= links;
    reaches_all_ &= links;
  }
}

// On which links it can be sent at all.
LinkMask Redundant::reach(const Send& send) const noexcept {
  if (send.to == NodeIndex::everyone) return all();
  LinkMask links = addressed_[at(send.to)];
  for (std::size_t i = 0; send.lane == Lane::data && i < links_.size(); ++i)
    if (links_[i].multicast) links |= mask_of(i);
  return links;
}

LinkMask Redundant::choose(const Send& send, LinkMask reach) noexcept {
  const bool everyone =
      send.to == NodeIndex::everyone || (limits_.multicast && send.lane == Lane::data);
  const LinkMask usable = reach & (everyone ? reaches_somebody_ : usable_[at(send.to)]);
  if (usable == 0) return reach;
  if (setup_.mode == Mode::active) return usable;
  if (!everyone) return one_of(usable, send.lane);
  const LinkMask complete = usable & reaches_all_;
  const LinkMask links = complete ? one_of(complete, send.lane) : usable & cover(send.lane);
  return links ? links : usable;
}

LinkMask Redundant::one_of(LinkMask links, Lane lane) noexcept {
  if (setup_.mode == Mode::passive) {
    const auto best =
        std::ranges::find_if(by_priority_, [&](std::size_t link) { return links & mask_of(link); });
    return mask_of(*best);
  }
  std::size_t& turn = turn_[static_cast<std::size_t>(lane)];
  do turn = (turn + 1) % links_.size();
  while (!(links & mask_of(turn)));
  return mask_of(turn);
}

// Links that together reach every neighbour that any link reaches; all, if nobody is known.
LinkMask Redundant::cover(Lane lane) noexcept {
  LinkMask links = 0, good = 0, sound = 0;
  for (std::size_t i = 0; health_.masks(i, good, sound); ++i)
    if (good != 0 && !(links & good)) links |= one_of(good, lane);
  return links == 0 ? LinkMask{0xff} : links;
}

// ---- sending ----

std::size_t Redundant::send(std::span<const Send> sends) noexcept {
  std::size_t taken = 0;
  while (taken < sends.size()) {
    const auto burst = sends.subspan(taken, std::min(sends.size() - taken, limits_.burst_max));
    for (Lined& link : links_) offer_waiting(link);
    std::size_t lined_up = 0;
    in_hand_ = 0;
    while (lined_up < burst.size() && line_up(burst[lined_up])) ++lined_up;
    hand_over_all();
    taken += lined_up;
    if (lined_up < burst.size()) break;
  }
  return taken;
}

// False: not one of its links has room for it.
bool Redundant::line_up(const Send& send) noexcept {
  if (send.frame.size() > limits_.payload_max) {
    ++own_.dropped_truncated;
    return true;
  }
  const LinkMask reached = reach(send);
  if (reached == 0) {
    ++own_.dropped_unresolved;
    return true;
  }
  const auto has_room = [&](const Lined& link) {
    return link.waiting.size() + link.burst.size() < waiting_max;
  };
  LinkMask targets = choose(send, reached), roomy = 0;
  for (std::size_t i = 0; i < links_.size(); ++i)
    if ((targets & mask_of(i)) && has_room(links_[i])) roomy |= mask_of(i);
  if (roomy == 0) return false;
  // A token never leaves before the data that it follows, on whichever link that is.
  for (std::size_t i = 0; send.lane == Lane::token && i < links_.size(); ++i)
    if (!(roomy & mask_of(i))) hand_over(links_[i]);
  const bool shared = std::popcount(roomy) > 1;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    Lined& link = links_[i];
    if ((targets & ~roomy) & mask_of(i)) ++link.counters.skipped;
    if (!(roomy & mask_of(i))) continue;
    Send one = send;
    if (shared && link.scribbles) one.frame = own_copy(send.frame.bytes());
    if (one.frame)
      link.burst.push_back(std::move(one));
    else
      ++link.counters.skipped;
  }
  ++in_hand_;
  if (send.lane == Lane::token) keep_token(send, roomy);
  return true;
}

void Redundant::hand_over_all() noexcept {
  Lined* const first = lead();
  if (first) hand_over(*first);
  for (Lined& link : links_) hand_over(link, !first || link.burst.size() > later_max);
}

// The link that has a copy of each frame and reaches everyone, so that the others are in no hurry;
// null: each counts.
Redundant::Lined* Redundant::lead() noexcept {
  for (std::size_t i = 0; setup_.mode == Mode::active && i < links_.size(); ++i)
    if ((reaches_all_ & mask_of(i)) && links_[i].waiting.empty() &&
        links_[i].burst.size() == in_hand_)
      return &links_[i];
  return nullptr;
}

void Redundant::hand_over(Lined& link, bool now) noexcept {
  if (link.burst.empty()) return;
  const std::size_t taken = now && link.waiting.empty() ? link.device->send(link.burst) : 0;
  later_ |= !now;
  for (std::size_t i = taken; i < link.burst.size(); ++i) {
    Send& left = link.burst[i];
    // Who sent it may change it as soon as we return, if that is what we promise.
    FrameRef frame = limits_.completes_in_send ? own_copy(left.frame.bytes()) : left.frame;
    if (frame)
      link.waiting.push_back({.frame = std::move(frame), .to = left.to, .lane = left.lane});
    else
      ++link.counters.skipped;
  }
  link.burst.clear();
}

void Redundant::offer_waiting(Lined& link) noexcept {
  if (link.waiting.empty()) return;
  const std::size_t taken = link.device->send(link.waiting);
  link.waiting.erase(link.waiting.begin(),
                     link.waiting.begin() + static_cast<std::ptrdiff_t>(taken));
}

// The headroom of the pool is where the clear header stands.
FrameRef Redundant::take_frame(std::size_t size) noexcept {
  FrameRef frame = pool_.take();
  if (!frame) {
    ++own_.dropped_no_buffer;
    return frame;
  }
  frame.prepend(limits_.payload_max - std::min(limits_.payload_max, pool_.payload()));
  frame.resize(size);
  return frame;
}

FrameRef Redundant::own_copy(std::span<const std::byte> bytes) noexcept {
  FrameRef copy = take_frame(bytes.size());
  if (copy) std::ranges::copy(bytes, copy.data());
  return copy;
}

// ---- the token that a dead link took along ----

void Redundant::keep_token(const Send& send, LinkMask links) noexcept {
  token_links_ = std::popcount(links) == 1 && links_.size() > 1 ? links : 0;
  if (token_links_ == 0) return;
  token_.assign(send.frame.bytes().begin(), send.frame.bytes().end());
  token_to_ = send.to;
  token_at_ = now_;
}

// The ring would miss it only after its own timeout. If it has arrived, its window drops this one.
// A token that is older is of a ring, or of a boot, that is over.
void Redundant::send_token_again() noexcept {
  if (now_ - token_at_ > setup_.pause_max) token_links_ = 0;
  if (token_links_ == 0 || token_to_ == NodeIndex::everyone) return;
  if (usable_[at(token_to_)] & token_links_) return;
  const auto link = static_cast<std::size_t>(std::countr_zero(token_links_));
  token_links_ = 0;
  FrameRef frame = own_copy(token_);
  if (!frame) return;
  const Send again{.frame = std::move(frame), .to = token_to_, .lane = Lane::token};
  links_[link].counters.sent_again += send(std::span(&again, 1));
}

// ---- time ----

void Redundant::advance(Time now) noexcept {
  now_ = now;
  later_ = false;
  choose_what_to_look_at();
  for (Lined& link : links_) {
    link.device->advance(now);
    offer_waiting(link);
  }
  if (now < tick_at_) return;
  tick_at_ = now + setup_.pace.interval;
  ++ticks_;
  failures_left_ = failures_max;
  seal_.look_at_keys();
  health_.tick(now);
  if (health_.take_change()) {
    refresh();
    send_token_again();
  }
  if (seal_.ready()) send_probes();
}

void Redundant::send_probes() noexcept {
  for (std::size_t link = 0; link < links_.size(); ++link) {
    for (const ProbeKind kind : {ProbeKind::data, ProbeKind::token, ProbeKind::full}) {
      const auto every =
          static_cast<std::uint64_t>(setup_.pace.every[static_cast<std::size_t>(kind)]);
      if (kind == ProbeKind::token && !links_[link].multicast) continue;
      if (ticks_ % every == 0) send_probe(link, kind);
    }
  }
}

// It waits for nobody: what the link does not take is a probe that did not arrive.
void Redundant::send_probe(std::size_t link, ProbeKind kind) noexcept {
  FrameRef frame = take_frame(limits_.payload_max);
  if (!frame) return;
  const std::size_t overhead = seal_.overhead();
  const std::size_t size = health_.compose(
      link, kind, now_, frame.bytes().subspan(header_size, limits_.payload_max - overhead));
  frame.resize(overhead + size);
  const Lane lane = kind == ProbeKind::token ? Lane::token : Lane::data;
  Lined& to = links_[link];
  seal_.close(frame.bytes(), to.number, lane, health_.boot(), health_.next_counter(link, lane));
  const Send probe{.frame = std::move(frame), .to = NodeIndex::everyone, .lane = lane};
  to.counters.probes_sent += to.device->send(std::span(&probe, 1));
}

Time Redundant::deadline() const noexcept {
  Time due = tick_at_;
  for (const Lined& link : links_) {
    due = std::min(due, link.device->deadline());
    if (!link.waiting.empty()) due = std::min(due, now_ + std::chrono::milliseconds(1));
  }
  return due;
}

bool Redundant::arm() noexcept {
  bool armed = !later_ && unseen_ == 0;
  for (Lined& link : links_) armed &= link.device->arm();
  if (armed && setup_.mode == Mode::active) unseen_ = all();
  return armed;
}

std::size_t Redundant::link_events(std::span<LinkEvent> events) noexcept {
  std::size_t count = health_.events(events);
  for (std::size_t link = 0; link < links_.size() && count < events.size(); ++link) {
    const auto mine = events.subspan(count);
    const std::size_t more = links_[link].device->link_events(mine);
    for (LinkEvent& event : mine.first(more)) event.link = LinkIndex(link);
    count += more;
  }
  return count;
}

const TransportCounters& Redundant::counters() const noexcept {
  sum_ = own_;
  for (const Lined& link : links_) {
    const TransportCounters& one = link.device->counters();
    sum_.sent += one.sent;
    sum_.received += one.received;
    sum_.sent_bytes += one.sent_bytes;
    sum_.received_bytes += one.received_bytes;
    sum_.system_calls += one.system_calls;
    sum_.dropped_no_buffer += one.dropped_no_buffer;
    sum_.dropped_truncated += one.dropped_truncated;
    sum_.dropped_unresolved += one.dropped_unresolved;
    sum_.dropped_stalled += one.dropped_stalled;
    sum_.dropped_error += one.dropped_error;
    sum_.dropped_source += one.dropped_source;
    sum_.dropped_kernel += one.dropped_kernel;
  }
  return sum_;
}

}  // namespace gyre
