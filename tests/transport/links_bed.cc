#include "tests/transport/links_bed.hh"

#include <algorithm>

namespace gyre::test {
namespace {

constexpr std::uint64_t cluster = 77;

Address address_of(std::size_t node, std::size_t link) {
  Address address;
  address.bytes[0] = std::byte(node + 1);
  address.bytes[1] = std::byte(link + 1);
  return address;
}

}  // namespace

std::size_t LinkDevice::receive(Lane lane, std::span<Arrival> arrivals) noexcept {
  ++looks;
  auto& queue = arriving[static_cast<std::size_t>(lane)];
  std::size_t filled = 0;
  for (auto each = queue.begin(); each != queue.end() && filled < arrivals.size();) {
    if (each->due > bed_.now()) {
      ++each;
      continue;
    }
    FrameRef frame = pool_.take();
    if (!frame) break;
    frame.prepend(header_size);
    frame.resize(std::min<std::size_t>(each->bytes.size(), 1400));
    std::copy_n(each->bytes.begin(), frame.size(), frame.data());
    arrivals[filled++] = {.frame = std::move(frame), .source = address_of(each->from, link_)};
    each = queue.erase(each);
  }
  return filled;
}

std::size_t LinkDevice::send(std::span<const Send> sends) noexcept {
  const std::size_t taken = std::min(left_, sends.size());
  if (takes != SIZE_MAX) left_ -= taken;
  for (const Send& send : sends.first(taken)) {
    for (std::size_t to = 0; to < bed_.node_count(); ++to) {
      if (to == node_) continue;
      const auto peer = peers_.find(bed_.index_of(to, node_));
      const bool all =
          send.to == NodeIndex::everyone || (traits_.multicast && send.lane == Lane::data);
      const bool group = traits_.multicast && send.lane == Lane::data;
      if (!all && bed_.index_of(to, node_) != send.to) continue;
      if (!group && (peer == peers_.end() || peer->second == Address{})) continue;
      bed_.transmit({.link = link_,
                     .from = node_,
                     .to = to,
                     .lane = send.lane,
                     .bytes = {send.frame.bytes().begin(), send.frame.bytes().end()}});
    }
  }
  return taken;
}

void LinksBed::start(std::size_t i, std::vector<std::uint8_t> numbers) {
  Node& node = nodes_[i];
  node.transport.reset();
  node.devices.clear();
  node.pool = std::make_unique<FramePool>(2000, header_size, 1400 - header_size, 0);
  node.boot = random_();
  std::vector<Redundant::Link> links;
  for (std::size_t link = 0; link < options_.links; ++link) {
    auto device = std::make_unique<LinkDevice>(*this, i, link, options_.traits, *node.pool);
    node.devices.push_back(device.get());
    links.push_back({.device = std::move(device),
                     .number = numbers[link],
                     .priority = options_.priorities[link]});
  }
  const Suite suite = options_.sealed ? Suite::aes256gcm : Suite::open;
  const auto draw = [this] { return random_(); };
  auto redundant = std::make_unique<Redundant>(std::move(links),
                                               Redundant::Setup{.self = id(i),
                                                                .cluster = cluster,
                                                                .suite = suite,
                                                                .mode = options_.mode,
                                                                .draw = draw,
                                                                .pause_max = milliseconds(500),
                                                                .pace = options_.pace,
                                                                .learns = options_.learns,
                                                                .neighbours = 16},
                                               *node.pool);
  node.redundant = redundant.get();
  if (options_.sealed) {
    const std::vector<std::byte> secret(200, std::byte{7});
    auto sealed = std::make_unique<Sealed>(std::move(redundant),
                                           Sealed::Setup{.self = id(i),
                                                         .cluster = cluster,
                                                         .key = ClusterKey(RootKey(secret), "c"),
                                                         .suite = suite,
                                                         .draw = draw,
                                                         .pause_max = milliseconds(500),
                                                         .pace = milliseconds(10),
                                                         .senders = 16},
                                           *node.pool);
    node.redundant->keys([top = sealed.get()] { return ProbeSeal::Keys{.current = &top->key()}; });
    node.top = sealed.get();
    node.transport = std::move(sealed);
  } else {
    auto stamped = std::make_unique<Stamped>(
        std::move(redundant), StampIdentity{.self = id(i), .cluster = cluster, .boot = node.boot},
        *node.pool);
    node.top = stamped.get();
    node.transport = std::move(stamped);
  }
  for (std::size_t other = 0; other < nodes_.size(); ++other) {
    if (other == i) continue;
    node.redundant->introduce(index_of(other, i), id(other));
    for (std::size_t link = 0; link < options_.links && !options_.learns; ++link)
      node.transport->set_peer(index_of(other, i), LinkIndex(link), address_of(other, link));
  }
}

void LinksBed::transmit(Packet packet) {
  if (cuts_[packet.link] || !wire(packet)) return;
  packet.due = now_ + delay + slower[packet.link];
  nodes_[packet.to].devices[packet.link]->arriving[static_cast<std::size_t>(packet.lane)].push_back(
      std::move(packet));
}

void LinksBed::turn(Node& node) {
  node.transport->advance(now_);
  for (const Lane lane : {Lane::data, Lane::token}) {
    std::array<Arrival, 8> arrivals;
    while (const std::size_t count = node.transport->receive(lane, arrivals))
      for (Arrival& arrival : std::span(arrivals).first(count)) {
        node.received.emplace_back(reinterpret_cast<const char*>(arrival.frame.data()),
                                   arrival.frame.size());
        arrival.frame.reset();
      }
  }
}

void LinksBed::step() {
  now_ += milliseconds(1);
  for (Node& node : nodes_) {
    if (node.paused) continue;
    do turn(node);
    while (!node.transport->arm());
    std::array<LinkEvent, 8> events;
    const std::size_t count = node.transport->link_events(events);
    node.events.insert(node.events.end(), events.begin(),
                       events.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

void LinksBed::send(std::size_t from, const std::string& text, NodeIndex to, Lane lane) {
  Send send{nodes_[from].pool->take(), to, lane};
  ASSERT_TRUE(send.frame);
  send.frame.resize(text.size());
  std::memcpy(send.frame.data(), text.data(), text.size());
  for (int i = 0; i < 1000; ++i) {
    if (nodes_[from].transport->send(std::span(&send, 1)) == 1) return;
    step();
  }
  FAIL() << "nobody takes it";
}

}  // namespace gyre::test
