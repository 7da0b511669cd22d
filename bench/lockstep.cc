#include "bench/lockstep.hh"

#include <algorithm>
#include <stdexcept>

#include "transport/shm/handshake.hh"
#include "transport/shm/records.hh"

namespace gyre::bench {
namespace {

constexpr std::size_t datagram_max = 1472;
constexpr std::size_t receive_frames = Wire::queue_max / 4;

totem::Parameters parameters() {
  totem::Parameters parameters = never_idle(datagram_max);
  parameters.receive_frames = receive_frames;
  return parameters;
}

std::size_t pool_frames() {
  return node::Node::frames_needed(parameters(), {.burst_max = Wire::burst_max}) +
         2 * Wire::queue_max;
}

}  // namespace

Wire::Wire(FramePool& pool, std::size_t payload_max) : pool_(pool), payload_max_(payload_max) {}

Limits Wire::limits() const noexcept {
  return {.payload_max = payload_max_,
          .burst_max = burst_max,
          .receive_frames = receive_frames,
          .multicast = true,
          .completes_in_send = true};
}

std::size_t Wire::receive(Lane lane, std::span<Arrival> arrivals) noexcept {
  Queue& queue = queues_[static_cast<std::size_t>(lane)];
  const std::size_t count = std::min(queue.count, arrivals.size());
  for (std::size_t i = 0; i < count; ++i)
    arrivals[i].frame = std::move(queue.frames[(queue.first + i) % queue_max]);
  queue.first = (queue.first + count) % queue_max;
  queue.count -= count;
  counters_.received += count;
  return count;
}

std::size_t Wire::send(std::span<const Send> sends) noexcept {
  for (const Send& send : sends) {
    Queue& queue = other_->queues_[static_cast<std::size_t>(send.lane)];
    FrameRef copy = queue.count < queue_max ? other_->pool_.take() : FrameRef();
    if (!copy) {
      ++counters_.dropped_no_buffer;
      continue;
    }
    copy.prepend(header_size);  // this device's frames begin where the pool's memory does
    copy.resize(send.frame.size());
    std::ranges::copy(send.frame.bytes(), copy.data());
    queue.frames[(queue.first + queue.count++) % queue_max] = std::move(copy);
    ++counters_.sent;
  }
  return sends.size();
}

LocalProgram::LocalProgram(node::Node& daemon, Time now, std::uint32_t client) : daemon_(&daemon) {
  shm::ChannelPair pair =
      shm::make_pair({.node = 1, .client = client, .events_size = shm::ring_min});
  channel_ = std::move(pair.program);
  requests_ = {channel_.words().requests, channel_.requests()};
  events_ = {channel_.words().events, channel_.events()};
  daemon.open_client(std::move(pair.daemon), now);
}

void LocalProgram::join(std::string_view group) {
  group_ = group;
  ask(shm::RequestKind::join);
}

void LocalProgram::leave() {
  ask(shm::RequestKind::leave);
}

void LocalProgram::ask(shm::RequestKind kind) {
  const std::span<const std::byte> parts[] = {std::as_bytes(std::span(group_))};
  requests_.write(static_cast<std::uint32_t>(kind), parts);
  requests_.publish();
}

bool LocalProgram::send(std::span<const std::byte> payload) noexcept {
  static constexpr std::array<std::byte, 8> zeros{};
  const shm::SendRecord record{.guarantee = 0,
                               .name_size = static_cast<std::uint32_t>(group_.size())};
  const std::span<const std::byte> parts[] = {
      std::as_bytes(std::span(&record, 1)), std::as_bytes(std::span(group_)),
      std::span(zeros).first(shm::padded(group_.size()) - group_.size()), payload};
  const bool taken = requests_.write(static_cast<std::uint32_t>(shm::RequestKind::send), parts);
  requests_.publish();
  return taken;
}

std::size_t LocalProgram::take_messages() noexcept {
  std::size_t messages = 0;
  shm::Record record;
  for (; events_.peek(record) == shm::Look::record; events_.consume())
    messages += record.kind == static_cast<std::uint32_t>(shm::EventKind::message);
  events_.publish();
  return messages;
}

Lockstep::End::End(std::size_t which, std::size_t clients_max, Duration park_after)
    : pool(pool_frames(), header_size, datagram_max - header_size, 0) {
  auto device = std::make_unique<Wire>(pool, datagram_max);
  wire = device.get();
  const NodeId self{static_cast<std::uint32_t>(which) + 1};
  transport = std::make_unique<Stamped>(
      std::move(device), StampIdentity{.self = self, .cluster = 1, .boot = which + 1}, pool);
  const node::ListedPeer peer{NodeId{static_cast<std::uint32_t>(2 - which)}, {}};
  node::NodeLimits limits;
  limits.clients = clients_max;
  limits.port.park_after = park_after;
  node = std::make_unique<node::Node>(
      node::Node::Setup{.transport = *transport,
                        .pool = pool,
                        .errands = errands,
                        .log = log,
                        .parameters = parameters(),
                        .identity = {.self = self, .incarnation = which + 1, .seed = which + 1},
                        .listed = {&peer, 1},
                        .limits = limits});
}

Lockstep::Lockstep(std::size_t clients_max, Duration park_after) {
  for (std::size_t i = 0; i < ends_.size(); ++i)
    ends_[i] = std::make_unique<End>(i, clients_max, park_after);
  ends_[0]->wire->connect(*ends_[1]->wire);
  ends_[1]->wire->connect(*ends_[0]->wire);
  for (auto& end : ends_) end->node->start(now_);
  for (int turns = 0; ends_[0]->errands.members() != 2 || ends_[1]->errands.members() != 2;
       ++turns) {
    if (turns > 10'000'000) throw std::runtime_error("the ring in memory does not form");
    turn();
  }
  rotate(100);
}

void Lockstep::turn() {
  for (auto& end : ends_) {
    now_ += std::chrono::microseconds(5);
    end->node->turn(now_);
    if (const std::uint64_t reserve = end->errands.take_reserve())
      end->node->reserved(reserve, now_);
  }
}

void Lockstep::rotate(std::uint64_t count) {
  const totem::Counters& counters = ends_[0]->node->ring().counters();
  for (const std::uint64_t end = counters.tokens_received + count; counters.tokens_received < end;)
    turn();
}

}  // namespace gyre::bench
