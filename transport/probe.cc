#include "transport/probe.hh"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace gyre {
namespace {

constexpr std::size_t suite_offset = 5;
constexpr std::uint8_t mark = 0x40;   // of a probe, in the suite's byte
constexpr std::uint8_t lanes = 0x80;  // keys of probes belong to lanes of their own, one for a link
constexpr std::size_t own_seals = 8 * lane_count, trial_seal = own_seals,
                      first_slot = trial_seal + 1;

template <typename T>
void store(std::byte*& to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
  to += sizeof value;
}

template <typename T>
T load(const std::byte*& from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  from += sizeof value;
  return value;
}

Lane lane_of(std::uint8_t link, Lane lane) noexcept {
  return Lane(static_cast<std::uint8_t>(lanes | lane_count * link | static_cast<unsigned>(lane)));
}

Suite marked(Suite suite) noexcept {
  return Suite(static_cast<std::uint8_t>(suite) | mark);
}

}  // namespace

void write_probe(const Probe& probe, std::span<const ProbeEcho> echoes,
                 std::span<std::byte> body) noexcept {
  assert(body.size() >= probe_size_min + echoes.size() * probe_echo_size && echoes.size() < 256);
  std::byte* to = body.data();
  store(to, probe.link);
  store(to, static_cast<std::uint8_t>(probe.kind));
  store(to, probe.kinds);
  store(to, static_cast<std::uint8_t>(echoes.size()));
  store(to, probe.challenge);
  for (const ProbeEcho& echo : echoes) {
    store(to, static_cast<std::uint32_t>(echo.of));
    store(to, echo.boot);
    store(to, echo.challenge);
    store(to, echo.sequence);
    store(to, echo.held_us);
    store(to, echo.heard);
  }
  std::fill(to, body.data() + body.size(), std::byte{});
}

bool read_probe(std::span<const std::byte> body, Probe& probe) noexcept {
  if (body.size() < probe_size_min) return false;
  const std::byte* from = body.data();
  probe.link = load<std::uint8_t>(from);
  const auto kind = load<std::uint8_t>(from);
  probe.kinds = load<std::uint8_t>(from);
  const std::size_t echoes = load<std::uint8_t>(from);
  probe.challenge = load<std::uint64_t>(from);
  probe.kind = ProbeKind(kind);
  return kind < probe_kinds && probe.kinds >> probe_kinds == 0 &&
         probe_size_min + echoes * probe_echo_size <= body.size();
}

bool find_echo(std::span<const std::byte> body, NodeId of, ProbeEcho& echo) noexcept {
  const auto count = static_cast<std::size_t>(body[3]);
  for (std::size_t i = 0; i < count; ++i) {
    const std::byte* from = body.data() + probe_size_min + i * probe_echo_size;
    echo.of = NodeId{load<std::uint32_t>(from)};
    if (echo.of != of) continue;
    echo.boot = load<std::uint32_t>(from);
    echo.challenge = load<std::uint64_t>(from);
    echo.sequence = load<std::uint32_t>(from);
    echo.held_us = load<std::uint32_t>(from);
    echo.heard = load<std::uint8_t>(from);
    return true;
  }
  return false;
}

bool is_probe(std::span<const std::byte> frame) noexcept {
  return frame.size() >= header_size && (static_cast<std::uint8_t>(frame[suite_offset]) & mark);
}

ProbeSeal::ProbeSeal(NodeId self, std::uint64_t cluster, Suite suite, std::size_t slots)
    : self_(self),
      cluster_(cluster),
      suite_(suite),
      seals_(suite == Suite::open ? 1 : first_slot + slots) {}

const ClusterKey* ProbeSeal::key_of(std::uint8_t id) const noexcept {
  const Keys known = keys();
  for (const ClusterKey* key : {known.current, known.other})
    if (key && key->id() == id) return key;
  return nullptr;
}

Seal::Place ProbeSeal::place_of(const Header& header, std::uint8_t link) const noexcept {
  Seal::Place place = Seal::Place::of(header);
  place.lane = lane_of(link, header.lane);
  return place;
}

void ProbeSeal::look_at_keys() noexcept {
  const Keys known = keys();
  const std::array<int, 2> ids = {known.current ? known.current->id() : -1,
                                  known.other ? known.other->id() : -1};
  if (ids == key_ids_) return;
  key_ids_ = ids;
  for (std::size_t i = 0; i < seals_.size(); ++i) seals_[i].wipe();
}

void ProbeSeal::close(std::span<std::byte> frame, std::uint8_t link, Lane lane, std::uint64_t boot,
                      std::uint64_t counter) noexcept {
  const ClusterKey* const key = keys().current;
  Header header{.suite = marked(suite_),
                .lane = lane,
                .generation = suite_ == Suite::open ? std::uint8_t{0} : key->id(),
                .cluster = cluster_,
                .sender = self_,
                .length = static_cast<std::uint32_t>(frame.size() - header_size),
                .boot = boot,
                .counter = counter};
  write_header(header, frame.first<header_size>());
  if (suite_ == Suite::open) return;
  Seal& seal = seals_[static_cast<std::size_t>(lane_of(link, lane)) % own_seals];
  const Seal::Place place = place_of(header, link);
  if (!seal.is_for(place)) seal.make(*key, suite_, place);
  seal.close(frame, counter);
}

bool ProbeSeal::read(std::span<const std::byte> frame, Header& header) const noexcept {
  return read_header(frame, cluster_, header, marked(suite_)) == Refusal::none &&
         header.sender != self_ && frame.size() >= overhead() + probe_size_min;
}

std::span<const std::byte> ProbeSeal::open(std::span<std::byte> frame, const Header& header,
                                           std::uint8_t link, std::size_t slot) noexcept {
  const auto body = frame.subspan(header_size, frame.size() - overhead());
  if (suite_ == Suite::open) return body;
  const ClusterKey* const key = key_of(header.generation);
  if (!key) return {};
  Seal& seal = seals_[slot < seals_.size() - first_slot ? first_slot + slot : trial_seal];
  const Seal::Place place = place_of(header, link);
  if (!seal.is_for(place)) seal.make(*key, suite_, place);
  return seal.open(frame, header.counter) ? body : std::span<const std::byte>{};
}

}  // namespace gyre
