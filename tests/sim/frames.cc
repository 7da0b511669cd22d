// What a machine's frames mean to those who watch: those that leave it, and those that get through.
#include <fmt/format.h>

#include "tests/sim/process.hh"
#include "tests/traces/frame_text.hh"
#include "totem/wire.hh"
#include "transport/probe.hh"

namespace gyre::sim {

bool Machine::transmit(NodeId to, const FrameRef& frame) {
  if (!has_effect()) return false;
  std::span<const std::byte> text = frame.bytes();
  if (process_->links && (is_probe(text) || process_->is_copy(text))) return true;
  if (run_.seals)
    text = run_.seals->leaves(text, run_.now);
  else if (run_.settings.device.stamped)
    text = text.subspan(header_size);
  if (process_->ear->node_sends() && !node_transmits(to, text)) return false;
  run_.hash.add(text.size() * 1000003 +
                static_cast<std::uint64_t>(run_.now.time_since_epoch().count()));
  return true;
}

bool Machine::node_transmits(NodeId to, std::span<const std::byte> frame) {
  const auto type = totem::wire::type(frame);
  if (ends_behind_token_ && behind_token_ && type == totem::wire::Type::data)
    dying_ |= dice_.chance(0.5);
  if (dying_) return false;
  if (run_.tracing && run_.tracing_frames)
    run_.note(index_,
              fmt::format("→ {:<3} {}", to == NodeId::none ? 0 : static_cast<std::uint32_t>(to),
                          test::text_of(frame)));
  if (type == totem::wire::Type::token) {
    totem::wire::Token token;
    totem::wire::read_token(frame, token);
    run_.packets.received_to(process_->id, token.ring,
                             process_->node->ring().received_to(token.ring));
    behind_token_ = true;
  }
  run_.packets.sent(process_->id, to, frame);
  const std::uint64_t gather = process_->node->ring().counters().gathers;
  run_.consensus.sent(process_->id, gather, frame, run_.now);
  run_.gathering.sent(process_->id, gather, frame, run_.now);
  return true;
}

// As its ring gets it.
void Machine::received(Lane lane, const Arrival& arrival) {
  if (run_.seals) {
    FrameRef whole = arrival.frame;
    whole.prepend(header_size);
    whole.resize(whole.size() + seal_overhead);
    run_.seals->gets_through(process_->id, boot_since_, lane, whole.bytes());
  }
  const bool strange = Device::machine(arrival.source) >= run_.settings.machines;
  const std::span<const std::byte> frame = arrival.frame.bytes();
  if (strange || totem::wire::type(frame) != totem::wire::Type::join) return;
  const bool paused = woken_at_ == last_turn_;
  run_.consensus.received(process_->id, frame, paused, run_.now);
  run_.gathering.received(process_->id, frame, paused, run_.now);
}

// It must have another boot before anything leaves, and anything gets through. At its first turn
// nothing has yet.
void Machine::note_pause(Duration paused) {
  if (!process_->sealed || paused <= run_.settings.ring.token_loss) return;
  if (process_->node->counters().turns == 0) return;
  run_.seals->is_over(id(), boot_);
  boot_since_ = run_.now;
}

void Machine::note_boot() {
  if (!process_->sealed || process_->sealed->boot() == boot_) return;
  boot_ = process_->sealed->boot();
  boot_since_ = run_.now;
}

void Machine::count_seals() {
  if (!process_ || !process_->sealed) return;
  const StampCounters& counters = process_->sealed->stamp_counters();
  const auto reach = [&](const char* what, std::uint64_t count) {
    if (count > 0) run_.reached[what] += count;
  };
  reach("seal: a boot has answered", counters.proved);
  reach("seal: a number came again", counters.reports);
  reach("seal: another boot", counters.new_boots);
  reach("seal: not fresh", process_->sealed->refused(Refusal::not_fresh));
}

void Machine::check_numbers() {
  count_seals();
  if (!process_ || !process_->headers) return;
  const auto violated = [&](const std::string& what) {
    run_.violations.push_back(
        {"10 once", fmt::format("node {} {}", static_cast<std::uint32_t>(id()), what)});
  };
  std::uint64_t repeated = 0, irregular = 0;
  for (const Device* device : process_->devices) {
    repeated += device->repeated();
    irregular += device->irregular();
  }
  if (repeated > 0) violated(fmt::format("sends {} frames under a number that was used", repeated));
  if (process_->sealed) {
    if (const std::uint64_t mistaken = process_->sealed->mistaken(); mistaken > 0)
      violated(fmt::format("takes {} frames for repeated that had not come", mistaken));
    if (const std::uint64_t unheeded = process_->sealed->unheeded(); unheeded > 0)
      violated(fmt::format("is told {} times that its numbers came before, and goes on", unheeded));
    return;
  }
  const std::uint64_t refused = process_->headers->refused(Refusal::replayed);
  if (!process_->links && refused > irregular)
    violated(fmt::format("takes {} frames for repeated; {} were, or overtook others", refused,
                         irregular));
}

}  // namespace gyre::sim
