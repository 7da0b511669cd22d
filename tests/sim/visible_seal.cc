#include "tests/sim/visible_seal.hh"

#include <algorithm>
#include <cstring>

namespace gyre::sim {

namespace {

// As transport/sealed.cc lays an answer out: for whom, the challenge, and the token lane's counter.
std::uint64_t token_in(std::span<const std::byte> answer) {
  std::uint64_t counter = 0;
  std::memcpy(&counter, answer.data() + 4 + 16, sizeof counter);
  return counter;
}

bool was_opened(Refusal refusal) {
  return refusal == Refusal::none || refusal == Refusal::control || refusal == Refusal::not_fresh ||
         refusal == Refusal::own_id;
}

}  // namespace

bool VisibleSeal::Heard::is_over(std::uint64_t counter) {
  return counter <= said || newest >= counter + ReplayWindow::span ||
         counters[counter / block].test(counter % block);
}

void VisibleSeal::Heard::take(std::uint64_t counter) {
  newest = std::max(newest, counter);
  counters[counter / block].set(counter % block);
}

Refusal VisibleSeal::examine(const Header& header, Arrival& arrival) noexcept {
  const std::uint64_t proved = counters_.proved;
  const Refusal refusal = Sealed::examine(header, arrival);
  auto& lanes = heard_[{header.sender, header.boot}];
  Heard& lane = lanes[static_cast<std::size_t>(header.lane)];
  if (refusal == Refusal::replayed) mistaken_ += !lane.is_over(header.counter);
  if (was_opened(refusal)) lane.take(header.counter);
  if (counters_.proved != proved) {
    const LaneCounters said{header.counter, token_in(arrival.frame.bytes())};
    for (std::size_t i = 0; i < lane_count; ++i) lanes[i] = {said[i], said[i], {}};
  }
  return refusal;
}

}  // namespace gyre::sim
