// Three nodes on one kind of transport, for tests that hold for every kind.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/sealed.hh"
#include "transport/stamped.hh"
#include "transport/transport.hh"

namespace gyre {

// A place where devices of one kind reach each other.
class World {
 public:
  virtual ~World() = default;
  virtual std::unique_ptr<Transport> open(std::size_t node, FramePool& pool) = 0;
  virtual Address address(std::size_t node) const = 0;
  // A datagram from someone who is no node.
  virtual void send_garbage(std::size_t node, Lane lane, std::span<const std::byte> bytes) = 0;
  // Frames whose bytes changed while the device had them.
  virtual std::uint64_t changed() const { return 0; }
  virtual std::size_t payload_max() const = 0;
};

struct Case {
  std::string name;
  std::unique_ptr<World> (*make)();
  bool own_network = false;  // needs addresses that only a namespace of our own has
  std::optional<Suite> suite = std::nullopt;  // under the clear header, sealed if not open

  // Bytes of a frame that are not the device's to carry.
  std::size_t overhead() const {
    return !suite ? 0 : header_size + (*suite == Suite::open ? 0 : seal_overhead);
  }
};
std::vector<Case> all_cases();
inline void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

class Bed {
 public:
  static constexpr std::size_t node_count = 3;
  static constexpr std::size_t pool_frames = 1200;
  static constexpr std::uint64_t cluster = 0x626564;

  explicit Bed(const Case& one);

  struct Node {
    std::unique_ptr<FramePool> pool;
    std::unique_ptr<Transport> transport;
    HeaderTransport* headed = nullptr;  // the same transport, where it is one
  };
  Node& node(std::size_t i) { return nodes_[i]; }
  World& world() { return *world_; }
  // The index by which every node knows node `i`: 0 is itself, as everywhere.
  static NodeIndex index_of(std::size_t i, std::size_t seen_from) {
    return NodeIndex((i + node_count - seen_from) % node_count);
  }

  // A frame of `size` bytes that is unlike any other. Where it must find its lane without a clear
  // header, byte 6 says the lane, as the header would.
  FrameRef frame(std::size_t node, Lane lane, std::uint32_t id, std::size_t size);
  std::vector<std::byte> bytes(std::size_t node, Lane lane, std::uint32_t id,
                               std::size_t size) const;

  void turn();  // virtual time passes, on every node
  // Offers until all are taken.
  void send(std::size_t node, std::span<const Send> sends);
  // The next `count` frames on a lane; fewer if they do not come.
  std::vector<Arrival> receive(std::size_t node, Lane lane, std::size_t count);
  // One frame must come and be these bytes.
  void expect(std::size_t node, Lane lane, const std::vector<std::byte>& bytes);

 private:
  void open(std::size_t i, const Case& one);
  void meet();  // until all have proved to each other that they are there

  std::unique_ptr<World> world_;
  std::vector<Node> nodes_;
  Time now_{};
};

std::vector<std::byte> to_vector(const FrameRef& frame);

}  // namespace gyre
