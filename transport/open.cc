#include "transport/open.hh"

#include <algorithm>

namespace gyre {
namespace {

// Every frame fits into a datagram of every link.
std::size_t datagram_max(const LinkSet& set) noexcept {
  std::size_t least = udp::payload_limit;
  for (const LinkSettings& link : set.links) least = std::min(least, link.udp.payload_max);
  return least;
}

std::unique_ptr<Transport> open_link(udp::Settings settings, std::size_t payload_max,
                                     FramePool& pool) {
  settings.payload_max = payload_max;
  return std::make_unique<udp::Device>(settings, pool);
}

std::unique_ptr<Redundant> open_links(const LinkSet& set, const OpenSetup& setup, FramePool& pool) {
  std::vector<Redundant::Link> links;
  for (const LinkSettings& link : set.links)
    links.push_back({.device = open_link(link.udp, datagram_max(set), pool),
                     .number = static_cast<std::uint8_t>(links.size()),
                     .priority = link.priority});
  return std::make_unique<Redundant>(
      std::move(links),
      Redundant::Setup{.self = setup.self,
                       .cluster = setup.cluster,
                       .suite = setup.key ? setup.suite : Suite::open,
                       .mode = set.mode,
                       .draw = setup.draw,
                       .pause_max = setup.pause_max,
                       .pace = set.pace,
                       .learns = set.learns},
      pool);
}

}  // namespace

FrameShape frame_shape(const LinkSet& set, Suite suite) noexcept {
  const std::size_t payload = datagram_max(set) - header_size;
  const Limits limits{.burst_max = udp::Device::burst_max};
  FrameShape shape{.headroom = header_size,
                   .payload = payload,
                   .frame_max = payload - (suite == Suite::open ? 0 : seal_overhead)};
  if (suite != Suite::open) shape.frames += Sealed::frames_needed(limits);
  // The node reckons with one device.
  if (const std::size_t links = set.links.size(); links > 1)
    shape.frames +=
        Redundant::frames_needed(links) + (links - 1) * lane_count * udp::Device::burst_max;
  return shape;
}

Opened open_transport(const LinkSet& set, OpenSetup setup, FramePool& pool) {
  Opened opened;
  std::unique_ptr<Transport> device;
  if (set.links.size() == 1) {
    device = open_link(set.links.front().udp, set.links.front().udp.payload_max, pool);
  } else {
    auto links = open_links(set, setup, pool);
    opened.links = links.get();
    device = std::move(links);
  }
  if (!setup.key) {
    opened.transport = std::make_unique<Stamped>(
        std::move(device),
        StampIdentity{.self = setup.self, .cluster = setup.cluster, .boot = setup.boot}, pool);
    return opened;
  }
  auto sealed = std::make_unique<Sealed>(std::move(device),
                                         Sealed::Setup{.self = setup.self,
                                                       .cluster = setup.cluster,
                                                       .key = std::move(*setup.key),
                                                       .suite = setup.suite,
                                                       .draw = setup.draw,
                                                       .pause_max = setup.pause_max,
                                                       .pace = setup.pace},
                                         pool);
  if (opened.links)
    opened.links->keys([owner = sealed.get()] {
      return ProbeSeal::Keys{.current = &owner->key(), .other = owner->other_key()};
    });
  opened.transport = std::move(sealed);
  return opened;
}

}  // namespace gyre
