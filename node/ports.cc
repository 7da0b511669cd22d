#include "node/ports.hh"

#include <cassert>
#include <new>

namespace gyre::node {

// Zeroed memory that nobody has touched is not there yet.
Ports::Ports(std::size_t ports_max)
    : ports_max_(ports_max),
      memory_(static_cast<std::byte*>(std::calloc(ports_max, sizeof(ClientPort)))),
      marks_(ports_max) {
  static_assert(alignof(ClientPort) <= alignof(std::max_align_t));
  if (!memory_) throw std::bad_alloc();
  for (auto* list : {&open_, &hot_, &written_}) list->reserve(ports_max);
}

Ports::~Ports() {
  for (const std::uint32_t slot : open_) ports()[slot].~ClientPort();
}

ClientPort& Ports::open(shm::Channel channel, const PortLimits& limits, Time now) noexcept {
  const auto slot = static_cast<std::uint32_t>(channel.client % ports_max_);
  assert(!find(channel.client) && open_.size() < ports_max_);
  ClientPort* port = new (ports() + slot) ClientPort;
  port->open(std::move(channel), limits, now);
  marks_[slot] = {.place = static_cast<std::uint32_t>(open_.size())};
  open_.push_back(slot);
  note_hot(slot);
  return *port;
}

ClientPort* Ports::find(std::uint32_t client) noexcept {
  const auto slot = static_cast<std::uint32_t>(client % ports_max_);
  const std::size_t place = marks_[slot].place;
  if (place >= open_.size() || open_[place] != slot) return nullptr;
  ClientPort& port = ports()[slot];
  return port.process().client == client ? &port : nullptr;
}

void Ports::woken(std::uint32_t client, bool hung_up, Time now) noexcept {
  ClientPort* port = find(client);
  if (!port) return;
  port->woken(hung_up, now);
  note_hot(static_cast<std::uint32_t>(port - ports()));
}

void Ports::publish() noexcept {
  for (const std::uint32_t slot : written_) {
    ports()[slot].publish();
    marks_[slot].written = false;
    note_hot(slot);  // a port that was ended has a last word
  }
  written_.clear();
}

void Ports::note_hot(std::uint32_t slot) noexcept {
  if (marks_[slot].hot || !ports()[slot].hot()) return;
  marks_[slot].hot = true;
  hot_.push_back(slot);
}

void Ports::close(std::uint32_t slot) noexcept {
  assert(!marks_[slot].hot && !marks_[slot].written);
  ports()[slot].~ClientPort();
  const std::uint32_t place = marks_[slot].place;
  open_[place] = open_.back();
  marks_[open_[place]].place = place;
  open_.pop_back();
}

}  // namespace gyre::node
