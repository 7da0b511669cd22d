// Ring seqs on disk: a node that comes back does not number a ring as it did before.
//
// Seqs are reserved in blocks ahead of their use: the file holds a bound, and every seq below it
// may have been used.
//
// A file that is gone or damaged does not keep a node from starting: the numbers start again,
// and ids still do not come twice, for a RingId carries 64 random bits drawn at every start. A
// bound taken from elsewhere (the clock, a number in a file whose checksum is wrong) would be worse
// than none: peers raise their seq by a bounded step only, so that a wild one could never join
// them, while a low one is raised by the first join it hears.
//
// Blocks on the disk: start-up and the helper thread only.
#pragma once

#include <cstdint>
#include <string>

#include "node/state_directory.hh"

namespace gyre::node {

class RingStore {
 public:
  enum class Origin : std::uint8_t { read, missing, damaged };

  // Makes the directory if it is missing (its parent must exist). Throws std::runtime_error naming
  // the path if it cannot be used.
  explicit RingStore(const std::string& directory);

  std::uint64_t bound() const noexcept { return bound_; }  // earlier runs used none above it
  Origin origin() const noexcept { return origin_; }
  const std::string& path() const noexcept { return path_; }

  // Puts a bound of at least `upto` on the disk and returns it: all seqs up to it may be used.
  // Throws std::system_error naming the call and the path; the old bound then still holds.
  std::uint64_t reserve(std::uint64_t upto);

  static constexpr std::uint64_t block = 1024;  // rings, so that the disk is asked once in a while

 private:
  StateDirectory directory_;
  std::string path_;
  std::uint64_t bound_ = 0;
  Origin origin_ = Origin::missing;
};

}  // namespace gyre::node
