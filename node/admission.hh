// Who may connect to the daemon.
#pragma once

#include <sys/types.h>

#include <vector>

#include "node/config.hh"

namespace gyre::node {

// Root and the daemon's own user always may.
class Admission {
 public:
  Admission() = default;
  // Looks names up, so it may wait for a name server. Throws ConfigError for one that nobody has.
  explicit Admission(const std::vector<Grant>& grants);

  bool allows(uid_t uid, gid_t gid) const noexcept;
  const std::vector<uid_t>& uids() const noexcept { return uids_; }
  const std::vector<gid_t>& gids() const noexcept { return gids_; }

 private:
  std::vector<uid_t> uids_;
  std::vector<gid_t> gids_;
};

}  // namespace gyre::node
