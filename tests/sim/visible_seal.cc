#include "tests/sim/visible_seal.hh"

#include <algorithm>
#include <cstring>

namespace gyre::sim {

namespace {

// What seals say to each other, as transport/sealed.cc lays it out: for whom, and then
constexpr std::size_t token_in_answer = 20;  // behind the challenge
constexpr std::size_t boot_in_report = 4, lane_in_report = 12, newest_in_report = 13;

template <typename Word>
Word word(std::span<const std::byte> text, std::size_t offset) {
  Word word;
  std::memcpy(&word, text.data() + offset, sizeof word);
  return word;
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

// A report to this machine says that it had come further than that.
bool VisibleSeal::tells_of_later(std::span<const std::byte> report, const Image& image) const {
  const auto lane = word<std::uint8_t>(report, lane_in_report);
  return word<NodeId>(report, 0) == identity_.self &&
         word<std::uint64_t>(report, boot_in_report) == image.boot &&
         word<std::uint64_t>(report, newest_in_report) > image.sent[lane];
}

Refusal VisibleSeal::examine(const Header& header, Arrival& arrival) noexcept {
  const std::uint64_t proved = counters_.proved;
  const Image before{.boot = boot(), .sent = sent_};
  const Refusal refusal = Sealed::examine(header, arrival);
  auto& lanes = heard_[{header.sender, header.boot}];
  Heard& lane = lanes[static_cast<std::size_t>(header.lane)];
  if (refusal == Refusal::replayed) mistaken_ += !lane.is_over(header.counter);
  if (was_opened(refusal)) lane.take(header.counter);
  if (refusal != Refusal::control) return refusal;
  const std::span<const std::byte> text = arrival.frame.bytes();
  const auto kind = static_cast<FrameKind>(text.data()[text.size()]);
  if (kind == FrameKind::report) unheeded_ += tells_of_later(text, before) && boot() == before.boot;
  if (counters_.proved != proved) {
    const LaneCounters said{header.counter, word<std::uint64_t>(text, token_in_answer)};
    for (std::size_t i = 0; i < lane_count; ++i) lanes[i] = {said[i], said[i], {}};
  }
  return refusal;
}

}  // namespace gyre::sim
