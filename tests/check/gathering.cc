#include "tests/check/gathering.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gyre::check {

namespace {

namespace wire = totem::wire;

// Those of a join's nodes that `belongs` says yes to, ascending.
template <typename Belongs>
void take(std::vector<NodeId>& nodes, const wire::Join& join, Belongs belongs) {
  nodes.clear();
  for (const wire::Join::Entry& each : std::span(join.entries).first(join.count))
    if (belongs(each.marks)) nodes.push_back(each.node);
  std::ranges::sort(nodes);
}

}  // namespace

void Gathering::received(const Process& process, std::span<const std::byte> frame, bool paused,
                         Time now) {
  if (wire::type(frame) != wire::Type::join || paused || !wire::read_join(frame, join_)) return;
  Side& side = sides_[process];
  Peer& peer = side.peers[join_.sender];
  const JoinNumber number = JoinNumber::of(join_);
  NewestJoins& joins = side.joins[join_.sender];
  if (joins.is_old(number)) return;
  // A last word may be of an earlier life, and is believed or not; who believes it does not propose
  // its sender. Whether a join that it overtook still counts is open.
  if (join_.flags & wire::Join::leaving) {
    peer.left = number;
    return;
  }
  if (number.is_old(peer.left)) {
    peer.when = {};
    return;
  }
  const bool same = joins.take(number);
  peer.when = now;
  peer.closed = join_.flags & wire::Join::closed;
  take(peer.proposed, join_, [](auto marks) { return !(marks & wire::Join::failed); });
  take(peer.failed, join_, [](auto marks) { return marks & wire::Join::failed; });
  Nodes before;
  if (same && !peer.closed) std::swap(before, peer.with);
  take(peer.with, join_, [](auto marks) { return marks & wire::Join::heard; });
  Nodes with;
  std::ranges::set_union(before, peer.with, std::back_inserter(with));
  peer.with = std::move(with);
}

void Gathering::woken(const Process& process, Time now) {
  sides_[process].since = now;
}

void Gathering::installed(const Process& process, std::size_t members, Time now) {
  Side& side = sides_[process];
  const bool first = !std::exchange(side.installed, true);
  if (first && members == 1 && side.peers.empty() && now - side.started < at_least(side))
    findings_.add("10 alone", fmt::format("{}: is alone although nobody had the time to answer",
                                          text(process)));
}

void Gathering::sent(const Process& process, std::uint64_t gather, std::span<const std::byte> frame,
                     Time now) {
  const auto type = wire::type(frame);
  if (type != wire::Type::join && type != wire::Type::commit_token) return;
  Side& side = sides_[process];
  if (side.gather != gather) {
    side.gather = gather;
    side.began = side.since = now;
    side.closed = side.committed = false;
  }
  // In commit it goes on saying what it said.
  side.committed |= type == wire::Type::commit_token;
  if (side.committed || type != wire::Type::join || !wire::read_join(frame, join_)) return;
  if (!(join_.flags & wire::Join::leaving)) said(process, side, now);
}

void Gathering::said(const Process& process, Side& side, Time now) {
  take(proposed_, join_, [](auto marks) { return !(marks & wire::Join::failed); });
  side.closed |= (join_.flags & wire::Join::closed) != 0;
  for (const NodeId node : proposed_) {
    const auto peer = side.peers.find(node);
    // What came before this gather, or just now, it may not go by.
    if (peer == side.peers.end() || peer->second.when <= side.began ||
        peer->second.when + at_once >= now || peer->second.proposed == proposed_)
      continue;
    check_peer(process, side, node, peer->second);
  }
  const double expiries = 6 + static_cast<double>(join_.count);
  if (now - side.since > span(2 + expiries / 2))
    findings_.add("10 endless", fmt::format("{}: gathers for {:.1f} times the consensus time",
                                            text(process), timers(now - side.since)));
}

void Gathering::check_peer(const Process& process, const Side& side, NodeId node,
                           const Peer& peer) {
  if (peer.closed ? !has(peer.with, process.node) : has(peer.failed, process.node))
    findings_.add("10 apart",
                  fmt::format("{}: proposes {}, which goes without it", text(process), text(node)));
  for (const NodeId other : proposed_)
    if (side.closed && other != process.node && other != node && !has(peer.with, other))
      findings_.add("10 clique", fmt::format("{}: proposes {} and {}, which do not go with each "
                                             "other",
                                             text(process), text(node), text(other)));
}

double Gathering::timers(Duration span) const {
  return static_cast<double>(span.count()) / static_cast<double>(timer_.count());
}

// By the slowest clock, and with the turns.
Duration Gathering::span(double timers) const {
  return Duration(
      static_cast<std::int64_t>((1.1 + 2 * drift_) * timers * static_cast<double>(timer_.count())));
}

// Until its timer runs out, by the fastest clock.
Duration Gathering::at_least(const Side& side) const {
  return Duration(
      static_cast<std::int64_t>((0.8 - drift_) * static_cast<double>(side.timer.count())));
}

}  // namespace gyre::check
