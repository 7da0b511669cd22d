// A network of a test's own: a switch, nodes on it in a network namespace each, and the test
// beside them on the same switch. It hears what passes, and writes any address into what it says,
// but it has no key. All of it goes with the object.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "transport/shm/descriptor.hh"

namespace gyre::test {

using Bytes = std::vector<std::byte>;

class Namespace {
 public:
  Namespace();  // where this thread is
  void enter() const;
  std::string path() const;

 private:
  shm::Descriptor descriptor_;
};

class Switch {
 public:
  static constexpr int nodes = 3;
  static constexpr std::uint16_t port = 5405;

  Switch();  // takes root; this thread is beside the nodes then
  ~Switch();
  Switch(const Switch&) = delete;
  Switch& operator=(const Switch&) = delete;

  static std::string address(int node);
  static std::string stranger();  // ours
  // Does `what` in the network of that node, and hands on its answer.
  template <typename What>
  auto at(int node, What what) const {
    struct Back {
      const Namespace& beside;
      ~Back() { beside.enter(); }
    } back{beside_};
    nodes_[static_cast<std::size_t>(node - 1)].enter();
    return what();
  }
  // Datagrams from an address that need not be ours.
  void inject(const std::string& from, int to, std::span<const Bytes> frames) const;

 private:
  void add(int node);

  Namespace before_;
  Namespace beside_;
  std::vector<Namespace> nodes_;
};

// What one node sends another.
class Tap {
 public:
  Tap(int from, int to);
  std::vector<Bytes> heard();  // since the last call

 private:
  int from_, to_;
  shm::Descriptor socket_;
};

// A process that sends one frame as fast as the kernel lets it, until this object goes.
class Flood {
 public:
  Flood(const std::string& from, int to, const Bytes& frame);
  ~Flood();
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;
  std::uint64_t sent() const;

 private:
  std::uint64_t* sent_;
  pid_t process_;
};

}  // namespace gyre::test
