#include "tests/transport/fake.hh"

#include <algorithm>

namespace gyre {

namespace {

constexpr std::size_t send_queue = 32;
constexpr std::byte scribble{0xee};

std::uint64_t checksum(std::span<const std::byte> bytes) noexcept {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const std::byte byte : bytes) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return sum;
}

// What a card's driver does with the room it asked for: link headers, checksums, padding.
void spoil_surroundings(const FrameRef& frame) noexcept {
  std::fill_n(frame.data() - FakeDevice::headroom, FakeDevice::headroom, scribble);
  std::fill_n(frame.data() + frame.size(), FakeDevice::tailroom, scribble);
}

}  // namespace

FakeNetwork::FakeNetwork(const FakeOptions& options)
    : options_(options), random_(options.seed), wire_(8192, 0, options.payload_max, 0) {}

FakeNetwork::~FakeNetwork() = default;

std::unique_ptr<FakeDevice> FakeNetwork::attach(FramePool& pool, const Address& address) {
  Address own = address;
  if (own == Address{}) own.bytes[0] = std::byte(devices_.size() + 1);
  auto device = std::make_unique<FakeDevice>(*this, own, pool);
  devices_.push_back(device.get());
  return device;
}

bool FakeNetwork::happens(double probability) noexcept {
  return probability > 0 && std::uniform_real_distribution<>()(random_) < probability;
}

void FakeNetwork::inject(const Address& to, Lane lane, std::span<const std::byte> bytes) {
  Address foreign;
  foreign.bytes.fill(std::byte{0xff});
  carry(foreign, to, lane, bytes, Time{});
}

void FakeNetwork::carry(const Address& from, const Address& to, Lane lane,
                        std::span<const std::byte> bytes, Time now) noexcept {
  const auto receiver = std::ranges::find_if(
      devices_, [&](const FakeDevice* device) { return device && device->address_ == to; });
  if (receiver == devices_.end()) return;
  auto& queue = (*receiver)->arriving_[static_cast<std::size_t>(lane)];
  const int copies = happens(options_.loss) ? 0 : happens(options_.duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (queue.size() == options_.queue_frames) return;  // its queue is full
    FrameRef copy = wire_.take();
    if (!copy) return;
    copy.resize(bytes.size());
    std::ranges::copy(bytes, copy.data());
    const Time due =
        now + options_.delay + (happens(options_.reorder) ? options_.reorder_delay : Duration{});
    const auto place = std::ranges::upper_bound(queue, due, {}, &Flight::due);
    queue.insert(place, {.bytes = std::move(copy), .due = due, .from = from});
  }
}

FakeDevice::FakeDevice(FakeNetwork& network, Address address, FramePool& pool)
    : network_(network), address_(address), pool_(pool) {
  taken_.reserve(send_queue);
  for (auto& queue : arriving_) queue.reserve(network.options_.queue_frames);
}

FakeDevice::~FakeDevice() {
  std::ranges::replace(network_.devices_, this, nullptr);
}

Limits FakeDevice::limits() const noexcept {
  return {.payload_max = network_.options_.payload_max,
          .headroom = headroom,
          .tailroom = tailroom,
          .burst_max = send_queue,
          .receive_frames = network_.options_.queue_frames};
}

std::size_t FakeDevice::receive(Lane lane, std::span<Arrival> arrivals) noexcept {
  auto& queue = arriving_[static_cast<std::size_t>(lane)];
  const std::size_t excess =
      network_.options_.payload_max - std::min(network_.options_.payload_max, pool_.payload());
  std::size_t filled = 0;
  while (filled < arrivals.size() && filled < queue.size() && queue[filled].due <= now_) {
    FrameRef frame = pool_.take();
    if (!frame) {
      ++counters_.dropped_no_buffer;
      break;
    }
    const FakeNetwork::Flight& flight = queue[filled];
    frame.prepend(excess);
    frame.resize(flight.bytes.size());
    std::ranges::copy(flight.bytes.bytes(), frame.data());
    ++counters_.received;
    arrivals[filled++] = {.frame = std::move(frame), .source = flight.from};
  }
  queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(filled));
  return filled;
}

std::size_t FakeDevice::send(std::span<const Send> sends) noexcept {
  std::size_t willing = full ? 0 : std::min(sends.size(), send_queue - taken_.size());
  if (network_.options_.short_sends && willing > 1)
    willing = std::uniform_int_distribution<std::size_t>(1, willing)(network_.random_);
  for (const Send& send : sends.first(willing)) {
    if (send.frame.size() > network_.options_.payload_max) {
      ++counters_.dropped_truncated;
      continue;
    }
    if (send.to != NodeIndex::everyone && peers_[at(send.to)].resolved_at > now_) {
      ++counters_.dropped_unresolved;
      continue;
    }
    assert(send.frame.headroom() >= headroom);
    spoil_surroundings(send.frame);
    taken_.push_back({.send = send,
                      .checksum = checksum(send.frame.bytes()),
                      .turns_left = network_.options_.completes_after});
  }
  return willing;
}

void FakeDevice::complete(const Taken& taken) noexcept {
  const Send& send = taken.send;
  if (checksum(send.frame.bytes()) != taken.checksum) ++changed_;
  for (std::size_t i = 1; i < nodes_max; ++i) {
    if (send.to != NodeIndex::everyone && at(send.to) != i) continue;
    if (peers_[i].resolved_at > now_) continue;
    const auto bytes = send.frame.bytes();
    if (!network_.loses || !network_.loses(address_, peers_[i].address, send.lane, bytes))
      network_.carry(address_, peers_[i].address, send.lane, bytes, now_);
    ++counters_.sent;
  }
  spoil_surroundings(send.frame);
}

void FakeDevice::set_peer(NodeIndex peer, LinkIndex, const Address& address) noexcept {
  if (peer == NodeIndex::self) return;
  const bool gone = address == Address{};
  peers_[at(peer)] = {.address = address,
                      .resolved_at = gone ? never : now_ + network_.options_.resolves_after};
}

void FakeDevice::advance(Time now) noexcept {
  now_ = now;
  for (Taken& taken : taken_)
    if (--taken.turns_left <= 0) complete(taken);
  std::erase_if(taken_, [](const Taken& taken) { return taken.turns_left <= 0; });
}

Time FakeDevice::deadline() const noexcept {
  return taken_.empty() ? never : now_;
}

}  // namespace gyre
