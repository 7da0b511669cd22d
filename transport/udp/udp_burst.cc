// The hot half: receive and send, bursts at a time, without allocation or exceptions.
#include <algorithm>
#include <cerrno>

#include "transport/udp/address.hh"
#include "transport/udp/filter.hh"
#include "transport/udp/udp.hh"

namespace gyre::udp {

namespace {

constexpr std::size_t index(Lane lane) noexcept {
  return static_cast<std::size_t>(lane);
}

constexpr Duration stalled_retry = std::chrono::milliseconds(1);
constexpr Duration looked_after_every = std::chrono::seconds(1);

}  // namespace

// --- receiving ---

std::size_t Device::receive(Lane lane, std::span<Arrival> arrivals) noexcept {
  bool& known_empty = known_empty_[index(lane)];
  if (peers_changed_) filter_tokens();
  if (std::exchange(known_empty, false)) return 0;
  std::size_t filled = 0;
  // Frames that are not welcome fill no place; a flood of them ends after one queue's worth.
  for (std::size_t looked_at = 0;
       filled < arrivals.size() && looked_at <= limits_.receive_frames + burst_max;) {
    const std::size_t asked = prepare(std::min(arrivals.size() - filled, burst_max));
    if (asked == 0) {
      ++counters_.dropped_no_buffer;
      break;
    }
    const int result = recvmmsg(receivers_[index(lane)].fd(), inbox_.data(),
                                static_cast<unsigned>(asked), MSG_DONTWAIT, nullptr);
    ++counters_.system_calls;
    if (result < 0 && errno != EAGAIN) {  // a pending error of the socket: read, and so gone
      ++looked_at;
      continue;
    }
    const auto got = static_cast<std::size_t>(std::max(result, 0));
    for (std::size_t i = 0; i < got; ++i) {
      if (welcome(inbox_[i], inbox_sources_[i])) {
        spares_[i].resize(inbox_[i].msg_len);
        arrivals[filled++] = {.frame = std::move(spares_[i]), .source = inbox_sources_[i]};
      }
    }
    if (got < asked) {  // the queue is empty: the next call need not ask the kernel
      known_empty = filled > 0;
      break;
    }
    looked_at += got;
  }
  return filled;
}

// Makes the first `count` places of the inbox ready; returns how many are.
std::size_t Device::prepare(std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (!spares_[i]) {
      FrameRef frame = pool_.take();
      if (!frame) return i;
      frame.prepend(headroom_used_);
      frame.resize(limits_.payload_max);
      inbox_bytes_[i] = {.iov_base = frame.data(), .iov_len = frame.size()};
      spares_[i] = std::move(frame);
    }
    inbox_[i].msg_hdr.msg_namelen = sizeof(Address);
    inbox_[i].msg_hdr.msg_flags = 0;
  }
  return count;
}

bool Device::welcome(const mmsghdr& message, const Address& source) noexcept {
  if (source == own_source_) return false;  // the group's frames come back on a loopback
  if (message.msg_hdr.msg_flags & MSG_TRUNC) {
    ++counters_.dropped_truncated;
    return false;
  }
  if (sources_ && !std::ranges::binary_search(*sources_, with_port(source, 0))) {
    ++counters_.dropped_source;
    return false;
  }
  ++counters_.received;
  counters_.received_bytes += message.msg_len;
  return true;
}

// --- sending ---

std::size_t Device::send(std::span<const Send> sends) noexcept {
  Cursor place = begin(sends);
  while (place.send < sends.size()) {
    if (std::uint64_t* reason = drop_reason(sends[place.send])) {
      ++*reason;
      place = {place.send + 1, 0};
      continue;
    }
    const auto [count, end] = fill(sends, place);
    if (count == 0) {  // for everyone, but there is no one
      place = end;
      continue;
    }
    const int result =
        sendmmsg(sender_.fd(), outbox_.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    ++counters_.system_calls;
    if (result > 0) {
      const auto sent = static_cast<std::size_t>(result);
      count_sent(sent);
      stalled_since_ = never;
      place = sent < count ? outbox_from_[sent] : end;
    } else if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
      if (!stalled_too_long()) {
        remember(sends[place.send], place.destination);
        return place.send;
      }
      counters_.dropped_stalled += sends.size() - place.send;
      return sends.size();
    } else {
      // This datagram is refused, by a route, a filter or an echo of ICMP; the next one may pass.
      ++counters_.dropped_error;
      if (++place.destination == destinations(sends[place.send])) place = {place.send + 1, 0};
    }
  }
  return sends.size();
}

// Where to begin: behind the destinations that the first frame reached in the call before.
Device::Cursor Device::begin(std::span<const Send> sends) noexcept {
  const Unfinished last = std::exchange(unfinished_, {});
  if (sends.empty()) return {};
  const Send& first = sends.front();
  const bool same = first.frame.data() == last.data && first.frame.size() == last.size &&
                    first.lane == last.lane && last.destination < destinations(first);
  return {0, same ? last.destination : 0};
}

void Device::remember(const Send& send, std::size_t destination) noexcept {
  unfinished_ = {.data = send.frame.data(),
                 .size = send.frame.size(),
                 .lane = send.lane,
                 .destination = destination};
}

// The counter of why `send` can go nowhere; null if it can.
std::uint64_t* Device::drop_reason(const Send& send) noexcept {
  if (send.frame.size() > limits_.payload_max) return &counters_.dropped_truncated;
  if (to_group(send) || send.to == NodeIndex::everyone) return nullptr;
  assert(at(send.to) < nodes_max);
  return family(peers_[at(send.to)]) == AF_UNSPEC ? &counters_.dropped_unresolved : nullptr;
}

bool Device::to_group(const Send& send) const noexcept {
  return send.lane == Lane::data && kind_ != Kind::unicast;
}

std::size_t Device::destinations(const Send& send) const noexcept {
  return to_group(send) || send.to != NodeIndex::everyone ? 1 : known_peer_count_;
}

const Address& Device::destination(const Send& send, std::size_t i) const noexcept {
  if (to_group(send)) return group_;
  return peers_[at(send.to == NodeIndex::everyone ? known_peers_[i] : send.to)];
}

// Fills the outbox from `place` on; returns the number of messages and the place behind them. It
// stops in front of a frame that is to be dropped, so that each drop is counted once.
std::pair<std::size_t, Device::Cursor> Device::fill(std::span<const Send> sends,
                                                    Cursor place) noexcept {
  std::size_t count = 0;
  for (; place.send < sends.size(); place = {place.send + 1, 0}) {
    const Send& send = sends[place.send];
    if (drop_reason(send)) break;
    for (const std::size_t end = destinations(send); place.destination < end; ++place.destination) {
      if (count == batch_max) return {count, place};
      const Address& to = destination(send, place.destination);
      outbox_[count].msg_hdr.msg_name = const_cast<std::byte*>(to.bytes.data());
      outbox_[count].msg_hdr.msg_namelen = raw_size(to);
      outbox_bytes_[count] = {.iov_base = send.frame.data(), .iov_len = send.frame.size()};
      outbox_from_[count++] = place;
    }
  }
  return {count, place};
}

void Device::count_sent(std::size_t messages) noexcept {
  counters_.sent += messages;
  for (std::size_t i = 0; i < messages; ++i) counters_.sent_bytes += outbox_[i].msg_len;
}

bool Device::stalled_too_long() noexcept {
  if (stalled_since_ == never) stalled_since_ = now_;
  return now_ - stalled_since_ >= stall_max_;
}

// --- peers and time ---

void Device::set_peer(NodeIndex peer, LinkIndex, const Address& address) noexcept {
  if (peer == NodeIndex::self) return;  // never to ourselves
  assert(at(peer) < nodes_max);
  peers_[at(peer)] = family(address) == family(own_source_) ? with_port(address, port_) : Address{};
  known_peer_count_ = 0;
  for (std::size_t i = 0; i < nodes_max; ++i)
    if (family(peers_[i]) != AF_UNSPEC) known_peers_[known_peer_count_++] = NodeIndex(i);
  peers_changed_ = true;
}

// Who is not known yet is heard on the data lane first: joins go there. A filter that the kernel
// does not take leaves the one before, which would keep a newcomer out: then rather none.
void Device::filter_tokens() noexcept {
  peers_changed_ = false;
  if (!tokens_from_peers_only_) return;
  std::array<Address, nodes_max + 1> known;
  std::size_t count = 0;
  known[count++] = own_source_;
  for (std::size_t i = 0; i < known_peer_count_; ++i) known[count++] = peers_[at(known_peers_[i])];
  const Socket& token = receivers_[index(Lane::token)];
  const Filter filter({.cluster = cluster_, .sources = std::span(known).first(count)});
  if (filter.attach(token)) return;
  const int nothing = 0;
  setsockopt(token.fd(), SOL_SOCKET, SO_DETACH_FILTER, &nothing, sizeof nothing);
}

void Device::count_drops() noexcept {
  counters_.dropped_kernel = 0;
  for (const Socket& socket : receivers_) counters_.dropped_kernel += dropped_by_kernel(socket);
}

void Device::advance(Time now) noexcept {
  now_ = now;
  known_empty_.fill(false);
  if (now < look_after_at_) return;
  look_after_at_ = now + looked_after_every;
  count_drops();
  join_again();
}

Time Device::deadline() const noexcept {
  return stalled_since_ == never ? never : now_ + stalled_retry;
}

}  // namespace gyre::udp
