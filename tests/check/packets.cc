#include "tests/check/packets.hh"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>
#include <unordered_map>

#include "node/record.hh"
#include "tests/check/trace.hh"
#include "totem/wire.hh"

namespace gyre::check {

namespace {

namespace wire = totem::wire;
using totem::number;
using totem::RingId;
using totem::Seq;

// Frames are kept this far behind what is stable: in recovery a slow member may need them.
constexpr std::uint64_t behind_stable = 1024;
// Seqs that a visit may give beyond the window, to a lone sender that lingers with the token.
constexpr std::uint64_t beyond_window = 8;

struct Print {
  std::uint64_t hash = 0;
  std::size_t length = 0;  // 0: not seen
  bool operator==(const Print&) const = default;
};

Print print(std::span<const std::byte> frame) {
  return {node::payload_hash(frame), frame.size()};
}

struct MemberPackets {
  NodeId node = NodeId::none;
  Seq out{};                    // the last of its own data
  Seq due{}, due_to{};          // what its tokens announced and it has not sent yet
  std::uint64_t token_seq = 0;  // of the last token that it passed
  Print token;
  Seq aru{};       // of that token
  Seq seq{};       // of that token
  Seq received{};  // what it has without holes
  bool stated = false;
};

struct RingPackets {
  std::uint64_t used = 0;
  std::uint32_t queue = 0;             // the smallest receive queue that is known
  std::vector<MemberPackets> members;  // in the order of the commit token
  std::uint32_t hop = 0;               // of the commit token
  // By hop and first entry, and in the first rotation by the sender's life: it may not know what an
  // earlier one said, of which a late copy comes to it; but it gets no further with that.
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>, Print> commit;
  std::uint64_t token_seq = 1;  // of the newest token; the representative makes the first one
  NodeId holder = NodeId::none;
  Seq seq{};    // of that token
  Seq given{};  // the last seq given since, by its holder
  Seq stable{};
  Seq recovered_to{};        // up to here the frames are of old rings
  std::vector<Seq> asked;    // on that token
  std::deque<Print> frames;  // of the seqs from `base` + 1 on
  std::uint64_t base = 0;

  MemberPackets* member(NodeId node) {
    const auto found = std::ranges::find(members, node, &MemberPackets::node);
    return found == members.end() ? nullptr : &*found;
  }
};

}  // namespace

struct Packets::State {
  Findings findings;
  std::unordered_map<RingId, RingPackets, RingHash> rings;
  std::uint64_t clock = 0;
  wire::CommitToken staged;
  std::uint32_t global_window = 0;

  template <typename... Arguments>
  void found(const char* clause, fmt::format_string<Arguments...> what, Arguments&&... arguments) {
    findings.add(clause, fmt::format(what, std::forward<Arguments>(arguments)...));
  }

  RingPackets* find(const RingId& ring);
  RingPackets& make(const RingId& ring, std::size_t members);
  void take_commit(const Process& sender, NodeId to, std::span<const std::byte> frame);
  void take_token(const Process& sender, NodeId to, std::span<const std::byte> frame);
  void take_data(const Process& sender, std::span<const std::byte> frame);
  bool seen_before(const Process& sender, RingPackets& ring, const wire::Data& header,
                   std::span<const std::byte> frame);
  bool given_duly(const Process& sender, RingPackets& ring, const wire::Data& header);
  void check_again(const Process& sender, const MemberPackets& member, const wire::Token& token,
                   const Print& now);
  void check_stable(const Process& sender, RingPackets& ring, MemberPackets& member,
                    const wire::Token& token);
  void check_requests(const Process& sender, RingPackets& ring, const MemberPackets& member,
                      const wire::Token& token);
  void check_window(const Process& sender, const RingPackets& ring, const MemberPackets& member,
                    const wire::Token& token);
};

RingPackets* Packets::State::find(const RingId& ring) {
  const auto at = rings.find(ring);
  if (at == rings.end()) return nullptr;
  at->second.used = ++clock;
  return &at->second;
}

RingPackets& Packets::State::make(const RingId& ring, std::size_t members) {
  if (rings.size() == rings_max)
    rings.erase(std::ranges::min_element(rings, {}, [](const auto& at) { return at.second.used; }));
  RingPackets& made = rings[ring];
  made.used = ++clock;
  made.members.resize(members);
  made.holder = ring.representative;
  return made;
}

// --- the commit token: hop h is sent by member h - 1 mod n, to member h mod n ---

void Packets::State::take_commit(const Process& sender, NodeId to,
                                 std::span<const std::byte> frame) {
  const auto part = wire::read_commit_part(frame);
  if (!part || part->hop == 0)
    return found("10 commit", "{}: sends a malformed commit token", text(sender));
  RingPackets* ring = find(part->ring);
  if (!ring && part->hop != 1) return;
  if (!ring) ring = &make(part->ring, part->members);
  if (part->members != ring->members.size())
    return found("10 commit", "{}: sends a commit token of ring {} with {} members instead of {}",
                 text(sender), text(part->ring), part->members, ring->members.size());
  if (part->hop == 1 || part->hop == part->members) {
    staged.ring = part->ring;
    staged.members = part->members;
    if (wire::read_commit_entries(frame, *part, staged))
      for (std::size_t i = part->first; i < std::size_t{part->first} + part->count; ++i) {
        const wire::CommitEntry& entry = staged.entries[i];
        ring->members[i].node = entry.node;
        if (part->hop == part->members)  // all have told theirs
          ring->queue =
              ring->queue ? std::min(ring->queue, entry.receive_frames) : entry.receive_frames;
      }
  }
  const NodeId due = ring->members[(part->hop - 1) % part->members].node;
  const NodeId next = ring->members[part->hop % part->members].node;
  // Where the entries come in parts, those of the first hop may not be here yet.
  const auto wrong = [](NodeId node, NodeId expected) {
    return expected != NodeId::none && node != expected;
  };
  const std::uint64_t life = part->hop <= part->members ? sender.incarnation : 0;
  const Print now = print(frame);
  const Print before = ring->commit.try_emplace({part->hop, part->first, life}, now).first->second;
  if (wrong(sender.node, due) || wrong(to, next))
    found("10 commit", "{}: sends hop {} of the commit token of ring {} to {}, not in its turn",
          text(sender), part->hop, text(part->ring), text(to));
  else if (before != now)
    found("10 again", "{}: sends hop {} of the commit token of ring {} otherwise than before",
          text(sender), part->hop, text(part->ring));
  else if (part->hop > ring->hop + 1 || part->hop > 2 * part->members)
    found("10 commit", "{}: sends hop {} of the commit token of ring {} after hop {}", text(sender),
          part->hop, text(part->ring), ring->hop);
  ring->hop = std::max(ring->hop, part->hop);
}

// --- the token ---

void Packets::State::check_again(const Process& sender, const MemberPackets& member,
                                 const wire::Token& token, const Print& now) {
  if (member.token_seq != token.token_seq)
    found("10 token", "{}: sends token {} of ring {}, which is not the last that it passed",
          text(sender), token.token_seq, text(token.ring));
  else if (member.token != now)
    found("10 again", "{}: sends token {} of ring {} otherwise than before", text(sender),
          token.token_seq, text(token.ring));
}

void Packets::State::check_stable(const Process& sender, RingPackets& ring, MemberPackets& member,
                                  const wire::Token& token) {
  const Seq stable = std::min(token.aru, member.aru);
  for (const MemberPackets& each : ring.members)
    if (each.stated && each.received < stable)
      found("10 stable", "{}: with token {} of ring {} all up to {} is stable, but {} has up to {}",
            text(sender), token.token_seq, text(token.ring), number(stable), text(each.node),
            number(each.received));
  ring.stable = std::max(ring.stable, stable);
  for (std::size_t i = 0; i < token.rtr_count; ++i) {
    if (token.rtr[i] <= ring.stable)
      found("10 rtr", "{}: token {} of ring {} asks for {}, but up to {} it is stable",
            text(sender), token.token_seq, text(token.ring), number(token.rtr[i]),
            number(ring.stable));
    if (token.rtr[i] > token.seq)
      found("10 token", "{}: token {} of ring {} asks for {}, beyond its seq {}", text(sender),
            token.token_seq, text(token.ring), number(token.rtr[i]), number(token.seq));
  }
  while (!ring.frames.empty() && ring.base + behind_stable < number(ring.stable)) {
    ring.frames.pop_front();
    ++ring.base;
  }
}

// A token overtakes the frames that it announces: what came after the last token of a member may
// still be on its way to it. Recovered frames are on theirs before the token.
void Packets::State::check_requests(const Process& sender, RingPackets& ring,
                                    const MemberPackets& member, const wire::Token& token) {
  const std::span requests(token.rtr.data(), token.rtr_count);
  for (const Seq seq : requests)
    if (seq <= token.seq && seq > std::max(member.due_to, ring.recovered_to) &&
        std::ranges::find(ring.asked, seq) == ring.asked.end())
      found("10 rtr", "{}: token {} of ring {} asks for {}, which may be on its way since {}",
            text(sender), token.token_seq, text(token.ring), number(seq), number(member.due_to));
  ring.asked.assign(requests.begin(), requests.end());
}

// From one visit of a member to its next all have had their turn.
void Packets::State::check_window(const Process& sender, const RingPackets& ring,
                                  const MemberPackets& member, const wire::Token& token) {
  if (member.token_seq == 0 || ring.queue == 0) return;
  const std::uint32_t window =
      global_window ? global_window : std::clamp(ring.queue / 2, 16u, 512u);
  if (token.seq > member.seq + window + beyond_window)
    found("10 window", "{}: in the rotation up to token {} of ring {} {} seqs were given, {} fit",
          text(sender), token.token_seq, text(token.ring), number(token.seq) - number(member.seq),
          window);
}

void Packets::State::take_token(const Process& sender, NodeId to,
                                std::span<const std::byte> frame) {
  wire::Token token;
  if (!wire::read_token(frame, token))
    return found("10 token", "{}: sends a malformed token", text(sender));
  RingPackets* ring = find(token.ring);
  if (!ring) return;
  MemberPackets* member = ring->member(sender.node);
  if (!member)
    return found("10 token", "{}: sends a token of ring {}, which it is not in", text(sender),
                 text(token.ring));
  if (token.token_seq <= ring->token_seq) return check_again(sender, *member, token, print(frame));
  if (ring->hop < 2 * ring->members.size())
    found("10 commit", "{}: sends token {} of ring {} after hop {} of its commit token",
          text(sender), token.token_seq, text(token.ring), ring->hop);
  if (sender.node != ring->holder || token.token_seq != ring->token_seq + 1)
    found("10 token", "{}: sends token {} of ring {}, where {} holds token {}", text(sender),
          token.token_seq, text(token.ring), text(ring->holder), ring->token_seq);
  if (token.seq < std::max(ring->seq, ring->given) || token.aru > token.seq)
    found("10 token", "{}: token {} of ring {} has seq {} and aru {} after seq {}", text(sender),
          token.token_seq, text(token.ring), number(token.seq), number(token.aru),
          number(std::max(ring->seq, ring->given)));
  if (member->due <= member->due_to && member->due != Seq::none)
    found("10 seq", "{}: announced {} to {} in ring {}, but never sent them", text(sender),
          number(member->due), number(member->due_to), text(token.ring));
  check_stable(sender, *ring, *member, token);
  check_requests(sender, *ring, *member, token);
  check_window(sender, *ring, *member, token);
  member->seq = token.seq;
  member->due = std::max(ring->seq, ring->given) + 1;
  member->due_to = token.seq;
  member->token_seq = token.token_seq;
  member->token = print(frame);
  member->aru = token.aru;
  ring->token_seq = token.token_seq;
  ring->holder = to;
  ring->seq = ring->given = token.seq;
}

// --- data ---

bool Packets::State::seen_before(const Process& sender, RingPackets& ring, const wire::Data& header,
                                 std::span<const std::byte> frame) {
  if (number(header.seq) <= ring.base) return true;
  const std::size_t at = number(header.seq) - ring.base - 1;
  if (at >= ring.frames.size() || ring.frames[at].length == 0) return false;
  if (ring.frames[at] != print(frame))
    found("10 again", "{}: sends frame {} of ring {} with other bytes than before", text(sender),
          number(header.seq), text(header.ring));
  return true;
}

// Its sender announced it on its last token, or holds the token and is not done yet.
bool Packets::State::given_duly(const Process& sender, RingPackets& ring,
                                const wire::Data& header) {
  MemberPackets* member = ring.member(sender.node);
  if (!member || header.sender != sender.node) {
    found("10 seq", "{}: sends frame {} of ring {} before {}, which it is from", text(sender),
          number(header.seq), text(header.ring), text(header.sender));
    return false;
  }
  const Seq last = std::max(ring.seq, ring.given);
  if (member->due == header.seq && header.seq <= member->due_to) {
    ++member->due;
  } else if (sender.node == ring.holder && header.seq == last + 1) {
    ring.given = header.seq;
  } else {
    found("10 seq", "{}: sends frame {} of ring {}, where {} holds the token and {} was the last",
          text(sender), number(header.seq), text(header.ring), text(ring.holder), number(last));
    return false;
  }
  member->out = header.seq;
  return true;
}

void Packets::State::take_data(const Process& sender, std::span<const std::byte> frame) {
  const auto header = wire::read_data(frame);
  if (!header) return found("10 seq", "{}: sends a malformed data frame", text(sender));
  if (header->flags & wire::Data::recovered) {
    const auto inner = frame.subspan(wire::Data::size);
    const auto old = wire::read_data(inner);
    if (RingPackets* ring = old ? find(old->ring) : nullptr)
      seen_before(sender, *ring, *old, inner);
  }
  RingPackets* ring = find(header->ring);
  if (!ring || seen_before(sender, *ring, *header, frame)) return;
  if (!given_duly(sender, *ring, *header)) return;
  const std::size_t at = number(header->seq) - ring->base - 1;
  if (at >= ring->frames.size()) ring->frames.resize(at + 1);
  ring->frames[at] = print(frame);
  if (header->flags & wire::Data::recovered) ring->recovered_to = header->seq;
}

Packets::Packets(std::uint32_t global_window) : state_(std::make_unique<State>()) {
  state_->global_window = global_window;
}
Packets::~Packets() = default;

void Packets::sent(const Process& sender, NodeId to, std::span<const std::byte> frame) {
  const auto type = wire::type(frame);
  if (type == wire::Type::data)
    state_->take_data(sender, frame);
  else if (type == wire::Type::token)
    state_->take_token(sender, to, frame);
  else if (type == wire::Type::commit_token)
    state_->take_commit(sender, to, frame);
}

void Packets::received_to(const Process& member, const RingId& ring, std::optional<Seq> seq) {
  RingPackets* known = state_->find(ring);
  MemberPackets* at = known ? known->member(member.node) : nullptr;
  if (!at) return;
  at->received = seq.value_or(Seq::none);
  at->stated = seq.has_value();
}

void Packets::turned(const Process& sender, const totem::Place& last) {
  RingPackets* ring = state_->find(last.ring);
  const MemberPackets* member =
      ring && ring->members.size() > 1 ? ring->member(sender.node) : nullptr;
  if (member && member->out < last.seq)
    state_->found("10 late", "{}: keeps message {} of ring {} back, which has its place",
                  text(sender), number(last.seq), text(last.ring));
}

const std::vector<Violation>& Packets::violations() const noexcept {
  return state_->findings.list();
}

std::size_t Packets::frames() const noexcept {
  std::size_t count = 0;
  for (const auto& [id, ring] : state_->rings) count += ring.frames.size();
  return count;
}

}  // namespace gyre::check
