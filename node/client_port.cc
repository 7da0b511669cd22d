#include "node/client_port.hh"

#include <sys/socket.h>

#include <cassert>
#include <utility>

namespace gyre::node {

static_assert(shm::group_name_max == membership::group_name_max);
static_assert(shm::message_max + membership::wire::header_max <= totem::message_max);

std::string_view text(PortEnd end) noexcept {
  switch (end) {
    case PortEnd::none:
      return "none";
    case PortEnd::gone:
      return "gone";
    case PortEnd::shutdown:
      return "shutdown";
    case PortEnd::backlog:
      return "backlog";
    case PortEnd::stalled:
      return "stalled";
    case PortEnd::broken:
      return "broken";
  }
  return "unknown";
}

namespace {

shm::Ended told(PortEnd end) noexcept {
  switch (end) {
    case PortEnd::none:
    case PortEnd::gone:
      return shm::Ended::no;
    case PortEnd::shutdown:
      return shm::Ended::shutdown;
    case PortEnd::backlog:
      return shm::Ended::backlog;
    case PortEnd::stalled:
      return shm::Ended::stalled;
    case PortEnd::broken:
      return shm::Ended::broken;
  }
  return shm::Ended::broken;
}

}  // namespace

// ---- life ----

void ClientPort::open(shm::Channel channel, const PortLimits& limits, Time now) noexcept {
  assert(!in_use());
  *this = ClientPort{};
  channel_ = std::move(channel);
  shm::SharedWords& words = channel_.words();
  requests_ = shm::Consumer(words.requests, channel_.requests());
  events_ = shm::Producer(words.events, channel_.events());
  requests_bell_ = shm::Doorbell(words.requests_bell, channel_.socket.number());
  events_bell_ = shm::Doorbell(words.events_bell, channel_.socket.number());
  room_bell_ = shm::Doorbell(words.room_bell, channel_.room.number());
  limits_ = limits;
  last_request_ = last_progress_ = last_watch_ = now;
}

shm::Channel ClientPort::release() noexcept {
  assert(finished_);
  return std::exchange(channel_, shm::Channel{});
}

void ClientPort::end(PortEnd reason) noexcept {
  if (end_ != PortEnd::none || !in_use()) return;
  publish();
  end_ = reason;
  // What it sent until now still goes into the order; nothing that it writes later does.
  requests_.close();
  parked_ = false;
  channel_.words().ended.store(static_cast<std::uint32_t>(told(reason)));
  ::shutdown(channel_.socket.number(), SHUT_RDWR);
  ::shutdown(channel_.room.number(), SHUT_RDWR);
}

void ClientPort::woken(bool hung_up, Time now) noexcept {
  if (!in_use()) return;
  if (hung_up) end(PortEnd::gone);
  parked_ = false;
  last_request_ = now;
}

void ClientPort::watch(Time now) noexcept {
  if (!in_use() || end_ != PortEnd::none) return;
  const bool paused = now - last_watch_ >= limits_.stall_max / 2;
  last_watch_ = now;
  const std::uint64_t progress = events_.consumed();
  const bool was_behind = std::exchange(behind_, !events_.drained());
  if (events_.broken()) {
    end(PortEnd::broken);
  } else if (paused || !was_behind || !behind_ || progress != progress_) {
    progress_ = progress;
    last_progress_ = now;
  } else if (now - last_progress_ >= limits_.stall_max) {
    end(PortEnd::stalled);
  }
}

// ---- requests ----

bool ClientPort::submit_to(Submitter& ring, const PortBudget& budget, Time now) noexcept {
  if (!in_use() || finished_) return false;
  std::size_t records = 0, bytes = 0;
  stuck_ = false;
  while (records < budget.records && bytes < budget.bytes && next_request(ring)) {
    if (!ring.submit(channel_.client, request_.guarantee, request_.parts)) {
      stuck_ = true;
      break;
    }
    ++records;
    bytes += request_.size();
    taken();
  }
  if (records == 0) {
    park_if_idle(now);
    return false;
  }
  counters_.requests += records;
  counters_.request_bytes += bytes;
  last_request_ = now;
  requests_.publish();
  room_bell_.ring();
  return true;
}

void ClientPort::park_if_idle(Time now) noexcept {
  if (!stuck_ && now - last_request_ >= limits_.park_after) park();
}

bool ClientPort::park() noexcept {
  if (stuck_) return true;
  if (end_ != PortEnd::none) return false;
  parked_ = requests_bell_.settle([this] { return requests_.pending(); });
  return parked_;
}

// Fills request_ unless it waits from an earlier call. False: nothing to submit.
bool ClientPort::next_request(Submitter& ring) noexcept {
  if (end_ == PortEnd::broken && request_.kind != Request::Kind::none &&
      request_.kind != Request::Kind::process_down) {
    ring.abandon(channel_.client);
    request_.kind = Request::Kind::none;
  }
  if (request_.kind != Request::Kind::none) return true;

  if (shm::Record record; end_ != PortEnd::broken) {
    const shm::Look look = requests_.peek(record);
    if (look == shm::Look::record) {
      if (read_request(record)) return !stuck_;
      end(PortEnd::broken);
    }
    if (look == shm::Look::broken) end(PortEnd::broken);
  }
  if (end_ == PortEnd::none || finished_) return false;
  // All that it sent is in the order. Whoever was in no group is missed by nobody.
  if (groups_count_ == 0) {
    finished_ = true;
    return false;
  }
  fill_request(Request::Kind::process_down, {}, membership::wire::process_down(channel_.client));
  return true;
}

void ClientPort::fill_request(Request::Kind kind, membership::GroupId group,
                              const membership::wire::Encoded& header) noexcept {
  request_.kind = kind;
  request_.guarantee = totem::Guarantee::agreed;
  request_.group = group;
  request_.header = header;
  request_.parts = {request_.header.view(), {}};
}

// False: not what the library writes. The library refuses all of this to its user.
bool ClientPort::read_request(const shm::Record& record) noexcept {
  const auto kind = shm::RequestKind{record.kind};
  shm::RecordReader reader(record.payload);
  shm::SendRecord send{};
  std::string_view shared_name;
  if (kind == shm::RequestKind::send) {
    send = reader.get<shm::SendRecord>();
    if (send.guarantee > 1 || send.name_size > shm::group_name_max) return false;
    shared_name = reader.get_text_padded(send.name_size);
  } else if (kind == shm::RequestKind::join || kind == shm::RequestKind::leave) {
    shared_name = reader.get_text(record.payload.size());
  } else {
    return false;
  }
  if (!reader.ok() || shared_name.empty() || shared_name.size() > shm::group_name_max) return false;

  std::array<char, shm::group_name_max> copy{};
  shared_name.copy(copy.data(), copy.size());
  const std::string_view name(copy.data(), shared_name.size());
  const membership::GroupId group = membership::group_id(name);
  const std::uint32_t client = channel_.client;
  if (kind == shm::RequestKind::join) {
    // With the table full of groups that it is leaving, it waits until one of them is left.
    stuck_ = find(group) == nowhere && groups_count_ == shm::groups_max;
    if (stuck_ && end_ != PortEnd::none) return false;
    if (!stuck_)
      fill_request(Request::Kind::join, group, membership::wire::join(channel_.pid, client, name));
  } else if (kind == shm::RequestKind::leave) {
    fill_request(Request::Kind::leave, group,
                 membership::wire::leave(client, group, membership::ChangeReason::leave));
  } else {
    const auto payload = reader.get_rest();
    if (payload.size() > shm::message_max) return false;
    fill_request(Request::Kind::data, group, membership::wire::data(client, group));
    request_.guarantee = totem::Guarantee{static_cast<std::uint8_t>(send.guarantee)};
    request_.parts[1] = payload;
  }
  return true;
}

void ClientPort::taken() noexcept {
  const Request::Kind kind = std::exchange(request_.kind, Request::Kind::none);
  if (kind == Request::Kind::process_down) {
    finished_ = true;
    return;
  }
  if (kind == Request::Kind::join) {
    std::size_t index = find(request_.group);
    if (index == nowhere) {
      index = groups_count_++;
      group_ids_[index] = request_.group;
      groups_[index] = Group{};
    }
    ++groups_[index].joins_under_way;
  }
  requests_.consume();
}

// ---- groups ----

std::size_t ClientPort::find(membership::GroupId group) const noexcept {
  for (std::size_t i = 0; i < groups_count_; ++i)
    if (group_ids_[i] == group) return i;
  return nowhere;
}

void ClientPort::forget_if_settled(std::size_t index) noexcept {
  if (groups_[index].member || groups_[index].joins_under_way > 0) return;
  --groups_count_;
  group_ids_[index] = group_ids_[groups_count_];
  groups_[index] = groups_[groups_count_];
}

// ---- events ----

namespace {

shm::RingRecord flat(const totem::RingId& ring) noexcept {
  return {.seq = ring.seq,
          .incarnation = ring.incarnation,
          .representative = static_cast<std::uint32_t>(ring.representative)};
}
shm::PlaceRecord flat(const totem::Place& place) noexcept {
  return {.ring = flat(place.ring), .seq = totem::number(place.seq), .index = place.index};
}
shm::ProcessRecord flat(const membership::Process& process) noexcept {
  return {.node = static_cast<std::uint32_t>(process.node),
          .pid = process.pid,
          .client = process.client};
}
shm::MemberRecord flat(const totem::Member& member) noexcept {
  return {.since = member.since, .node = static_cast<std::uint32_t>(member.node)};
}
shm::EntryRecord flat(const membership::Change& change) noexcept {
  return {.process = flat(change.process), .reason = static_cast<std::uint32_t>(change.reason)};
}
std::uint32_t count(std::size_t size) noexcept {
  return static_cast<std::uint32_t>(size);
}
shm::VerdictRecord flat(const membership::Verdict& verdict, std::uint64_t number) noexcept {
  return {.number = number,
          .quorate = verdict.quorate,
          .reason = static_cast<std::uint32_t>(verdict.reason),
          .fencing = static_cast<std::uint32_t>(verdict.fencing),
          .flags = verdict.flags,
          .total = verdict.total_votes,
          .expected = verdict.expected_votes,
          .highest = verdict.highest_expected,
          .quorum = verdict.quorum,
          .withheld = verdict.withheld_votes,
          .tie_breaker = static_cast<std::uint32_t>(verdict.tie_breaker)};
}

}  // namespace

std::byte* ClientPort::claim(shm::EventKind kind, std::size_t size) noexcept {
  if (!in_use() || end_ != PortEnd::none) return nullptr;
  std::byte* at = events_.claim(static_cast<std::uint32_t>(kind), size);
  if (!at) {
    end(events_.broken() ? PortEnd::broken : PortEnd::backlog);
    return nullptr;
  }
  ++counters_.events;
  counters_.event_bytes += size;
  return at;
}

void ClientPort::transitional(const totem::Configuration& configuration) noexcept {
  const auto& members = configuration.members;
  std::byte* at =
      claim(shm::EventKind::transitional,
            sizeof(shm::TransitionalRecord) + members.size() * sizeof(shm::MemberRecord));
  if (!at) return;
  shm::RecordWriter record(at);
  record.put(shm::TransitionalRecord{.ring = flat(configuration.ring),
                                     .previous = flat(configuration.previous),
                                     .members = count(members.size())});
  for (const auto& member : members) record.put(flat(member));
  events_.commit();
}

void ClientPort::view(const membership::View& view) noexcept {
  std::byte* at = claim(shm::EventKind::view,
                        sizeof(shm::ViewRecord) + view.members.size() * sizeof(shm::MemberRecord) +
                            (view.joined.size() + view.left.size()) * sizeof(std::uint32_t));
  if (!at) return;
  shm::RecordWriter record(at);
  record.put(shm::ViewRecord{.number = view.number,
                             .ring = flat(view.ring),
                             .members = count(view.members.size()),
                             .joined = count(view.joined.size()),
                             .left = count(view.left.size()),
                             .oldest = static_cast<std::uint32_t>(view.oldest),
                             .verdict = flat(view.verdict, view.verdict_number)});
  for (const auto& member : view.members) record.put(flat(member));
  for (const NodeId node : view.joined) record.put(static_cast<std::uint32_t>(node));
  for (const NodeId node : view.left) record.put(static_cast<std::uint32_t>(node));
  events_.commit();
}

void ClientPort::verdict(const membership::VerdictChange& change) noexcept {
  std::byte* at = claim(shm::EventKind::verdict, sizeof(shm::VerdictChangeRecord));
  if (!at) return;
  shm::RecordWriter(at).put(shm::VerdictChangeRecord{
      .place = flat(change.place), .verdict = flat(change.verdict, change.number)});
  events_.commit();
}

void ClientPort::lease(std::uint64_t verdict, Time until) noexcept {
  if (!in_use()) return;
  shm::LeaseWords& words = channel_.words().lease;
  if (words.verdict.load() != verdict) words.until.store(0);  // of another one
  words.verdict.store(verdict);
  words.until.store(until == Time::min() ? 0 : until.time_since_epoch().count());
}

void ClientPort::group_change(const membership::GroupChange& change) noexcept {
  const std::size_t index = in_use() ? find(change.group) : nowhere;
  if (index == nowhere) return;
  Group& group = groups_[index];
  const bool was_member = group.member;
  std::span<const membership::Process> members;  // told only to who cannot know them
  for (const auto& entry : change.joined)
    if (is_self(entry.process)) {
      group.member = true;
      members = change.members;
      if (group.joins_under_way > 0) --group.joins_under_way;
    }
  for (const auto& entry : change.left)
    if (is_self(entry.process)) group.member = false;
  const bool concerned = was_member || group.member;
  forget_if_settled(index);
  if (!concerned) return;

  const std::size_t entries = change.joined.size() + change.left.size();
  std::byte* at = claim(shm::EventKind::group_change,
                        sizeof(shm::ChangeRecord) + members.size() * sizeof(shm::ProcessRecord) +
                            entries * sizeof(shm::EntryRecord) + change.name.size());
  if (!at) return;
  shm::RecordWriter record(at);
  record.put(shm::ChangeRecord{.place = flat(change.place),
                               .members = count(members.size()),
                               .joined = count(change.joined.size()),
                               .left = count(change.left.size()),
                               .name_size = count(change.name.size())});
  for (const auto& member : members) record.put(flat(member));
  for (const auto& entry : change.joined) record.put(flat(entry));
  for (const auto& entry : change.left) record.put(flat(entry));
  record.put_text(change.name);
  events_.commit();
}

void ClientPort::join_refused(const membership::Process& process, std::string_view name,
                              std::string_view reason) noexcept {
  if (!in_use() || !is_self(process)) return;
  if (const std::size_t index = find(membership::group_id(name)); index != nowhere) {
    if (groups_[index].joins_under_way > 0) --groups_[index].joins_under_way;
    forget_if_settled(index);
  }
  refused(shm::EventKind::join_refused, name, reason);
}

// The change of the group has ended the membership; a join under way goes on.
void ClientPort::membership_refused(const membership::Process& process, std::string_view name,
                                    std::string_view reason) noexcept {
  if (!in_use() || !is_self(process)) return;
  refused(shm::EventKind::membership_refused, name, reason);
}

void ClientPort::refused(shm::EventKind kind, std::string_view name,
                         std::string_view reason) noexcept {
  std::byte* at = claim(kind, sizeof(shm::RefusedRecord) + name.size() + reason.size());
  if (!at) return;
  shm::RecordWriter record(at);
  record.put(
      shm::RefusedRecord{.name_size = count(name.size()), .reason_size = count(reason.size())});
  record.put_text(name);
  record.put_text(reason);
  events_.commit();
}

void ClientPort::message(const membership::GroupMessage& message) noexcept {
  const std::size_t index = in_use() ? find(message.group) : nowhere;
  if (index == nowhere || !groups_[index].member) return;
  std::byte* at =
      claim(shm::EventKind::message,
            sizeof(shm::MessageRecord) + shm::padded(message.name.size()) + message.payload.size());
  if (!at) return;
  shm::RecordWriter record(at);
  record.put(shm::MessageRecord{.place = flat(message.place),
                                .sender = flat(message.sender),
                                .guarantee = static_cast<std::uint32_t>(message.guarantee),
                                .name_size = count(message.name.size())});
  record.put_text_padded(message.name);
  record.put_bytes(message.payload);
  events_.commit();
}

void ClientPort::publish() noexcept {
  if (!in_use() || end_ != PortEnd::none || !events_.unpublished()) return;
  events_.publish();
  events_bell_.ring();
}

}  // namespace gyre::node
