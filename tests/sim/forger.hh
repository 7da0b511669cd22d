// Somebody on the wire who has no key. He sees the frames that arrive, keeps some of them, also
// those of starts that are long over, and brings them back: as they were, to whom they were for or
// who sent them, or changed.
#pragma once

#include <vector>

#include "tests/sim/run.hh"

namespace gyre::sim {

class Forger {
 public:
  explicit Forger(Run& run) : run_(run), dice_(run.settings.forgery_seed) {}

  void overhear(const Flight& flight);
  Time next() const { return next_; }  // when he has something to send
  Flight forge();
  std::uint64_t sent() const { return sent_; }

 private:
  static constexpr std::size_t kept_max = 200;

  const char* change(Flight& flight, std::vector<std::byte>& bytes);
  void swap_header(Flight& flight, std::vector<std::byte>& bytes);
  const Flight& any() { return kept_[dice_.below(kept_.size())]; }
  void plan() { next_ = run_.now + dice_.exponential(run_.settings.forgery_gap); }

  Run& run_;
  Dice dice_;
  std::vector<Flight> kept_;
  std::uint64_t heard_ = 0, sent_ = 0;
  Time next_ = never;
};

}  // namespace gyre::sim
