// Delivery: the one order, as configurations and messages (extended virtual synchrony: Moser et al.
// 1994; Amir et al. 1995, section 6).
//
// When a ring ends, its messages are handed up in two parts. In the regular configuration: all up
// to the first hole, or the first safe message that is not known to be everywhere. Then, in the
// transitional configuration of those that came along: the rest, less what a lost node sent behind
// a hole, since it may depend on what is missing. All who come along have exchanged their messages
// and know the same, so they all draw the line in the same place.

#include "totem/ring.hh"

namespace gyre::totem {

bool Ring::next(Event& event) {
  return retiring_ ? next_of_retiring(event) : next_message(*log_, event);
}

bool Ring::deliverable(const Log& log, Seq seq) const noexcept {
  if (!log.window.has(seq)) return false;
  const auto flags = load<std::uint8_t>(log.window.at(seq).data() + 1);
  if (!(flags & wire::Data::safe)) return true;
  return seq <= (&log == retiring_ ? safe_to_ : log.stable);
}

bool Ring::next_message(Log& log, Event& event) {
  for (;;) {
    if (current_ && next_item(log, event)) return true;
    if (!deliverable(log, log.delivered + 1)) return false;
    begin_frame(log);
  }
}

// Starts on the frame behind the last delivered one, which is here.
bool Ring::begin_frame(Log& log) {
  const Seq seq = log.delivered + 1;
  const FrameRef& frame = log.window.at(seq);
  current_header_ = *wire::read_data(frame.bytes());
  if (current_header_.flags & wire::Data::recovered) {  // a message of an old ring, long unwrapped
    log.delivered = seq;
    return false;
  }
  current_ = frame;
  offset_ = wire::Data::size;
  index_ = 0;
  return true;
}

// The next whole message of the current frame; false, and the frame is done, when there is none.
bool Ring::next_item(Log& log, Event& event) {
  const std::span<const std::byte> bytes = current_.bytes();
  while (bytes.size() - offset_ >= wire::Item::size) {
    const wire::Item item = wire::read_item(bytes.data() + offset_);
    offset_ += wire::Item::size;
    if (item.length > bytes.size() - offset_) {
      ++counters_.malformed_items;
      break;
    }
    std::span<const std::byte> payload = bytes.subspan(offset_, item.length);
    offset_ += item.length;
    if (item.flags & wire::Item::withdrawn) continue;
    if (item.flags != wire::Item::whole) {
      const auto sender = peers_.find(current_header_.sender);
      const auto whole = assembler_.add(*sender, item.flags, payload);
      if (!whole) continue;
      payload = *whole;
    }
    const bool safe = current_header_.flags & wire::Data::safe;
    event = Message{.place = {log.id, log.delivered + 1, index_++},
                    .sender = current_header_.sender,
                    .guarantee = safe ? Guarantee::safe : Guarantee::agreed,
                    .barrier = (current_header_.flags & wire::Data::barrier) != 0,
                    .payload = payload};
    ++counters_.messages_delivered;
    return true;
  }
  current_.reset();
  ++log.delivered;
  return false;
}

bool Ring::next_of_retiring(Event& event) {
  Log& old = *retiring_;
  if (stage_ == Stage::regular) {
    if (next_message(old, event)) return true;
    stage_ = Stage::holes;
    Configuration transitional =
        configuration(Configuration::Kind::transitional, old, transitional_);
    transitional.stable = safe_to_;
    event = transitional;
    return true;
  }
  for (;;) {
    if (current_ && next_item(old, event)) return true;
    const Seq seq = old.delivered + 1;
    if (seq > old.high) break;
    if (!old.window.has(seq)) {
      hole_ = true;
      old.delivered = seq;
      continue;
    }
    const auto sender = peers_.find(wire::read_data(old.window.at(seq).bytes())->sender);
    if (hole_ && !deliverers_.has(*sender)) {
      old.delivered = seq;
      continue;
    }
    begin_frame(old);
  }
  assembler_.clear();
  event = configuration(Configuration::Kind::regular, old, log_->members);
  old.reset({});
  retiring_ = nullptr;
  return true;
}

Configuration Ring::configuration(Configuration::Kind kind, const Log& old,
                                  const Members& members) {
  std::array<NodeIndex, nodes_max> order;
  const std::size_t count = sorted(members, order);
  for (std::size_t i = 0; i < count; ++i)
    event_members_[i] = {.node = peers_.id(order[i]), .since = since_[at(order[i])]};
  return {.kind = kind,
          .ring = log_->id,
          .previous = old.id,
          .members = {event_members_.data(), count}};
}

}  // namespace gyre::totem
