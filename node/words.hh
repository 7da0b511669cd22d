// What this daemon has to say to all daemons, until the ring has taken it.
#pragma once

#include <array>
#include <cstdint>

#include "membership/wire.hh"

namespace gyre::node {

// What a word means: membership::wire::Word::what.
enum class What : std::uint8_t {
  kill = 1,            // the node `subject` is to leave the ring and end
  reload_prepare = 2,  // reload.hh
  reload_ready = 3,    // `subject` is who proposed it, `request` its ticket
  reload_refused = 4,  // the same, and the text says why
  // rotation.hh: `subject` is the view, `request` the key's fingerprint
  rotate = 5,  // the text is the key's file; so it is of the next two
  accepts = 6,
  sends = 7,
  refuses = 8,  // and the text says why
};

class Words {
 public:
  // False: too much is waiting already.
  bool say(const membership::wire::Word& word) noexcept {
    if (count_ == waiting_.size()) return false;
    waiting_[(first_ + count_++) % waiting_.size()] = membership::wire::word(word);
    return true;
  }

  bool empty() const noexcept { return count_ == 0; }
  std::span<const std::byte> oldest() const noexcept { return waiting_[first_].view(); }
  void taken() noexcept {
    first_ = (first_ + 1) % waiting_.size();
    --count_;
  }

 private:
  std::array<membership::wire::Encoded, 16> waiting_;
  std::size_t first_ = 0, count_ = 0;
};

}  // namespace gyre::node
