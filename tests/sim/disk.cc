#include "tests/sim/disk.hh"

#include <algorithm>

#include "node/ring_file.hh"

namespace gyre::sim {

namespace {

constexpr std::size_t old_files_max = 4;

}  // namespace

Disk::Disk(std::uint64_t bound) : file_(node::encode_ring_file(bound)) {}

std::uint64_t Disk::read() const {
  return file_ ? node::decode_ring_file(*file_).value_or(0) : 0;
}

void Disk::write(std::uint64_t bound) {
  if (file_ && old_files_.size() < old_files_max) old_files_.push_back(*file_);
  file_ = node::encode_ring_file(bound);
}

bool Disk::restore_old(Dice& dice) {
  if (old_files_.empty()) return false;
  file_ = old_files_[dice.below(old_files_.size())];
  return true;
}

void Disk::damage(Dice dice) {
  if (!file_ || file_->empty()) return;
  std::string& bytes = *file_;
  const std::size_t at = dice.below(bytes.size());
  switch (dice.below(6)) {
    case 0:
      bytes.resize(at);
      return;
    case 1:
      bytes.resize(at);
      if (!old_files_.empty())
        bytes += old_files_.back().substr(std::min(at, old_files_.back().size()));
      return;
    case 2:
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << dice.below(8));
      return;
    default: {
      const std::size_t to = dice.below(bytes.size());
      const std::string piece = bytes.substr(at, dice.between(1, bytes.size()));
      bytes.replace(to, piece.size(), piece);
    }
  }
}

}  // namespace gyre::sim
