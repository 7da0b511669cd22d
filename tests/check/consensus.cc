#include "tests/check/consensus.hh"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gyre::check {

namespace wire = totem::wire;

void Consensus::received(const Process& process, std::span<const std::byte> frame, bool paused,
                         Time now) {
  if (wire::type(frame) != wire::Type::join || paused || !wire::read_join(frame, join_)) return;
  // It may be the last word of an earlier life. Who believes it does not propose its sender.
  if (join_.flags & wire::Join::leaving) return;
  Side& side = sides_[process];
  forget(side, now);
  Peer& peer = side.peers[join_.sender];
  const JoinNumber number = JoinNumber::of(join_);
  NewestJoins& joins = side.joins[join_.sender];
  if (joins.is_old(number)) return;
  const bool same = joins.take(number);
  peer.when = now;
  if (!same || !said_before(peer)) listen(peer, same, now);
  while (peer.proposals.size() > 1 && peer.proposals[1].when + at_once < now)
    peer.proposals.pop_front();
}

// Most joins are those before once more.
bool Consensus::said_before(const Peer& peer) const {
  const auto same = [](const wire::Join::Entry& a, const wire::Join::Entry& b) {
    return a.node == b.node && a.marks == b.marks;
  };
  return std::ranges::equal(peer.entries, std::span(join_.entries).first(join_.count), same);
}

// An earlier life heard for itself.
void Consensus::listen(Peer& peer, bool same_life, Time now) {
  const auto entries = std::span(join_.entries).first(join_.count);
  peer.entries.assign(entries.begin(), entries.end());
  Proposal made{.nodes = {}, .heard = {}, .when = now};
  if (same_life && !peer.proposals.empty()) made.heard = peer.proposals.back().heard;
  for (const auto& [node, marks] : entries) {
    if (!(marks & wire::Join::failed)) made.nodes.push_back(node);
    if (marks & wire::Join::heard && !has(made.heard, node))
      made.heard.insert(std::ranges::lower_bound(made.heard, node), node);
  }
  std::ranges::sort(made.nodes);
  peer.proposals.push_back(std::move(made));
}

// What was said before is history with the next join: a token of this turn is still to be sent.
void Consensus::installed(const Process& process, Time now) {
  Side& side = sides_[process];
  forget(side, now);
  side.installed = now;
}

void Consensus::forget(Side& side, Time now) {
  if (now <= side.installed) return;
  const Time installed = std::exchange(side.installed, never);
  std::erase_if(side.peers,
                [&](const auto& peer) { return peer.second.when + at_once < installed; });
}

void Consensus::said(Side& side, std::uint64_t gather, std::span<const std::byte> frame) {
  if (!wire::read_join(frame, join_)) return;
  side.gather = gather;
  side.given_up.clear();
  if (!(join_.flags & wire::Join::closed)) return;  // it may go with anyone yet
  for (const wire::Join::Entry& each : std::span(join_.entries).first(join_.count))
    if (!(each.marks & wire::Join::heard)) side.given_up.push_back(each.node);
  std::ranges::sort(side.given_up);
}

// A commit token in parts is passed over: it takes more members than are simulated as a rule.
void Consensus::sent(const Process& process, std::uint64_t gather, std::span<const std::byte> frame,
                     Time now) {
  const auto type = wire::type(frame);
  forget(sides_[process], now);
  if (type == wire::Type::join) return said(sides_[process], gather, frame);
  if (type != wire::Type::commit_token) return;
  const auto part = wire::read_commit_part(frame);
  if (!part) return;
  Side& side = sides_[process];
  if (side.passed == part->ring) return;  // again
  const totem::RingId before = std::exchange(side.passed, part->ring);
  if (part->ring.seq <= before.seq)
    findings_.add("10 older", fmt::format("{}: passes on a commit token of ring {} after one of {}",
                                          text(process), text(part->ring), text(before)));
  if (part->count != part->members || part->hop > part->members) return;
  wire::CommitToken token{.ring = part->ring, .hop = part->hop, .members = part->members};
  if (!wire::read_commit_entries(frame, *part, token)) return;
  Nodes members;
  for (std::size_t i = 0; i < token.members; ++i) members.push_back(token.entries[i].node);
  if (part->hop == 1) check_made(process, side, members, now);
  if (side.gather == gather) check_passed(process, side, members);
}

void Consensus::check_made(const Process& process, const Side& side, const Nodes& members,
                           Time now) {
  for (const NodeId member : members) {
    if (member == process.node) continue;
    const auto at = side.peers.find(member);
    bool proposes = false, hears = false;
    if (at != side.peers.end()) {
      const auto& proposals = at->second.proposals;
      for (std::size_t i = 0; i < proposals.size(); ++i) {
        const bool history = i + 1 < proposals.size() && proposals[i + 1].when + at_once < now;
        if (history || proposals[i].nodes != members) continue;
        proposes = true;
        hears |= std::ranges::includes(proposals[i].heard, members);
      }
    }
    if (!proposes)
      findings_.add("10 consensus", fmt::format("{}: makes a ring of {} nodes, which {} does "
                                                "not propose",
                                                text(process), members.size(), text(member)));
    else if (!hears)
      findings_.add("10 consensus", fmt::format("{}: makes a ring of {} nodes, of which {} does "
                                                "not hear all",
                                                text(process), members.size(), text(member)));
  }
}

void Consensus::check_passed(const Process& process, const Side& side, const Nodes& members) {
  for (const NodeId member : members)
    if (has(side.given_up, member))
      findings_.add("10 given up", fmt::format("{}: passes on a commit token with {}, which it "
                                               "gave up",
                                               text(process), text(member)));
}

}  // namespace gyre::check
