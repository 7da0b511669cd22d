#include "transport/link_health.hh"

#include <algorithm>
#include <cassert>
#include <utility>

namespace gyre {
namespace {

template <typename Choice>
constexpr std::size_t index(Choice choice) noexcept {
  return static_cast<std::size_t>(choice);
}

constexpr std::string_view nothing_comes = "nothing comes over it",
                           no_tokens_come = "only what is for everyone comes over it",
                           no_long_ones_come = "long frames do not come over it",
                           nothing_goes = "nothing arrives that is sent over it",
                           no_tokens_go = "only what is for everyone arrives over it",
                           no_long_ones_go = "long frames that are sent over it do not arrive",
                           back = "it works again", forgiven = "re-enabled by an operator";

}  // namespace

LinkHealth::LinkHealth(Setup setup) : setup_(std::move(setup)) {
  assert(setup_.numbers.size() <= links_max && setup_.numbers.size() == setup_.kinds.size());
  neighbours_.reserve(setup_.neighbours);
  begin_boot();
}

void LinkHealth::begin_boot() noexcept {
  const std::uint64_t last = boot_;
  while (boot_ == last || boot_ == 0) boot_ = setup_.draw();
  sent_ = {};
  challenges_.fill({});
  for (Neighbour& neighbour : neighbours_)
    for (Path& path : neighbour.paths) path.proved = false;
}

// ---- neighbours ----

LinkHealth::Neighbour* LinkHealth::find(NodeId id) noexcept {
  return const_cast<Neighbour*>(std::as_const(*this).find(id));
}

const LinkHealth::Neighbour* LinkHealth::find(NodeId id) const noexcept {
  const auto place = std::ranges::find(neighbours_, id, &Neighbour::id);
  return place == neighbours_.end() ? nullptr : &*place;
}

LinkHealth::Neighbour* LinkHealth::admit(NodeId id) noexcept {
  if (neighbours_.size() == setup_.neighbours) return nullptr;
  Neighbour& neighbour = neighbours_.emplace_back();
  neighbour.id = id;
  for (Path& path : neighbour.paths) {
    path.silent.fill(-setup_.pace.grace);
    path.sound_needed = setup_.pace.sound_min;
  }
  changed_ = true;
  return &neighbour;
}

LinkMask LinkHealth::good(NodeId peer) const noexcept {
  LinkMask good = 0xff, sound = 0xff;
  if (const Neighbour* const neighbour = find(peer))
    masks(static_cast<std::size_t>(neighbour - neighbours_.data()), good, sound);
  return good;
}

LinkMask LinkHealth::sound(NodeId peer) const noexcept {
  LinkMask good = 0xff, sound = 0xff;
  if (const Neighbour* const neighbour = find(peer))
    masks(static_cast<std::size_t>(neighbour - neighbours_.data()), good, sound);
  return sound;
}

bool LinkHealth::masks(std::size_t number, LinkMask& good, LinkMask& sound) const noexcept {
  if (number >= neighbours_.size()) return false;
  good = sound = 0;
  for (std::size_t link = 0; link < setup_.numbers.size(); ++link) {
    const Path& path = neighbours_[number].paths[link];
    if (path.good) good |= mask_of(link);
    if (path.good || path.sound) sound |= mask_of(link);
  }
  return true;
}

LinkHealth::PathStatus LinkHealth::path(std::size_t number, std::size_t link) const noexcept {
  const Path& path = neighbours_[number].paths[link];
  return {.peer = neighbours_[number].id,
          .good = path.good,
          .heard = path.proved,
          .fault = path.fault,
          .round_trip = path.round_trip,
          .loss_ppm = path.loss_ppm,
          .failures = path.failures};
}

// ---- probes ----

std::size_t LinkHealth::compose(std::size_t link, ProbeKind kind, Time now,
                                std::span<std::byte> body) const noexcept {
  std::array<ProbeEcho, nodes_max> echoes;
  const std::size_t room = std::min((body.size() - probe_size_min) / probe_echo_size, nodes_max);
  std::size_t count = 0;
  // Where not all have room, each has its turn.
  const std::size_t begin = neighbours_.size() <= room ? 0 : tick_ * room;
  for (std::size_t i = 0; i < neighbours_.size() && count < room; ++i) {
    const Neighbour& neighbour = neighbours_[(begin + i) % neighbours_.size()];
    const Path& path = neighbour.paths[link];
    if (path.boot == 0 || tick_ - path.challenge_tick >= challenges) continue;
    const auto held =
        std::chrono::duration_cast<std::chrono::microseconds>(now - path.challenge_at);
    echoes[count++] = {.of = neighbour.id,
                       .boot = static_cast<std::uint32_t>(path.boot),
                       .challenge = path.challenge,
                       .sequence = static_cast<std::uint32_t>(path.counters[0]),
                       .held_us = static_cast<std::uint32_t>(held.count()),
                       .heard = heard(path)};
  }
  const std::size_t needed = probe_size_min + count * probe_echo_size;
  const std::size_t size = kind == ProbeKind::full ? body.size() : needed;
  write_probe({.link = setup_.numbers[link],
               .kind = kind,
               .kinds = setup_.kinds[link],
               .challenge = challenges_[tick_ % challenges].number},
              std::span(echoes).first(count), body.first(size));
  return size;
}

int LinkHealth::silent_max(std::size_t kind) const noexcept {
  return setup_.pace.misses * setup_.pace.every[kind];
}

std::uint8_t LinkHealth::heard(const Path& path) const noexcept {
  std::uint8_t kinds = 0;
  for (std::size_t kind = 0; kind < probe_kinds; ++kind)
    if (path.came[kind] || path.silent[kind] < silent_max(kind)) kinds |= bit(ProbeKind(kind));
  return kinds;
}

// The tick in which it was drawn; 0: not of late.
std::uint64_t LinkHealth::tick_of(std::uint64_t challenge) const noexcept {
  if (challenge == 0) return 0;
  for (std::uint64_t age = 0; age < std::min<std::uint64_t>(tick_, challenges); ++age)
    if (challenges_[(tick_ - age) % challenges].number == challenge) return tick_ - age;
  return 0;
}

LinkHealth::First LinkHealth::look(std::size_t link, const Header& header,
                                   std::size_t& number) noexcept {
  constexpr std::uint64_t leap_max = std::uint64_t{1} << (era_shift - 1);
  const Neighbour* const neighbour = find(header.sender);
  if (!neighbour) return First::unknown;
  const Path& path = neighbour->paths[link];
  if (path.boot != header.boot) return First::unknown;
  const std::uint64_t newest = path.counters[index(header.lane)];
  if (header.counter <= newest) {
    ++counters_.replayed;
    return First::old;
  }
  number = static_cast<std::size_t>(neighbour - neighbours_.data());
  return path.proved && header.counter - newest < leap_max ? First::known : First::unknown;
}

bool LinkHealth::hear(std::size_t link, const Header& header, std::span<const std::byte> body,
                      Time now) noexcept {
  Probe probe;
  if (!read_probe(body, probe)) {
    ++counters_.malformed;
    return false;
  }
  if (probe.link != setup_.numbers[link]) {
    ++counters_.moved;
    return false;
  }
  Neighbour* neighbour = find(header.sender);
  if (!neighbour) neighbour = admit(header.sender);
  if (!neighbour) {
    ++counters_.full;
    return false;
  }
  Path& path = neighbour->paths[link];
  ProbeEcho echo;
  const bool about_us =
      find_echo(body, setup_.self, echo) && echo.boot == static_cast<std::uint32_t>(boot_);
  const std::uint64_t echo_tick = about_us ? tick_of(echo.challenge) : 0;
  const bool fresh = echo_tick != 0;
  if (!accept(path, header, fresh, echo_tick)) return false;
  // It has heard what we have not sent yet: this boot of ours has run before, from here on.
  const auto ahead =
      static_cast<std::int32_t>(echo.sequence - static_cast<std::uint32_t>(sent_[link][0]));
  if (about_us && !fresh && ahead > 0 && path.proved) {
    ++counters_.new_boots;
    begin_boot();
    return false;
  }
  path.challenge = probe.challenge;
  path.challenge_tick = tick_;
  path.challenge_at = now;
  path.kinds = probe.kinds | bit(ProbeKind::data);
  path.spoke = path.proved;
  if (!fresh) {
    ++counters_.not_fresh;
    return false;
  }
  ++counters_.probes;
  path.echo_tick = echo_tick;
  path.heard_there = echo.heard;
  path.came[index(probe.kind)] = true;
  const Duration held = std::chrono::microseconds(echo.held_us);
  const Duration taken = now - challenges_[echo_tick % challenges].at - held;
  if (taken >= Duration{})
    path.round_trip = path.round_trip == Duration{} ? taken : (7 * path.round_trip + taken) / 8;
  return true;
}

// Whether it is newer than all that was heard; if so, it is the newest from now on.
bool LinkHealth::accept(Path& path, const Header& header, bool fresh,
                        std::uint64_t echo_tick) noexcept {
  std::uint64_t& newest = path.counters[index(header.lane)];
  if (path.boot == header.boot) {
    if (header.counter <= newest) {
      ++counters_.replayed;
      return false;
    }
    if (path.proved) count_loss(path, header.counter - newest);
  } else {
    if (path.proved && (!fresh || echo_tick <= path.echo_tick)) {
      ++counters_.not_fresh;
      return false;
    }
    path.boot = header.boot;
    path.counters = {};
    path.proved = false;
    path.expected = path.lost = 0;
  }
  newest = header.counter;
  if (fresh && !path.proved) excuse(path);
  path.proved |= fresh;
  return true;
}

// Each kind has its time to come, on either side.
void LinkHealth::excuse(Path& path) const noexcept {
  for (int& silent : path.silent) silent = std::min(silent, 0);
  path.excused = 2 * silent_max(index(ProbeKind::full));
}

void LinkHealth::count_loss(Path& path, std::uint64_t distance) noexcept {
  constexpr std::uint32_t window = 256;
  const auto step = static_cast<std::uint32_t>(std::min<std::uint64_t>(distance, window));
  path.expected += step;
  path.lost += step - 1;
  path.loss_ppm = static_cast<std::uint32_t>(std::uint64_t{1000000} * path.lost / path.expected);
  if (path.expected < window) return;
  path.expected /= 2;
  path.lost /= 2;
}

// ---- time ----

void LinkHealth::tick(Time now) noexcept {
  if (ticked_at_ != Time::min() && now - ticked_at_ > setup_.pause_max) {
    begin_boot();
    ++counters_.new_boots;
  }
  ticked_at_ = now;
  for (Neighbour& neighbour : neighbours_) judge(neighbour);
  changed_ |= std::erase_if(neighbours_, [&](const Neighbour& neighbour) {
                return neighbour.silent > setup_.pace.forget;
              }) > 0;
  if (!neighbours_.empty()) judge_links(back);
  ++tick_;
  std::uint64_t number = 0;
  while (number == 0) number = setup_.draw();
  challenges_[tick_ % challenges] = {number, now};
}

void LinkHealth::judge(Neighbour& neighbour) noexcept {
  const std::size_t links = setup_.numbers.size();
  bool here = false;
  for (Path& path : neighbour.paths) here |= std::exchange(path.spoke, false);
  neighbour.silent = here ? 0 : neighbour.silent + 1;
  if (!here) return;
  for (std::size_t link = 0; link < links; ++link) {
    Path& path = neighbour.paths[link];
    for (std::size_t kind = 0; kind < probe_kinds; ++kind) {
      int& silent = path.silent[kind];
      silent = std::exchange(path.came[kind], false) ? 0 : std::min(silent + 1, 1 << 20);
    }
    path.excused -= path.excused > 0;
    const std::string_view fault = find_fault(path, link);
    const bool steady = fault.empty() && path.silent[index(ProbeKind::data)] <= 1;
    const bool was_usable = path.good || path.sound;
    path.sound_ticks = steady ? path.sound_ticks + 1 : 0;
    path.sound = fault.empty() && (path.good || path.sound_ticks >= 2);
    if (path.good && !fault.empty()) fail(path, fault);
    if (!path.good && path.sound_ticks >= path.sound_needed) come_back(path);
    if (!path.good && !fault.empty()) path.fault = fault;
    if (was_usable != (path.good || path.sound)) changed_ = true;
    path.calm_ticks = fault.empty() ? path.calm_ticks + 1 : 0;
    if (path.calm_ticks < setup_.pace.calm) continue;
    path.calm_ticks = 0;
    path.sound_needed = std::max(path.sound_needed / 2, setup_.pace.sound_min);
  }
}

std::string_view LinkHealth::find_fault(const Path& path, std::size_t link) const noexcept {
  constexpr std::array<ProbeKind, probe_kinds> kinds = {ProbeKind::data, ProbeKind::token,
                                                        ProbeKind::full};
  constexpr std::array<std::string_view, probe_kinds> not_here = {nothing_comes, no_tokens_come,
                                                                  no_long_ones_come},
                                                      not_there = {nothing_goes, no_tokens_go,
                                                                   no_long_ones_go};
  for (const ProbeKind kind : kinds) {
    const std::size_t i = index(kind);
    if ((path.kinds & bit(kind)) && path.silent[i] >= silent_max(i)) {
      const bool comes = tick_ - path.challenge_tick < static_cast<std::uint64_t>(silent_max(0));
      return i == 0 && path.boot != 0 && comes ? nothing_goes : not_here[i];
    }
  }
  for (const ProbeKind kind : kinds)
    if (path.proved && path.excused == 0 && (setup_.kinds[link] & bit(kind)) &&
        !(path.heard_there & bit(kind)))
      return not_there[index(kind)];
  return {};
}

void LinkHealth::fail(Path& path, std::string_view fault) noexcept {
  path.good = false;
  path.fault = fault;
  if (path.failures++ > 0)
    path.sound_needed = std::min(2 * path.sound_needed, setup_.pace.sound_max);
  changed_ = true;
}

void LinkHealth::come_back(Path& path) noexcept {
  path.good = path.sound = true;
  path.fault = {};
  path.calm_ticks = 0;
  changed_ = true;
}

// A link is at fault if it is so to any neighbour. Where there is none it stays as it was, but for
// an operator's word.
void LinkHealth::judge_links(std::string_view up) noexcept {
  for (std::size_t link = 0; link < setup_.numbers.size(); ++link) {
    const auto broken = std::ranges::find_if(
        neighbours_, [&](const Neighbour& neighbour) { return !neighbour.paths[link].good; });
    const bool fault = broken != neighbours_.end();
    if (fault == at_fault(link)) continue;
    at_fault_ ^= mask_of(link);
    tell({.kind = fault ? LinkEvent::Kind::down : LinkEvent::Kind::up,
          .link = LinkIndex(link),
          .reason = fault ? broken->paths[link].fault : up});
  }
}

void LinkHealth::forgive() noexcept {
  for (Neighbour& neighbour : neighbours_) {
    for (std::size_t link = 0; link < setup_.numbers.size(); ++link) {
      Path& path = neighbour.paths[link];
      path.failures = 0;
      path.sound_needed = setup_.pace.sound_min;
      if (!path.good && path.sound) come_back(path);
    }
  }
  judge_links(forgiven);
}

void LinkHealth::tell(const LinkEvent& event) noexcept {
  if (event_count_ < events_.size()) events_[event_count_++] = event;
}

std::size_t LinkHealth::events(std::span<LinkEvent> events) noexcept {
  const std::size_t count = std::min(events.size(), event_count_);
  std::copy_n(events_.begin(), count, events.begin());
  std::copy(events_.begin() + static_cast<std::ptrdiff_t>(count),
            events_.begin() + static_cast<std::ptrdiff_t>(event_count_), events_.begin());
  event_count_ -= count;
  return count;
}

}  // namespace gyre
