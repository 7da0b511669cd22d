#include "tests/sim/program.hh"

#include <fmt/format.h>

#include "node/record.hh"

namespace gyre::sim {

namespace {

constexpr std::string_view names[Program::groups_max] = {"prices", "orders", "logs"};
constexpr Duration retry = std::chrono::milliseconds(1);  // when the ring of requests is full

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

totem::RingId ring_of(const shm::RingRecord& record) {
  return {record.seq, NodeId{record.representative}, record.incarnation};
}

totem::Place place_of(const shm::PlaceRecord& record) {
  return {ring_of(record.ring), totem::Seq{record.seq}, record.index};
}

check::Peer peer_of(const shm::ProcessRecord& record) {
  return {NodeId{record.node}, record.client};
}

std::vector<totem::Member> members_of(shm::RecordReader& in, std::uint32_t count) {
  std::vector<totem::Member> members;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto member = in.get<shm::MemberRecord>();
    members.push_back({NodeId{member.node}, member.since});
  }
  return members;
}

std::size_t group_index(std::string_view name) {
  return static_cast<std::size_t>(std::find(std::begin(names), std::end(names), name) - names);
}

}  // namespace

std::string_view Program::group_name(std::size_t group) {
  return names[group];
}

Program::Program(shm::Channel channel, const Habits& habits, const check::Program& id, Dice dice,
                 check::Programs& checker, TraceHash& hash, Time now)
    : channel_(std::move(channel)),
      habits_(habits),
      id_(id),
      dice_(dice),
      checker_(checker),
      hash_(hash),
      requests_(channel_.words().requests, channel_.requests()),
      events_(channel_.words().events, channel_.events()),
      requests_bell_(channel_.words().requests_bell, channel_.socket.number()),
      events_bell_(channel_.words().events_bell, channel_.socket.number()),
      send_at_(now) {
  checker_.started(id_);
}

void Program::listen(Time now) {
  if (read_at_ == never && !stalled_ && channel_.words().events_bell.load() == shm::signalled)
    read_at_ = now + habits_.read_delay;
}

void Program::step(Time now) {
  if (read_at_ <= now) {
    read_at_ = never;
    // Reads until the doorbell may rest, as a real one does before it sleeps.
    do read_all();
    while (!events_bell_.settle([this] { return events_.pending(); }));
  }
  if (send_at_ <= now) burst(now);
}

// ---- what it asks for ----

void Program::burst(Time now) {
  send_at_ = now + retry + dice_.exponential(habits_.send_gap);
  if (quiet_) return;
  if (dice_.chance(habits_.dies)) {
    dead_ = true;
    return;
  }
  if (dice_.chance(habits_.stalls)) stalled_ = true;
  const std::size_t group = dice_.below(habits_.groups);
  if (!asked_[group] || dice_.chance(habits_.leave)) return toggle(group);
  for (std::uint64_t left = dice_.between(1, habits_.burst_max); left > 0; --left)
    if (!send_one(group)) return;
}

bool Program::request(shm::RequestKind kind, std::span<const std::span<const std::byte>> parts) {
  if (!requests_.write(static_cast<std::uint32_t>(kind), parts)) return false;
  requests_.publish();
  rang_ |= channel_.words().requests_bell.load() == shm::quiet;
  requests_bell_.ring();
  return true;
}

void Program::toggle(std::size_t group) {
  const std::span<const std::byte> name[] = {bytes_of(names[group])};
  const bool joins = !asked_[group];
  if (!request(joins ? shm::RequestKind::join : shm::RequestKind::leave, name)) return;
  asked_[group] = joins;
  if (joins)
    checker_.joining(id_, names[group]);
  else
    checker_.leaving(id_, names[group]);
}

// The payload begins with its sender and number, so that no two are alike.
bool Program::send_one(std::size_t group) {
  const std::string head = fmt::format("{}.{}.{:x}.{} ", static_cast<std::uint32_t>(id_.node),
                                       id_.client, id_.incarnation, ++counter_);
  const std::size_t size =
      dice_.chance(habits_.large) ? dice_.between(1000, habits_.large_max) : dice_.between(40, 400);
  payload_.assign(std::max(size, head.size()), std::byte(counter_));
  std::ranges::copy(bytes_of(head), payload_.begin());
  const auto guarantee =
      dice_.chance(habits_.safe) ? totem::Guarantee::safe : totem::Guarantee::agreed;
  const shm::SendRecord record{.guarantee = static_cast<std::uint32_t>(guarantee),
                               .name_size = static_cast<std::uint32_t>(names[group].size())};
  constexpr std::byte zeros[8]{};
  const std::span<const std::byte> parts[] = {
      std::as_bytes(std::span(&record, 1)), bytes_of(names[group]),
      std::span(zeros).first(shm::padded(names[group].size()) - names[group].size()), payload_};
  if (!request(shm::RequestKind::send, parts)) return false;
  ++accepted_;
  checker_.sent(id_, names[group], guarantee, node::payload_hash(payload_),
                static_cast<std::uint32_t>(payload_.size()));
  return true;
}

void Program::send_now(Time now) {
  for (std::size_t group = 0; group < groups_max; ++group)
    if (asked_[group] && member_[group]) {
      send_one(group);
      send_at_ = now;  // a step, which looks at the doorbell
      return;
    }
}

std::string Program::standing() const {
  return fmt::format("{} of {} back{}{}", own_delivered_, accepted_, stalled_ ? ", stalled" : "",
                     channel_.words().events_bell.load() == shm::signalled ? ", rung" : "");
}

// ---- what it reads ----

void Program::read_all() {
  for (shm::Record record; events_.peek(record) == shm::Look::record; events_.consume())
    read(record);
  events_.publish();
}

void Program::read(const shm::Record& record) {
  hash_.add(record.kind * 1009 + record.payload.size());
  shm::RecordReader in(record.payload);
  switch (shm::EventKind{record.kind}) {
    case shm::EventKind::message:
      return read_message(in);
    case shm::EventKind::view:
      return read_view(in);
    case shm::EventKind::transitional:
      return read_transitional(in);
    case shm::EventKind::group_change:
      return read_change(in);
    case shm::EventKind::join_refused:
      return read_refused(in);
  }
}

void Program::read_message(shm::RecordReader& in) {
  const auto message = in.get<shm::MessageRecord>();
  const std::string_view group = in.get_text_padded(message.name_size);
  const auto payload = in.get_rest();
  const check::Peer sender = peer_of(message.sender);
  if (sender == check::Peer{id_.node, id_.client}) ++own_delivered_;
  checker_.received(id_, place_of(message.place), sender, group,
                    totem::Guarantee{static_cast<std::uint8_t>(message.guarantee)},
                    node::payload_hash(payload), static_cast<std::uint32_t>(payload.size()));
}

void Program::read_transitional(shm::RecordReader& in) {
  const auto record = in.get<shm::TransitionalRecord>();
  const auto members = members_of(in, record.members);
  checker_.transitional(id_, ring_of(record.ring), ring_of(record.previous), members);
}

void Program::read_view(shm::RecordReader& in) {
  const auto view = in.get<shm::ViewRecord>();
  const auto members = members_of(in, view.members);
  checker_.viewed(id_, ring_of(view.ring), members);
}

void Program::read_change(shm::RecordReader& in) {
  const auto change = in.get<shm::ChangeRecord>();
  std::vector<check::Peer> members, joined, left;
  for (std::uint32_t i = 0; i < change.members; ++i)
    members.push_back(peer_of(in.get<shm::ProcessRecord>()));
  for (std::uint32_t i = 0; i < change.joined; ++i)
    joined.push_back(peer_of(in.get<shm::EntryRecord>().process));
  for (std::uint32_t i = 0; i < change.left; ++i)
    left.push_back(peer_of(in.get<shm::EntryRecord>().process));
  const std::string_view group = in.get_text(change.name_size);
  const check::Peer self{id_.node, id_.client};
  member_[group_index(group)] = std::ranges::find(members, self) != members.end();
  checker_.changed(id_, place_of(change.place), group, members, joined, left);
}

void Program::read_refused(shm::RecordReader& in) {
  const auto refused = in.get<shm::RefusedRecord>();
  const std::string_view group = in.get_text(refused.name_size);
  asked_[group_index(group)] = member_[group_index(group)] = false;
  checker_.refused(id_, group);
}

}  // namespace gyre::sim
