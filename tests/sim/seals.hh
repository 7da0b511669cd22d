// Somebody who has the cluster's key, too, and watches: each frame that leaves a machine sealed,
// and each that gets through another's seal.
//
//   10 nonce   no number is used twice with one key, but for the same bytes
//   10 seal    what gets through has left a machine with these bytes, for this lane, and since the
//              present boot of who takes it began; it does so once; and of each sender no boot
//              counts any more that another one took the place of
#pragma once

#include <array>
#include <bitset>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "tests/check/checker.hh"
#include "transport/seal.hh"

namespace gyre::sim {

class Seals {
 public:
  Seals(Suite suite, std::string_view cluster);

  ClusterKey key() const;

  // A whole frame that leaves now. What it says, without its kind; valid until the next call.
  std::span<const std::byte> leaves(std::span<const std::byte> frame, Time now);
  // A frame that got through: its clear header, its text, its kind, and what was its tag.
  void gets_through(const check::Process& by, Time boot_since, Lane lane,
                    std::span<const std::byte> frame);

  const std::vector<check::Violation>& violations() const { return violations_; }

 private:
  static constexpr std::uint64_t block = 1024;  // counters
  struct Sent {
    std::uint64_t digest = 0;  // 0: none has left yet
    Time at{};
  };
  // What one boot sends in one lane with one key, and the key of its present era.
  struct Stream {
    Seal seal;
    std::map<std::uint64_t, std::array<Sent, block>> sent;
  };
  using StreamId = std::tuple<NodeId, std::uint64_t, Lane, std::uint8_t>;
  // What one start of a machine has taken of one sender.
  struct Taken {
    std::vector<std::uint64_t> boots;  // the last one counts
    std::map<StreamId, std::map<std::uint64_t, std::bitset<block>>> counters;
  };

  Header header_of(std::span<const std::byte> frame) const;
  static StreamId stream_of(const Header& header);
  void violated(std::string clause, const Header& header, std::string_view what);

  const Suite suite_;
  const std::string cluster_;
  const ClusterKey key_;
  std::map<StreamId, Stream> streams_;
  std::map<std::tuple<NodeId, std::uint64_t, NodeId>, Taken> taken_;
  std::vector<std::byte> opened_;
  std::vector<check::Violation> violations_;
};

}  // namespace gyre::sim
