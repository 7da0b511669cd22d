// A transport around a device: every frame is sealed, and only those get through that a node of
// this cluster has sealed, each of them once, and since it has proved to be there now.
//
// A frame that opens says who made it, not when: it may have been recorded, also from a boot of its
// sender that is long over, or before this node started. So of each sender one boot counts, the one
// that has last answered a challenge of ours under its own key; everything that it had sent until
// then counts as seen. A frame of another boot is dropped, and its sender challenged. Challenges
// are answered whoever asks. The answer makes that boot the one that counts, and the one before is
// over for ever; so does forgetting a sender, who then has to answer again.
//
// This node's own boot is drawn anew when it may have come a second time: after a pause, which may
// have been a machine put back to an earlier image of its memory, and when another node has heard
// from it what it has not sent yet, also in a boot before its last one. Then nobody is believed to
// be there now, either.
//
// Whoever asks has dropped what made it ask. So behind the answers goes the last frame to everyone
// once more, if it is young: two nodes that meet need not wait until the ring above says it again.
//
// The key can change while frames flow: besides the one that it seals with it may have another,
// whose frames it opens, too. A boot, its counters and the proof that it is there go on from one
// key to the next, so nothing is dropped: a counter is used with one key only, and a frame that
// opens under either was made by who has that key, in a boot that has answered, once. What was
// recorded under a key that is forgotten opens no more, and under one that comes again its counters
// are over.
//
// Sending takes a frame of the pool, so that what is sent stays as it was; opening takes none.
// Nothing is allocated after construction.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "transport/header_transport.hh"
#include "transport/replay.hh"
#include "transport/seal.hh"

namespace gyre {

class Sealed : public HeaderTransport {
 public:
  // Of seals that do not fit, per turn. What comes then is only opened if its sender counts.
  static constexpr int failures_max = 64;
  // To others, waiting until a burst has been read: challenges, answers, reports.
  static constexpr std::size_t controls_max = 64;  // and a frame told once more
  static constexpr int answers_max = 8;            // to one sender, per `pace`

  struct Setup {
    NodeId self{};
    std::uint64_t cluster = 0;  // cluster_tag of the cluster's name
    ClusterKey key;
    Suite suite = Suite::aes256gcm;
    std::function<std::uint64_t()> draw;  // a number that nobody can foretell
    // advance() is not called for longer than this: the boot is drawn anew. The token's timeout, as
    // the ring has lost this node by then.
    Duration pause_max{};
    // A sender is challenged once in that time, with the same number for `pause_max`: the answer
    // may take longer.
    Duration pace{};
    std::size_t senders = nodes_max;  // that it knows at a time
  };
  // Frames that the pool must have for it, besides the node's.
  static std::size_t frames_needed(const Limits& limits) noexcept {
    return limits.burst_max + controls_max + 2;  // the last one told to all, and once more
  }

  // `pool` outlives this; its headroom is at least limits().headroom, and a frame of the device's
  // payload_max fits in. Throws std::runtime_error where memory for keys cannot be locked.
  Sealed(std::unique_ptr<Transport> device, Setup setup, FramePool& pool);

  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override;
  void advance(Time now) noexcept override;
  Time deadline() const noexcept override;

  std::uint64_t boot() const noexcept { return identity_.boot; }

  const ClusterKey& key() const noexcept { return setup_.key; }  // it seals with
  const ClusterKey* other_key() const noexcept { return other_ ? &*other_ : nullptr; }
  // Whether frames would say which of the two is theirs.
  bool can_tell(const ClusterKey& key) const noexcept { return key.id() != setup_.key.id(); }
  // There is no other one yet, and it can_tell.
  void accept(ClusterKey key) noexcept;
  // There is another one: it seals with that, and still opens what the first has sealed.
  void exchange_keys() noexcept;
  // The other one, with all that was made of it wiped. Its end takes calls of the kernel.
  ClusterKey forget_other_key() noexcept;

 protected:
  Refusal examine(const Header& header, Arrival& arrival) noexcept override;

 private:
  using Challenge = std::array<std::uint64_t, 2>;
  struct Sender {
    NodeId id{};
    bool counts = false;  // its boot has answered
    std::uint64_t boot = 0;
    std::array<ReplayWindow, lane_count> windows;
    LinkIndex link{};  // that brought its last new frame
    Time heard = Time::min();
    Challenge challenge{};
    bool challenged = false;  // and has not answered that one yet
    Time challenge_drawn{};
    Time challenge_again = Time::min(), report_again = Time::min(), answers_until = Time::min();
    int answers_left = 0;
    struct Past {
      std::uint64_t boot = 0;
      LaneCounters newest{};
    };
    std::array<Past, 4> past;  // its last boots, the present one too once another comes
  };

  const ClusterKey* key_of(std::uint8_t id) const noexcept;
  FrameRef wrap(const Send& send) noexcept override;

  Sender* find(NodeId id) noexcept;
  Sender& admit(NodeId id) noexcept;
  Seal& seal_of(const Sender& sender, const Seal::Place& place) noexcept;
  void wipe_seals(const Sender& sender) noexcept;
  bool open(const Sender* sender, const Header& header, std::span<std::byte> frame) noexcept;
  FrameRef close(Lane lane, FrameKind kind, std::span<const std::byte> text) noexcept;

  void take_control(FrameKind kind, const Header& header, std::span<const std::byte> text,
                    Sender& sender) noexcept;
  void challenge(Sender& sender) noexcept;
  void answer(Sender& sender, std::span<const std::byte> question) noexcept;
  void prove(Sender& sender, const Header& header, std::span<const std::byte> text) noexcept;
  bool came_again(Sender& sender, std::uint64_t boot, const LaneCounters& said) noexcept;
  void report(Sender& sender, const Header& header, std::span<std::byte> frame) noexcept;
  void tell(const Sender& sender, std::uint64_t boot, Lane lane, std::uint64_t newest) noexcept;
  void hear_report(std::span<const std::byte> text) noexcept;
  bool control(FrameKind kind, std::span<const std::byte> text) noexcept;
  void send_controls() noexcept;
  void begin_boot() noexcept;

  Setup setup_;
  std::optional<ClusterKey> other_;
  std::vector<NodeId> ids_;  // of senders_, which are large: any forger makes us look for one
  std::vector<Sender> senders_;
  std::size_t last_ = 0;  // bursts come from one sender
  Guarded<Seal> seals_;   // ours by lane, one to try, then four of each sender
  std::vector<Send> controls_;
  FrameRef told_;  // the last one to everyone, as it was handed over, for less than `pace`
  Time told_at_ = Time::min();
  bool tell_again_ = false;  // somebody has dropped it
  Time now_ = Time::min();
  int failures_left_ = failures_max;
};

}  // namespace gyre
