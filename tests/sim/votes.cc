// What a machine knows of votes: its own, verdicts, and until when its programs may act by them.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/sim/machine.hh"
#include "tests/sim/process.hh"

namespace gyre::sim {

membership::QuorumSettings Machine::quorum() const {
  membership::QuorumSettings settings = run_.settings.quorum;
  if (!run_.settings.votes.empty()) settings.votes = run_.settings.votes[index_];
  settings.forgot = forgot_ && settings.remembers();
  return settings;
}

// As the daemon does before it starts: what others may act by is on the disk.
void Machine::promise() {
  const Settings& settings = run_.settings;
  consensus_ = settings.ring.consensus;
  if (settings.consensus_differs && dice_.chance(0.5)) consensus_ = settings.shortest_consensus();
  if (!forgot_)
    kept_.consensus =
        std::max(kept_.consensus, std::chrono::ceil<std::chrono::milliseconds>(consensus_));
}

// Of a damaged file nothing is believed. How long others may act by what it promised is lost, too.
void Machine::damage_votes() {
  if (run_.settings.consensus_differs) return;
  kept_ = {};
  forgot_ = true;
  ++run_.reached["damaged votes"];
  run_.note(index_, "its file of votes is damaged");
}

void Machine::verdict(const totem::Place& place, const membership::Verdict& verdict) noexcept {
  if (!has_effect()) return;
  run_.checker.verdict(process_->id, place, verdict);
  run_.hash.add(number(place.seq) * 29 + verdict.total_votes + verdict.expected_votes * 7);
  ++run_.reached[fmt::format("verdict: {}", text(verdict.reason))];
  if (run_.tracing)
    run_.note(index_, fmt::format("at {}.{}: {}", number(place.seq), place.index,
                                  membership::reason_text(verdict)));
}

void Machine::votes_answered(std::uint64_t request, membership::QuorumChange answer) {
  run_.hash.add(request * 17 + static_cast<std::uint64_t>(answer));
}

void Machine::note_lease() {
  const Time until = process_->node->lease_until();
  const bool alone = process_->node->quorum().verdict().fencing ==
                     membership::Verdict::Fencing::not_needed;  // as it says
  Time& lease = run_.leases[index_];
  const bool had = lease > run_.now;
  lease = alone && until != Time::min() ? true_time(until) : Time::min();
  if (lease <= run_.now) return;
  const totem::RingId& ring = process_->node->view_ring();
  const bool same = std::exchange(leased_, ring) == ring;
  if (same && had) return;
  ++run_.reached[same ? "a lease again" : "a lease"];
  check_leases(*leased_);
}

// Who is not in the ring by which this machine may act from now on must not act any more.
void Machine::check_leases(const totem::RingId& ring) {
  for (MachineIndex i = 0; i < run_.leases.size(); ++i) {
    if (run_.leases[i] <= run_.now || std::ranges::count(members_, Device::id(i)) != 0) continue;
    run_.violations.push_back(
        {"11 lease",
         fmt::format("node {} may act by ring {} and node {} outside has a lease as well",
                     static_cast<std::uint32_t>(id()), ring.seq,
                     static_cast<std::uint32_t>(Device::id(i)))});
  }
}

}  // namespace gyre::sim
