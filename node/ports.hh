// The ports of a node's programs, and which of them there is something to do for: a turn looks at
// these only, and a program that is idle costs it nothing.
//
// A slot is a client's number modulo the most that there may be. Memory follows use: that of a port
// is touched when it is opened for the first time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "node/client_port.hh"

namespace gyre::node {

class Ports {
 public:
  // Throws std::bad_alloc.
  explicit Ports(std::size_t ports_max);
  ~Ports();
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;

  std::size_t ports_max() const noexcept { return ports_max_; }
  std::size_t size() const noexcept { return open_.size(); }

  // Its slot is free: whoever gives numbers away waits until one was taken back.
  ClientPort& open(shm::Channel channel, const PortLimits& limits, Time now) noexcept;
  // Null: the port with this number is closed.
  ClientPort* find(std::uint32_t client) noexcept;
  void woken(std::uint32_t client, bool hung_up, Time now) noexcept;

  // All that are open. `visit` may write events, or end the port.
  template <typename Visit>
  void each(Visit visit) {
    for (const std::uint32_t slot : open_) touch(slot, visit);
  }
  template <typename Visit>
  void each(Visit visit) const {
    for (const std::uint32_t slot : open_) visit(ports()[slot]);
  }
  // One of them.
  template <typename Visit>
  void touch(ClientPort& port, Visit visit) {
    touch(static_cast<std::uint32_t>(&port - ports()), visit);
  }
  // Shows the programs what was written to them.
  void publish() noexcept;

  // Those that have, or had lately, something to say, beginning with another one each time.
  // `visit` asks them for it.
  template <typename Visit>
  void each_hot(Visit visit) {
    const std::size_t count = hot_.size();
    if (count > 0) first_ = (first_ + 1) % count;
    for (std::size_t i = 0; i < count; ++i)
      if (ClientPort& port = ports()[hot_[(first_ + i) % count]]; port.hot()) visit(port);
  }
  // Forgets who is hot no longer. `release` is handed those that are finished, before they close.
  template <typename Release>
  void settle(Release release) {
    for (std::size_t i = 0; i < hot_.size();) {
      const std::uint32_t slot = hot_[i];
      ClientPort& port = ports()[slot];
      if (port.hot() || marks_[slot].written) {
        ++i;
        continue;
      }
      hot_[i] = hot_.back();
      hot_.pop_back();
      marks_[slot].hot = false;
      if (!port.finished()) continue;
      release(port);
      close(slot);
    }
  }

 private:
  struct Mark {
    std::uint32_t place = 0;            // in open_
    bool hot = false, written = false;  // stands in that list
  };
  struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
  };

  ClientPort* ports() const noexcept { return reinterpret_cast<ClientPort*>(memory_.get()); }
  void note_hot(std::uint32_t slot) noexcept;
  void close(std::uint32_t slot) noexcept;
  template <typename Visit>
  void touch(std::uint32_t slot, Visit visit) {
    visit(ports()[slot]);
    if (!marks_[slot].written) written_.push_back(slot);
    marks_[slot].written = true;
  }

  const std::size_t ports_max_;
  std::unique_ptr<std::byte, Free> memory_;          // a port in each slot that is in use
  std::vector<Mark> marks_;                          // by slot
  std::vector<std::uint32_t> open_, hot_, written_;  // slots
  std::size_t first_ = 0;                            // of the hot ones, who is asked first
};

}  // namespace gyre::node
