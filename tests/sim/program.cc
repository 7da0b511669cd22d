#include "tests/sim/program.hh"

#include <fmt/format.h>

#include "node/record.hh"

namespace gyre::sim {

namespace {

constexpr std::string_view first_names[] = {"prices", "orders", "logs"};
constexpr Duration gap_min = std::chrono::milliseconds(1);  // between bursts
constexpr std::size_t headers_max = 512;                    // around a payload in either ring

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

std::string name_of(std::size_t group) {
  if (group < std::size(first_names)) return std::string(first_names[group]);
  // Of all lengths up to the greatest.
  return fmt::format("{:.<{}}", fmt::format("group {:03}", group),
                     9 + group * 37 % (shm::group_name_max - 8));
}

std::vector<NodeId> nodes_of(shm::RecordReader& in, std::uint32_t count) {
  std::vector<NodeId> nodes;
  for (std::uint32_t i = 0; i < count; ++i) nodes.push_back(NodeId{in.get<std::uint32_t>()});
  return nodes;
}

}  // namespace

Program::Program(shm::Channel channel, const Habits& habits, std::size_t groups,
                 const check::Program& id, Dice dice, check::Programs& checker, TraceHash& hash,
                 const Heard& heard, Time now)
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
      room_bell_(channel_.words().room_bell, channel_.room.number()),
      send_at_(now),
      standings_(groups),
      heard_(heard) {
  for (std::size_t group = 0; group < groups; ++group) names_.push_back(name_of(group));
  checker_.started(id_);
}

check::ProgramEnd Program::how_cut_off() const {
  const bool accused = channel_.words().ended == static_cast<std::uint32_t>(shm::Ended::broken);
  return accused ? check::ProgramEnd::accused : check::ProgramEnd::cut_off;
}

void Program::listen(Time now) {
  if (channel_.words().events_bell.load() == shm::signalled) {
    unread_since_ = std::min(unread_since_, now);
    if (read_at_ == never && !stalled_) read_at_ = std::max(now + habits_.read_delay, awake_at_);
  }
  if (blocked_ && room_at_ == never && channel_.words().room_bell.load() == shm::signalled)
    room_at_ = now + habits_.read_delay;
}

void Program::step(Time now) {
  if (read_at_ <= now) {
    read_at_ = never;
    // Reads until the doorbell may rest, as a real one does before it sleeps.
    do read_all();
    while (!events_bell_.settle([this] { return events_.pending(); }));
    unread_since_ = never;
  }
  if (room_at_ <= now) look_for_room();
  if (!blocked_ && send_at_ <= now) burst(now);
}

// ---- what it asks for ----

void Program::burst(Time now) {
  send_at_ = now + gap_min + dice_.exponential(habits_.send_gap);
  send_posted();
  if (quiet_) return;
  if (dice_.chance(habits_.dies)) {
    dead_ = true;
    return;
  }
  if (dice_.chance(habits_.stalls)) stalled_ = true;
  if (dice_.chance(habits_.naps)) awake_at_ = now + dice_.between(Duration{}, habits_.nap_max);
  burst_group_ = dice_.below(habits_.groups);
  if (!standings_[burst_group_].asked || dice_.chance(habits_.leave))
    return toggle_some(burst_group_);
  if (dice_.chance(habits_.joins_again)) ask(shm::RequestKind::join, burst_group_);
  if (blocked_ || (habits_.patient && checker_.waits(id_))) return;
  left_over_ = dice_.between(1, habits_.burst_max);
  send_some();
}

// As far as it is let into the group: libgyre refuses to send to one that it is not in.
void Program::send_some() {
  while (left_over_ > 0 && standings_[burst_group_].asked && send_one(burst_group_)) --left_over_;
}

// Without room for it, it waits as libgyre does.
bool Program::request(shm::RequestKind kind, std::span<const std::span<const std::byte>> parts) {
  if (!requests_.write(static_cast<std::uint32_t>(kind), parts)) {
    wanted_ = 0;
    for (const auto& part : parts) wanted_ += part.size();
    wait_for_room();
    return false;
  }
  requests_.publish();
  rang_ |= channel_.words().requests_bell.load() == shm::quiet;
  requests_bell_.ring();
  return true;
}

void Program::wait_for_room() {
  const auto enough = [this] { return requests_.has_room(wanted_); };
  do blocked_ = !enough();
  while (blocked_ && !room_bell_.settle(enough));
}

void Program::look_for_room() {
  room_at_ = never;
  wait_for_room();
  if (!blocked_) send_posted();
  if (!blocked_) send_some();
}

void Program::ask(shm::RequestKind kind, std::size_t group) {
  const std::span<const std::byte> name[] = {bytes_of(names_[group])};
  if (blocked_ || !request(kind, name)) return;
  const bool joins = kind == shm::RequestKind::join;
  standings_[group].asked = joins;
  if (joins)
    checker_.joining(id_, names_[group]);
  else
    checker_.leaving(id_, names_[group]);
}

void Program::toggle(std::size_t group) {
  ask(standings_[group].asked ? shm::RequestKind::leave : shm::RequestKind::join, group);
}

void Program::toggle_some(std::size_t group) {
  toggle(group);
  const std::uint64_t more = habits_.joins_max > 1 ? dice_.below(habits_.joins_max) : 0;
  for (std::uint64_t i = 0; i < more; ++i) toggle(dice_.below(habits_.groups));
}

// The payload begins with its sender and number, so that no two are alike.
bool Program::send_one(std::size_t group, bool may_be_large) {
  const std::string head = fmt::format("{}.{}.{:x}.{} ", static_cast<std::uint32_t>(id_.node),
                                       id_.client, id_.incarnation, ++counter_);
  const bool large = may_be_large && dice_.chance(habits_.large);
  const bool longest = may_be_large && dice_.chance(habits_.longest);
  const std::size_t size = longest ? shm::message_max
                           : large ? dice_.between(1000, habits_.large_max)
                                   : dice_.between(40, 400);
  payload_.assign(std::clamp(size, head.size(), largest()), std::byte(counter_));
  std::ranges::copy(bytes_of(head), payload_.begin());
  return send(group, dice_.chance(habits_.safe) ? totem::Guarantee::safe : totem::Guarantee::agreed,
              payload_);
}

bool Program::send(std::size_t group, totem::Guarantee guarantee,
                   std::span<const std::byte> payload) {
  const shm::SendRecord record{.guarantee = static_cast<std::uint32_t>(guarantee),
                               .name_size = static_cast<std::uint32_t>(names_[group].size())};
  constexpr std::byte zeros[8]{};
  const std::span<const std::byte> parts[] = {
      std::as_bytes(std::span(&record, 1)), bytes_of(names_[group]),
      std::span(zeros).first(shm::padded(names_[group].size()) - names_[group].size()), payload};
  if (!request(shm::RequestKind::send, parts)) return false;
  ++accepted_;
  checker_.sent(id_, names_[group], guarantee, node::payload_hash(payload),
                static_cast<std::uint32_t>(payload.size()));
  return true;
}

void Program::post(std::vector<std::byte> payload, Time now) {
  posted_.push_back(std::move(payload));
  send_at_ = now;
}

void Program::send_posted() {
  while (!posted_.empty() && send(0, totem::Guarantee::safe, posted_.front())) posted_.pop_front();
}

// What either ring can hold at all.
std::size_t Program::largest() const {
  return std::min(channel_.requests_size, channel_.events_size) - headers_max;
}

void Program::quieten(Time now) {
  quiet_ = true;
  left_over_ = 0;
  awake_at_ = {};
  if (read_at_ != never) read_at_ = std::min(read_at_, now + habits_.read_delay);
}

// In each of these a step follows, which looks at the doorbell.
void Program::send_now(Time now) {
  const auto fits = [](const Standing& each) { return each.asked && each.member; };
  const auto group = std::ranges::find_if(standings_, fits);
  if (group == standings_.end()) return;
  send_one(static_cast<std::size_t>(group - standings_.begin()), false);
  send_at_ = now;
}

void Program::leave_all(Time now) {
  for (std::size_t group = 0; group < standings_.size(); ++group)
    if (standings_[group].asked || standings_[group].member) ask(shm::RequestKind::leave, group);
  send_at_ = now;
}

void Program::join(std::size_t group, Time now) {
  ask(shm::RequestKind::join, group);
  send_at_ = now;
}

std::string Program::standing() const {
  return fmt::format("{} of {} back{}{}{}{}", own_delivered_, accepted_,
                     checker_.waits(id_) ? ", waits" : "", stalled_ ? ", stalled" : "",
                     blocked_ ? ", blocked" : "",
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
  if (heard_) heard_(id_, record);
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
      return read_refused(in, check::Refused::join);
    case shm::EventKind::membership_refused:
      return read_refused(in, check::Refused::membership);
    case shm::EventKind::verdict:
      return read_verdict(in);
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
  if (quiet_ || blocked_ || sender == check::Peer{id_.node, id_.client}) return;
  if (!dice_.chance(habits_.answers)) return;
  const std::size_t index = index_of(group);
  if (standings_[index].asked) send_one(index);
}

void Program::read_transitional(shm::RecordReader& in) {
  const auto record = in.get<shm::TransitionalRecord>();
  const auto members = members_of(in, record.members);
  checker_.transitional(id_, ring_of(record.ring), ring_of(record.previous), members);
}

void Program::read_view(shm::RecordReader& in) {
  const auto view = in.get<shm::ViewRecord>();
  const auto members = members_of(in, view.members);
  check::ViewNews news{.joined = nodes_of(in, view.joined),
                       .left = {},
                       .oldest = NodeId{view.oldest},
                       .verdict = view.verdict.number};
  news.left = nodes_of(in, view.left);
  checker_.viewed(id_, ring_of(view.ring), members, &news);
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
  Standing& standing = standings_[index_of(group)];
  if (!members.empty()) {
    standing.members = std::move(members);
  } else {
    std::erase_if(standing.members, [&](const check::Peer& member) {
      return std::ranges::find(left, member) != left.end();
    });
    standing.members.insert(standing.members.end(), joined.begin(), joined.end());
    std::ranges::sort(standing.members);
  }
  const check::Peer self{id_.node, id_.client};
  standing.member = std::ranges::find(standing.members, self) != standing.members.end();
  checker_.changed(id_, place_of(change.place), group, standing.members, joined, left);
}

void Program::read_verdict(shm::RecordReader& in) {
  const auto change = in.get<shm::VerdictChangeRecord>();
  shm::VerdictRecord said = change.verdict;
  said.number = 0;
  checker_.judged(id_, place_of(change.place), change.verdict.number,
                  node::payload_hash(std::as_bytes(std::span(&said, 1))));
}

void Program::read_refused(shm::RecordReader& in, check::Refused what) {
  const auto refused = in.get<shm::RefusedRecord>();
  const std::string_view group = in.get_text(refused.name_size);
  Standing& standing = standings_[index_of(group)];
  standing.asked = standing.asked && standing.member;
  checker_.refused(id_, group, what);
}

std::size_t Program::index_of(std::string_view group) const {
  return static_cast<std::size_t>(std::ranges::find(names_, group) - names_.begin());
}

}  // namespace gyre::sim
