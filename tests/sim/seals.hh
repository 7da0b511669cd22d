// Somebody who has the cluster's key, too, and watches: each frame that leaves a machine sealed,
// and each that gets through another's seal.
//
//   10 nonce   no number is used twice with one key, but for the same bytes, or by a boot to which
//              its machine was put back; and no boot is used after a pause
//   10 seal    what gets through has left a machine with these bytes, for this lane, and since the
//              present boot of who takes it began; it does so once; and of each sender no boot
//              counts any more that another one took the place of. Of one that was put back only as
//              long as it counts without a break: it says less of itself than was so
#pragma once

#include <array>
#include <bitset>
#include <map>
#include <set>
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

  // The cluster's first key, and those after it.
  ClusterKey key(std::size_t number = 0) const;
  // One more, which no other looks like on the wire. Its number.
  std::size_t draw_key();
  std::uint64_t fingerprint(std::size_t number) const { return keys_[number].fingerprint(); }

  // A whole frame that leaves now. What it says, without its kind; valid until the next call.
  std::span<const std::byte> leaves(std::span<const std::byte> frame, Time now);
  // A frame that got through: its clear header, its text, its kind, and what was its tag.
  void gets_through(const check::Process& by, Time boot_since, Lane lane,
                    std::span<const std::byte> frame);

  // That boot of a machine may send its numbers again: it does not know that it did.
  void put_back(NodeId sender, std::uint64_t boot);
  // It must not send any more.
  void is_over(NodeId sender, std::uint64_t boot);
  bool may_repeat(const Header& header) const;
  std::uint64_t repeated() const { return repeated_; }  // numbers, as they may be

  const std::vector<check::Violation>& violations() const { return violations_; }

 private:
  static constexpr std::uint64_t block = 1024;  // counters
  struct Sent {
    std::uint64_t digest = 0;  // 0: none has left yet
    Time at{};
  };
  using Boot = std::pair<NodeId, std::uint64_t>;
  // What one boot sends in one lane with one key, and the key of its present era.
  struct Stream {
    Seal seal;
    std::map<std::uint64_t, std::array<Sent, block>> sent;
    std::multimap<std::uint64_t, Sent> before;  // under numbers that were used again
  };
  using StreamId = std::tuple<NodeId, std::uint64_t, Lane, std::uint8_t>;
  // What one start of a machine has taken of one sender.
  struct Taken {
    std::vector<std::uint64_t> boots;  // the last one counts
    std::map<StreamId, std::map<std::uint64_t, std::bitset<block>>> counters;
  };

  const ClusterKey* key_of(std::uint8_t id) const;
  Header header_of(std::span<const std::byte> frame) const;
  bool open(const Header& header, std::span<const std::byte> frame);
  void use(const Header& header, const Sent& now);
  Sent find(const Header& header, std::uint64_t digest);
  static StreamId stream_of(const Header& header);
  void violated(std::string clause, const Header& header, std::string_view what);

  const Suite suite_;
  const std::string cluster_;
  std::vector<ClusterKey> keys_;
  std::vector<int> drawn_;  // what each is made of
  std::map<StreamId, Stream> streams_;
  std::set<Boot> put_back_;  // ever
  std::set<Boot> over_;
  std::uint64_t repeated_ = 0;
  std::map<std::tuple<NodeId, std::uint64_t, NodeId>, Taken> taken_;
  std::vector<std::byte> opened_;
  std::vector<check::Violation> violations_;
};

}  // namespace gyre::sim
