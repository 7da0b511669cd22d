#include "tests/sim/device.hh"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gyre::sim {

namespace {

constexpr std::size_t version_offset = 4;  // in the clear header
constexpr std::byte version_bit{0x80};

}  // namespace

Device::Device(Network& network, MachineIndex self, const DeviceTraits& traits, FramePool& pool,
               const Time& now, Sending sending, std::size_t wire)
    : network_(network),
      self_(self),
      wire_(wire),
      traits_(traits),
      pool_(pool),
      now_(now),
      sending_(std::move(sending)),
      newest_(lane_count * network.machines()),
      dice_(self + 1) {}

Address Device::address(MachineIndex machine) {
  Address made;
  made.bytes[0] = std::byte(machine + 1);
  return made;
}

Limits Device::limits_of(const DeviceTraits& traits) {
  return {.payload_max = traits.payload_max,
          .headroom = headroom,
          .burst_max = 32,
          .receive_frames = traits.receive_frames,
          .multicast = traits.multicast,
          .completes_in_send = traits.completes_after == Duration{}};
}

void Device::arrive(Flight&& flight) {
  auto& inbox = inbox_[static_cast<std::size_t>(flight.lane)];
  std::uint64_t& newest = newest_[lane_count * flight.from + static_cast<std::size_t>(flight.lane)];
  irregular_ += flight.again || flight.nth < newest;
  newest = std::max(newest, flight.nth);
  if (inbox.size() < traits_.receive_frames) inbox.push_back(std::move(flight));
}

std::size_t Device::hand_up(std::deque<Flight>& inbox, std::span<Arrival> arrivals) noexcept {
  std::size_t filled = 0;
  for (; filled < arrivals.size() && !inbox.empty(); inbox.pop_front()) {
    const Flight& flight = inbox.front();
    FrameRef frame = pool_.take();
    if (!frame) {
      ++counters_.dropped_no_buffer;
      break;
    }
    if (traits_.stamped) frame.prepend(pool_.headroom() - headroom);  // its header fits in front
    frame.resize(flight.bytes->size());
    std::memcpy(frame.data(), flight.bytes->data(), flight.bytes->size());
    if (traits_.other_version) frame.data()[version_offset] ^= version_bit;
    ++counters_.received;
    arrivals[filled++] = {.frame = std::move(frame),
                          .source = address(flight.from),
                          .sender = traits_.stamped ? NodeId::none : id(flight.from)};
  }
  return filled;
}

std::size_t Device::send(std::span<const Send> sends) noexcept {
  std::size_t willing = sends.size();
  if (traits_.short_sends && willing > 1) willing = dice_.between(1, willing);
  took_all_ = willing == sends.size();
  for (const Send& each : sends.first(willing)) {
    if (!sending_(destination(each), each.frame)) return sends.size();
    if (traits_.completes_after == Duration{}) {
      transmit(each);
      continue;
    }
    held_.push_back({each, now_ + traits_.completes_after});
    if (!network_.settled() && dice_.chance(traits_.stuck))
      held_.back().due += dice_.between(Duration{}, traits_.stuck_max);
  }
  return willing;
}

bool Device::to_all(const Send& send) const {
  return send.to == NodeIndex::everyone || (traits_.multicast && send.lane == Lane::data);
}

NodeId Device::destination(const Send& send) const {
  if (to_all(send)) return NodeId::none;
  const MachineIndex to = place_of(send.to);
  return to < network_.machines() ? id(to) : NodeId::none;
}

MachineIndex Device::place_of(NodeIndex peer) const {
  return at(peer) < peers_.size() ? peers_[at(peer)] : network_.machines();
}

void Device::transmit(const Send& send) {
  if (send.frame.size() > traits_.payload_max) {
    ++counters_.dropped_truncated;
    return;
  }
  ++counters_.sent;
  if (traits_.stamped) check_number(send);
  const auto bytes = std::make_shared<std::vector<std::byte>>(send.frame.bytes().begin(),
                                                              send.frame.bytes().end());
  if (traits_.other_version) (*bytes)[version_offset] ^= version_bit;
  if (!to_all(send)) {
    const MachineIndex to = place_of(send.to);
    if (to < network_.machines()) network_.send(self_, to, send.lane, bytes, now_, wire_);
  } else if (traits_.multicast) {
    for (MachineIndex to = 0; to < network_.machines(); ++to)
      if (to != self_) network_.send(self_, to, send.lane, bytes, now_, wire_);
  } else {
    for (const MachineIndex to : peers_)
      if (to < network_.machines()) network_.send(self_, to, send.lane, bytes, now_, wire_);
  }
}

// Frames leave in the order in which they got their numbers, each with its own; but where there are
// several links the last token may go out once more.
void Device::check_number(const Send& send) {
  Header header;
  if (read_header(send.frame.bytes(), cluster_tag("sim"), header, traits_.suite) != Refusal::none)
    return;
  if (std::exchange(boot_, header.boot) != header.boot) std::ranges::fill(number_, 0);
  std::uint64_t& last = number_[static_cast<std::size_t>(send.lane)];
  const bool again = network_.wires() > 1 && header.counter == last;
  repeated_ += header.counter <= last && !again;
  last = header.counter;
}

void Device::set_peer(NodeIndex peer, LinkIndex, const Address& address) noexcept {
  if (peer == NodeIndex::self) return;
  const auto number = static_cast<std::size_t>(address.bytes[0]);
  if (at(peer) >= peers_.size()) peers_.resize(at(peer) + 1, network_.machines());
  peers_[at(peer)] = number == 0 ? network_.machines() : number - 1;
}

void Device::advance(Time) noexcept {
  for (; due() <= now_; held_.pop_front()) transmit(held_.front().send);
}

void Device::put_back() {
  held_.clear();
  std::ranges::fill(number_, 0);
}

void Device::close() {
  for (; !held_.empty(); held_.pop_front()) transmit(held_.front().send);
}

}  // namespace gyre::sim
