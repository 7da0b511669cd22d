// Which keys of the map a program may write: most keys say how the daemon runs, and writing them
// would change nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace gyre::node {

enum class CmapUse : std::uint8_t {
  free,       // nothing of ours: whoever writes it means something by it
  read_only,  // `reason` says why
  admit,      // uidgid.{uid,gid}.N: who may connect, from now on
  debug,      // logging.debug: how much is logged, from now on
  gather,     // runtime.force_gather: a new ring is formed
  wait,       // quorum.cancel_wait_for_all: those who are here wait no more
};
struct CmapRule {
  CmapUse use = CmapUse::free;
  std::string_view reason;
};
CmapRule cmap_rule(std::string_view key) noexcept;

}  // namespace gyre::node
