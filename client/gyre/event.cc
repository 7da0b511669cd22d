#include "client/gyre/event.hh"

#include "transport/shm/records.hh"

namespace gyre::client {
namespace {

using shm::RecordReader;

RingId plain(const shm::RingRecord& ring) {
  return {.seq = ring.seq, .representative = ring.representative, .incarnation = ring.incarnation};
}
Place plain(const shm::PlaceRecord& place) {
  return {.ring = plain(place.ring), .seq = place.seq, .index = place.index};
}
Process plain(const shm::ProcessRecord& process) {
  return {.node = process.node, .pid = process.pid, .client = process.client};
}
Member plain(const shm::MemberRecord& member) {
  return {.node = member.node, .since = member.since};
}
GroupChange::Entry plain(const shm::EntryRecord& entry) {
  return {.process = plain(entry.process),
          .reason = ChangeReason{static_cast<std::uint8_t>(entry.reason)}};
}
std::uint32_t plain(std::uint32_t node) {
  return node;
}

// `count` records of one type, as a list of what the program sees. Nothing is made room for that is
// not there.
template <typename Shared>
auto list(RecordReader& reader, std::uint32_t count) {
  std::vector<decltype(plain(Shared{}))> all;
  const auto bytes = reader.get_bytes(std::size_t{count} * sizeof(Shared));
  if (!reader.ok()) return all;
  all.reserve(count);
  RecordReader records(bytes);
  for (std::uint32_t i = 0; i < count; ++i) all.push_back(plain(records.get<Shared>()));
  return all;
}

Message read_message(RecordReader& reader) {
  const auto record = reader.get<shm::MessageRecord>();
  const auto group = reader.get_text_padded(record.name_size);
  return {.group = group,
          .sender = plain(record.sender),
          .place = plain(record.place),
          .guarantee = Guarantee{static_cast<std::uint8_t>(record.guarantee)},
          .payload = reader.get_rest()};
}

Verdict plain(const shm::VerdictRecord& record) {
  return {.number = record.number,
          .quorate = record.quorate != 0,
          .reason = Verdict::Reason{static_cast<std::uint8_t>(record.reason)},
          .fencing = Verdict::Fencing{static_cast<std::uint8_t>(record.fencing)},
          .votes = record.total,
          .expected = record.expected,
          .needed = record.quorum,
          .highest = record.highest,
          .withheld = record.withheld};
}

View read_view(RecordReader& reader) {
  const auto record = reader.get<shm::ViewRecord>();
  View view{.number = record.number,
            .ring = plain(record.ring),
            .members = {},
            .joined = {},
            .left = {},
            .oldest = record.oldest,
            .verdict = plain(record.verdict)};
  view.members = list<shm::MemberRecord>(reader, record.members);
  view.joined = list<std::uint32_t>(reader, record.joined);
  view.left = list<std::uint32_t>(reader, record.left);
  return view;
}

Transitional read_transitional(RecordReader& reader) {
  const auto record = reader.get<shm::TransitionalRecord>();
  return {.ring = plain(record.ring),
          .previous = plain(record.previous),
          .members = list<shm::MemberRecord>(reader, record.members)};
}

GroupChange read_change(RecordReader& reader) {
  const auto record = reader.get<shm::ChangeRecord>();
  GroupChange change;
  change.place = plain(record.place);
  change.members = list<shm::ProcessRecord>(reader, record.members);
  change.joined = list<shm::EntryRecord>(reader, record.joined);
  change.left = list<shm::EntryRecord>(reader, record.left);
  change.group = reader.get_text(record.name_size);
  return change;
}

VerdictChange read_verdict(RecordReader& reader) {
  const auto record = reader.get<shm::VerdictChangeRecord>();
  return {.place = plain(record.place), .verdict = plain(record.verdict)};
}

JoinRefused read_refused(RecordReader& reader, bool was_member) {
  const auto record = reader.get<shm::RefusedRecord>();
  JoinRefused refused{.group = {}, .reason = {}, .was_member = was_member};
  refused.group = reader.get_text(record.name_size);
  refused.reason = reader.get_text(record.reason_size);
  return refused;
}

}  // namespace

std::string_view text(Verdict::Reason reason) noexcept {
  using Reason = Verdict::Reason;
  switch (reason) {
    case Reason::no_view:
      return "no_view";
    case Reason::majority:
      return "majority";
    case Reason::heir:
      return "heir";
    case Reason::tie_breaker:
      return "tie_breaker";
    case Reason::two_node:
      return "two_node";
    case Reason::device:
      return "device";
    case Reason::too_few:
      return "too_few";
    case Reason::tie_lost:
      return "tie_lost";
    case Reason::waiting:
      return "waiting";
  }
  return "unknown";
}

std::string_view text(Verdict::Fencing fencing) noexcept {
  using Fencing = Verdict::Fencing;
  switch (fencing) {
    case Fencing::not_needed:
      return "not_needed";
    case Fencing::two_node:
      return "two_node";
    case Fencing::no_section:
      return "no_section";
    case Fencing::by_hand:
      return "by_hand";
    case Fencing::more_votes:
      return "more_votes";
  }
  return "unknown";
}

std::optional<Event> read_event(const shm::Record& record) {
  RecordReader reader(record.payload);
  std::optional<Event> event;
  switch (shm::EventKind{record.kind}) {
    case shm::EventKind::message:
      event = read_message(reader);
      break;
    case shm::EventKind::view:
      event = read_view(reader);
      break;
    case shm::EventKind::transitional:
      event = read_transitional(reader);
      break;
    case shm::EventKind::group_change:
      event = read_change(reader);
      break;
    case shm::EventKind::join_refused:
      event = read_refused(reader, false);
      break;
    case shm::EventKind::membership_refused:
      event = read_refused(reader, true);
      break;
    case shm::EventKind::verdict:
      event = read_verdict(reader);
      break;
  }
  if (!reader.ok()) event.reset();
  return event;
}

}  // namespace gyre::client
