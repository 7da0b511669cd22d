// From settings to a transport that is ready to use.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "transport/redundant.hh"
#include "transport/sealed.hh"
#include "transport/stamped.hh"
#include "transport/udp/udp.hh"

namespace gyre {

struct LinkSettings {
  udp::Settings udp;
  std::uint8_t priority = 1;
};

// The links of a node, by number, at least one, and what several are to do for each other.
struct LinkSet {
  std::vector<LinkSettings> links;
  Redundant::Mode mode = Redundant::Mode::active;
  ProbePace pace;
  bool learns = false;  // see Redundant::Setup
};

// What a FramePool is made with, before links are open, and how many bytes a frame then carries:
// as many as the smallest link lets through.
struct FrameShape {
  std::size_t headroom = 0, payload = 0, tailroom = 0;
  std::size_t frame_max = 0;
  std::size_t frames = 0;  // for the links and the seal, besides the node's
};
FrameShape frame_shape(const LinkSet& set, Suite suite = Suite::open) noexcept;

struct OpenSetup {
  NodeId self{};
  std::uint64_t cluster = 0;            // cluster_tag of the cluster's name
  std::uint64_t boot = 0;               // random, of this start; counts without a key
  std::optional<ClusterKey> key;        // none: frames are not sealed
  Suite suite = Suite::aes256gcm;       // counts with a key
  std::function<std::uint64_t()> draw;  // a number that nobody can foretell
  Duration pause_max{}, pace{};         // of Sealed::Setup
};
struct Opened {
  std::unique_ptr<HeaderTransport> transport;
  Redundant* links = nullptr;  // below it, where there are several
};
// `pool` has at least frame_shape's sizes and outlives the transport. Throws std::runtime_error or
// std::system_error.
Opened open_transport(const LinkSet& set, OpenSetup setup, FramePool& pool);

}  // namespace gyre
