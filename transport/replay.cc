#include "transport/replay.hh"

#include <algorithm>

namespace gyre {

void ReplayWindow::restart(std::uint64_t first) noexcept {
  seen_.fill(0);
  newest_ = first;
  seen_[first / 64 % words] = std::uint64_t{1} << first % 64;
}

void ReplayWindow::begin_behind(std::uint64_t last) noexcept {
  seen_.fill(~std::uint64_t{0});
  newest_ = last;
  // Of the newest one's word, the part in front of it is still to come.
  if (last % 64 != 63) seen_[last / 64 % words] = (std::uint64_t{2} << last % 64) - 1;
}

bool ReplayWindow::is_new(std::uint64_t counter) const noexcept {
  if (counter > newest_) return true;
  return newest_ - counter < span &&
         (seen_[counter / 64 % words] & std::uint64_t{1} << counter % 64) == 0;
}

bool ReplayWindow::accept(std::uint64_t counter) noexcept {
  if (counter > newest_) {
    // Words, not bits, are cleared on the way forward: that is what the spare word is for.
    const std::uint64_t steps = std::min(counter / 64 - newest_ / 64, words);
    for (std::uint64_t i = 1; i <= steps; ++i) seen_[(newest_ / 64 + i) % words] = 0;
    newest_ = counter;
  } else if (newest_ - counter >= span) {
    return false;
  }
  std::uint64_t& word = seen_[counter / 64 % words];
  const std::uint64_t bit = std::uint64_t{1} << counter % 64;
  if (word & bit) return false;
  word |= bit;
  return true;
}

bool ReplayFilter::accept(NodeId id, std::uint64_t boot, Lane lane,
                          std::uint64_t counter) noexcept {
  Sender& sender = find(id, boot);
  sender.last_used = ++uses_;
  const auto index = static_cast<std::size_t>(lane);
  if (sender.heard[index]) return sender.windows[index].accept(counter);
  sender.heard[index] = true;
  sender.windows[index].restart(counter);
  return true;
}

ReplayFilter::Sender& ReplayFilter::find(NodeId id, std::uint64_t boot) noexcept {
  const auto is_it = [&](const Sender& sender) { return sender.id == id && sender.boot == boot; };
  if (!senders_.empty() && is_it(senders_[last_])) return senders_[last_];
  auto place = std::ranges::find_if(senders_, is_it);
  if (place == senders_.end()) {
    if (senders_.size() < senders_max)
      place = senders_.emplace(place);
    else
      place = std::ranges::min_element(senders_, {}, &Sender::last_used);
    place->id = id;
    place->boot = boot;
    place->heard.fill(false);
  }
  last_ = static_cast<std::size_t>(place - senders_.begin());
  return *place;
}

}  // namespace gyre
