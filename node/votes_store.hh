// What of the votes outlives a restart, on disk: how long others may act by what this node
// promised, how many votes were ever expected, and which nodes were ever seen.
//
// A file that is gone is one of a new node. Of a damaged one nothing is believed: where it counts,
// the node's vote does not until another has told it what was (QuorumSettings::forgot).
//
// Blocks on the disk: start-up and the helper thread only.
#pragma once

#include <cstdint>
#include <string>

#include "membership/seen.hh"
#include "node/state_directory.hh"

namespace gyre::node {

class VotesStore {
 public:
  enum class Origin : std::uint8_t { read, missing, damaged };

  // As RingStore.
  explicit VotesStore(const std::string& directory);

  const membership::KeptVotes& kept() const noexcept { return kept_; }
  Origin origin() const noexcept { return origin_; }
  const std::string& path() const noexcept { return path_; }

  // Before this node promises anything. What it promised in a life before may hold for longer; of
  // that, a damaged file says nothing, and stays. Throws as keep().
  void promise(Duration consensus);
  // Throws std::system_error naming the call and the path; what was kept before still is.
  void keep(const membership::KeptVotes&);

 private:
  StateDirectory directory_;
  std::string path_;
  membership::KeptVotes kept_;
  Origin origin_ = Origin::missing;
};

}  // namespace gyre::node
