#include "transport/sealed.hh"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <tuple>
#include <utility>

namespace gyre {
namespace {

constexpr std::size_t trial_seal = lane_count;  // where a key stands until it has fitted
constexpr std::size_t first_seal = trial_seal + 1;
constexpr std::size_t seals_each = 2 * lane_count;  // this era's and the one before, of each lane

constexpr std::size_t challenge_size = 16;
// What the seal itself has to say begins with whom it is for.
constexpr std::size_t to_size = 4;
constexpr std::size_t question_size = to_size + challenge_size;
constexpr std::size_t answer_size = question_size + 8;    // and the token lane's last counter
constexpr std::size_t report_size = to_size + 8 + 1 + 8;  // boot, lane, newest counter

template <typename T>
void store(std::span<std::byte> to, std::size_t offset, T value) noexcept {
  std::memcpy(to.data() + offset, &value, sizeof value);
}

template <typename T>
T load(std::span<const std::byte> from, std::size_t offset) noexcept {
  T value;
  std::memcpy(&value, from.data() + offset, sizeof value);
  return value;
}

std::size_t index(Lane lane) noexcept {
  return static_cast<std::size_t>(lane);
}

}  // namespace

Sealed::Sealed(std::unique_ptr<Transport> device, Setup setup, FramePool& pool)
    : HeaderTransport(std::move(device), {.self = setup.self, .cluster = setup.cluster}, pool,
                      setup.suite, seal_overhead),
      setup_(std::move(setup)),
      seals_(first_seal + seals_each * setup_.senders) {
  assert(suite_ != Suite::open && available(suite_) && setup_.senders > 0);
  assert(pool_.payload() + header_size >= device_limits_.payload_max);
  ids_.reserve(setup_.senders);
  senders_.reserve(setup_.senders);
  controls_.reserve(controls_max + 1);
  begin_boot();
}

void Sealed::begin_boot() noexcept {
  const std::uint64_t last = identity_.boot;
  while (identity_.boot == last || identity_.boot == 0) identity_.boot = setup_.draw();
  sent_.fill(0);
  for (std::size_t i = 0; i < first_seal; ++i) seals_[i].wipe();
  for (Sender& sender : senders_) {
    sender.counts = sender.challenged = false;
    wipe_seals(sender);
  }
}

// ---- keys ----

const ClusterKey* Sealed::key_of(std::uint8_t id) const noexcept {
  if (id == setup_.key.id()) return &setup_.key;
  return other_ && id == other_->id() ? &*other_ : nullptr;
}

void Sealed::accept(ClusterKey key) noexcept {
  assert(!other_ && can_tell(key));
  other_.emplace(std::move(key));
}

void Sealed::exchange_keys() noexcept {
  assert(other_);
  std::swap(setup_.key, *other_);
}

ClusterKey Sealed::forget_other_key() noexcept {
  assert(other_);
  for (std::size_t i = 0; i < seals_.size(); ++i)
    if (seals_[i].is_of_key(other_->id())) seals_[i].wipe();
  ClusterKey key = std::move(*other_);
  other_.reset();
  return key;
}

void Sealed::advance(Time now) noexcept {
  if (now_ != Time::min() && now - now_ > setup_.pause_max) {
    begin_boot();
    ++counters_.new_boots;
  }
  now_ = now;
  failures_left_ = failures_max;
  if (told_ && now >= told_at_ + setup_.pace) told_.reset();
  device_->advance(now);
}

Time Sealed::deadline() const noexcept {
  const Time turn_by = now_ == Time::min() ? never : now_ + setup_.pause_max / 2;
  return std::min(device_->deadline(), turn_by);
}

// ---- sending ----

FrameRef Sealed::wrap(const Send& send) noexcept {
  FrameRef frame = close(send.lane, FrameKind::payload, send.frame.bytes());
  if (frame && send.to == NodeIndex::everyone && send.lane == Lane::data) {
    told_ = send.frame;
    told_at_ = now_;
  }
  return frame;
}

FrameRef Sealed::close(Lane lane, FrameKind kind, std::span<const std::byte> text) noexcept {
  if (text.size() > limits().payload_max) {
    ++counters_.dropped_too_long;
    return {};
  }
  FrameRef frame = pool_.take();
  if (!frame) return frame;
  frame.resize(text.size() + seal_overhead);
  std::ranges::copy(text, frame.data());
  frame.data()[text.size()] = static_cast<std::byte>(kind);
  const Header header = next_header(lane, frame.size(), setup_.key.id());
  frame.prepend(header_size);
  write_header(header, frame.bytes().first<header_size>());
  Seal& seal = seals_[index(lane)];
  if (const auto place = Seal::Place::of(header); !seal.is_for(place))
    seal.make(setup_.key, suite_, place);
  seal.close(frame.bytes(), header.counter);
  return frame;
}

bool Sealed::control(FrameKind kind, std::span<const std::byte> text) noexcept {
  if (controls_.size() == controls_max) return false;
  FrameRef frame = close(Lane::data, kind, text);
  if (!frame) return false;
  // To everyone: where one node is is known above, once it counts.
  controls_.push_back({.frame = std::move(frame), .to = NodeIndex::everyone, .lane = Lane::data});
  return true;
}

// What the device does not take now is lost, as on a wire.
void Sealed::send_controls() noexcept {
  if (std::exchange(tell_again_, false) && told_)
    if (FrameRef frame = close(Lane::data, FrameKind::payload, told_.bytes()))
      controls_.push_back({.frame = std::move(frame)});
  for (std::span<const Send> left = controls_; !left.empty();) {
    const std::size_t taken =
        device_->send(left.first(std::min(left.size(), device_limits_.burst_max)));
    if (taken == 0) break;
    left = left.subspan(taken);
  }
  controls_.clear();
}

// ---- receiving ----

std::size_t Sealed::receive(Lane lane, std::span<Arrival> arrivals) noexcept {
  const std::size_t count = HeaderTransport::receive(lane, arrivals);
  if (!controls_.empty()) send_controls();
  return count;
}

Refusal Sealed::examine(const Header& header, Arrival& arrival) noexcept {
  FrameRef& frame = arrival.frame;
  if (!key_of(header.generation)) {
    counters_.other_key_from = header.sender;
    return Refusal::other_key;
  }
  if (header.length < seal_overhead) return Refusal::length;
  Sender* sender = find(header.sender);
  const bool counts = sender && sender->counts && sender->boot == header.boot;
  ReplayWindow* const window = counts ? &sender->windows[index(header.lane)] : nullptr;
  if (window && !window->is_new(header.counter)) {
    // Over another link it is one of the copies that were sent.
    if (arrival.link == sender->link) report(*sender, header, frame.bytes());
    return Refusal::replayed;
  }
  if (!counts && failures_left_ == 0) return Refusal::unopened;
  if (!open(counts ? sender : nullptr, header, frame.bytes())) return Refusal::forged;
  if (window) {
    window->accept(header.counter);
    sender->link = arrival.link;
  }

  frame.drop_front(header_size);
  frame.resize(frame.size() - seal_overhead);
  const auto kind = static_cast<FrameKind>(frame.data()[frame.size()]);
  if (!sender) sender = &admit(header.sender);
  sender->heard = now_;
  if (kind != FrameKind::payload) {
    take_control(kind, header, frame.bytes(), *sender);
    return Refusal::control;
  }
  if (!counts) {
    challenge(*sender);
    return Refusal::not_fresh;
  }
  // Only a node that is there now may tell us that our id is taken.
  return header.sender == identity_.self ? Refusal::own_id : Refusal::none;
}

bool Sealed::open(const Sender* sender, const Header& header, std::span<std::byte> frame) noexcept {
  const auto place = Seal::Place::of(header);
  Seal* const kept = sender ? &seal_of(*sender, place) : nullptr;
  Seal& trial = seals_[trial_seal];
  const bool have_it = kept && kept->is_for(place);
  if (!have_it && !trial.is_for(place)) trial.make(*key_of(place.key), suite_, place);
  if (!(have_it ? *kept : trial).open(frame, header.counter)) {
    failures_left_ -= failures_left_ > 0;
    return false;
  }
  if (kept && !have_it && kept->gives_way(place)) *kept = trial;
  return true;
}

// ---- senders ----

Sealed::Sender* Sealed::find(NodeId id) noexcept {
  if (last_ < ids_.size() && ids_[last_] == id) return &senders_[last_];
  const auto place = std::ranges::find(ids_, id);
  if (place == ids_.end()) return nullptr;
  last_ = static_cast<std::size_t>(place - ids_.begin());
  return &senders_[last_];
}

// Whoever counts makes place last; then, who was silent for longest.
Sealed::Sender& Sealed::admit(NodeId id) noexcept {
  if (ids_.size() < setup_.senders) {
    ids_.push_back(id);
    senders_.emplace_back();
    last_ = ids_.size() - 1;
  } else {
    const auto order = [](const Sender& sender) { return std::tuple(sender.counts, sender.heard); };
    const auto place = std::ranges::min_element(senders_, {}, order);
    last_ = static_cast<std::size_t>(place - senders_.begin());
    wipe_seals(*place);
    *place = {};
    ids_[last_] = id;
  }
  senders_[last_].id = id;
  return senders_[last_];
}

Seal& Sealed::seal_of(const Sender& sender, const Seal::Place& place) noexcept {
  const auto number = static_cast<std::size_t>(&sender - senders_.data());
  return seals_[first_seal + seals_each * number + 2 * index(place.lane) + (place.era & 1)];
}

void Sealed::wipe_seals(const Sender& sender) noexcept {
  for (const Lane lane : {Lane::data, Lane::token})
    for (const std::uint64_t era : {0, 1}) seal_of(sender, {.lane = lane, .era = era}).wipe();
}

// ---- what the seal itself has to say ----

void Sealed::take_control(FrameKind kind, const Header& header, std::span<const std::byte> text,
                          Sender& sender) noexcept {
  const bool for_us = text.size() >= to_size &&
                      load<std::uint32_t>(text, 0) == static_cast<std::uint32_t>(identity_.self);
  if (for_us && kind == FrameKind::challenge) answer(sender, text);
  if (for_us && kind == FrameKind::answer) prove(sender, header, text);
  if (for_us && kind == FrameKind::report) hear_report(text);
  if (!sender.counts || sender.boot != header.boot) challenge(sender);
}

void Sealed::challenge(Sender& sender) noexcept {
  if (now_ < sender.challenge_again) return;
  if (!sender.challenged || now_ - sender.challenge_drawn >= setup_.pause_max) {
    sender.challenge = {setup_.draw(), setup_.draw()};
    sender.challenge_drawn = now_;
  }
  std::array<std::byte, question_size> text;
  store(text, 0, static_cast<std::uint32_t>(sender.id));
  store(text, to_size, sender.challenge);
  if (!control(FrameKind::challenge, text)) return;
  sender.challenged = true;
  sender.challenge_again = now_ + setup_.pace;
  ++counters_.challenges;
}

// It may be one of long ago: the answer helps only who waits for it.
void Sealed::answer(Sender& sender, std::span<const std::byte> question) noexcept {
  if (question.size() != question_size) return;
  if (now_ >= sender.answers_until) {
    sender.answers_until = now_ + setup_.pace;
    sender.answers_left = answers_max;
  }
  if (sender.answers_left == 0) return;
  --sender.answers_left;
  std::array<std::byte, answer_size> text;
  store(text, 0, static_cast<std::uint32_t>(sender.id));
  std::ranges::copy(question.subspan(to_size), text.data() + to_size);
  store(text, question_size, sent_[index(Lane::token)]);
  const bool said = control(FrameKind::answer, text);
  counters_.answers += said;
  tell_again_ |= said;
}

void Sealed::prove(Sender& sender, const Header& header, std::span<const std::byte> text) noexcept {
  if (text.size() != answer_size || !sender.challenged) return;
  if (load<Challenge>(text, to_size) != sender.challenge) return;
  sender.challenged = false;
  if (sender.counts && sender.boot == header.boot) return;
  const LaneCounters said{header.counter, load<std::uint64_t>(text, question_size)};
  if (came_again(sender, header.boot, said)) return;
  sender.counts = true;
  sender.boot = header.boot;
  for (std::size_t lane = 0; lane < lane_count; ++lane)
    sender.windows[lane].begin_behind(said[lane]);
  wipe_seals(sender);
  ++counters_.proved;
}

// It is there now, but had come further before: its machine's memory was put back.
bool Sealed::came_again(Sender& sender, std::uint64_t boot, const LaneCounters& said) noexcept {
  auto& past = sender.past;
  if (past[0].boot != sender.boot) {
    std::shift_right(past.begin(), past.end(), 1);
    past[0].boot = sender.boot;
  }
  for (const Lane lane : {Lane::data, Lane::token})
    past[0].newest[index(lane)] = sender.windows[index(lane)].newest();
  for (const Sender::Past& each : past)
    for (const Lane lane : {Lane::data, Lane::token})
      if (each.boot == boot && each.newest[index(lane)] > said[index(lane)]) {
        tell(sender, boot, lane, each.newest[index(lane)]);
        return true;
      }
  return false;
}

// A counter that came before is a copy, as a rule; but its sender may have come to it again. It
// will know, if we tell it how far it has been.
void Sealed::report(Sender& sender, const Header& header, std::span<std::byte> frame) noexcept {
  if (now_ < sender.report_again) return;
  sender.report_again = now_ + setup_.pace;
  if (open(&sender, header, frame))
    tell(sender, header.boot, header.lane, sender.windows[index(header.lane)].newest());
}

void Sealed::tell(const Sender& sender, std::uint64_t boot, Lane lane,
                  std::uint64_t newest) noexcept {
  std::array<std::byte, report_size> text;
  store(text, 0, static_cast<std::uint32_t>(sender.id));
  store(text, to_size, boot);
  store(text, to_size + 8, static_cast<std::uint8_t>(lane));
  store(text, to_size + 9, newest);
  counters_.reports += control(FrameKind::report, text);
}

// Old ones say nothing: either of another boot, or of what this one has sent.
void Sealed::hear_report(std::span<const std::byte> text) noexcept {
  if (text.size() != report_size) return;
  const auto lane = load<std::uint8_t>(text, to_size + 8);
  if (load<std::uint64_t>(text, to_size) != identity_.boot || lane >= lane_count) return;
  if (load<std::uint64_t>(text, to_size + 9) <= sent_[lane]) return;
  begin_boot();
  ++counters_.new_boots;
}

}  // namespace gyre
