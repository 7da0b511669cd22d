// Which links reach whom: judged by probes alone, in both directions, for each neighbour and link.
//
// A probe counts if it brings back a challenge of ours, drawn in the last `challenges` ticks, that
// its sender has heard on this very link, and if it is newer than the last one that counted: what
// was recorded, also in an earlier boot of either side, says nothing.
//
// A link is held against what others bring: a tick in which nothing comes from a neighbour on any
// link is no link's fault (he is gone, or did not run; or we did not). A link at fault comes back
// after so many sound ticks in a row, twice as many each time that it fails, within bounds; half as
// many again after each `calm` ticks without a fault.
//
// Pure; nothing is allocated after construction.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "transport/header.hh"
#include "transport/probe.hh"

namespace gyre {

using LinkMask = std::uint8_t;  // a bit for each link
constexpr LinkMask mask_of(std::size_t link) noexcept {
  return static_cast<LinkMask>(1U << link);
}

struct ProbePace {
  Duration interval = std::chrono::milliseconds(10);  // a tick
  std::array<int, probe_kinds> every{1, 2, 5};        // ticks between probes of a kind
  int misses = 3;                                     // in a row, of a kind
  int sound_min = 10, sound_max = 1000;               // ticks in a row until a link is back
  int calm = 3000;                                    // ticks
  int grace = 50;    // ticks, for a neighbour that was never heard on a link
  int forget = 500;  // ticks in which nothing comes from a neighbour
};

class LinkHealth {
 public:
  static constexpr std::size_t challenges = 64;  // a power of two

  struct Setup {
    NodeId self{};
    std::vector<std::uint8_t> numbers;    // of the links, in the configuration
    std::vector<std::uint8_t> kinds;      // of probes that this node sends on them
    std::function<std::uint64_t()> draw;  // a number that nobody can foretell
    Duration pause_max{};                 // not ticking for longer: the boot is drawn anew
    ProbePace pace;
    std::size_t neighbours = nodes_max;  // that it knows at a time
  };
  struct PathStatus {
    NodeId peer{};
    bool good = true;        // not at fault
    bool heard = false;      // ever, since either node's start
    std::string_view fault;  // static storage
    Duration round_trip{};
    std::uint32_t loss_ppm = 0;  // of its probes
    std::uint32_t failures = 0;
  };
  struct Counters {
    std::uint64_t probes = 0;     // heard, that counted
    std::uint64_t malformed = 0;  // genuine, but of no known form
    std::uint64_t moved = 0;      // of another link
    std::uint64_t replayed = 0;   // heard before, or older than one that was
    std::uint64_t not_fresh = 0;  // bring back nothing that we have asked lately
    std::uint64_t full = 0;       // of one neighbour more than the table holds
    std::uint64_t new_boots = 0;  // drawn after the start: we had not run, or ran twice
  };

  explicit LinkHealth(Setup setup);

  // Once per interval, at least: what came since the last tick is judged, and a new challenge
  // drawn.
  void tick(Time now) noexcept;
  // The body of a probe: as long as it must be, or `body` whole if it is a full one. Its length.
  std::size_t compose(std::size_t link, ProbeKind kind, Time now,
                      std::span<std::byte> body) const noexcept;
  std::uint64_t boot() const noexcept { return boot_; }
  std::uint64_t next_counter(std::size_t link, Lane lane) noexcept {
    return ++sent_[link][static_cast<std::size_t>(lane)];
  }

  // Before a probe is opened. Old: it need not be. Known: of a boot that counts, whose number is
  // told; anybody could have made up the others.
  enum class First : std::uint8_t { old, known, unknown };
  First look(std::size_t link, const Header& header, std::size_t& number) noexcept;
  // Of a genuine one. True: it counts, so its sender is there now.
  bool hear(std::size_t link, const Header& header, std::span<const std::byte> body,
            Time now) noexcept;

  // Links without a fault to that neighbour; all links to one that is not known.
  LinkMask good(NodeId peer) const noexcept;
  // Besides, those that are sound now but not back yet.
  LinkMask sound(NodeId peer) const noexcept;
  // Of all neighbours, in turn: false when there is none with that number.
  bool masks(std::size_t number, LinkMask& good, LinkMask& sound) const noexcept;
  // True: the masks are not what they were at the last call.
  bool take_change() noexcept { return std::exchange(changed_, false); }
  bool at_fault(std::size_t link) const noexcept { return at_fault_ & mask_of(link); }

  // How often links have failed is forgotten: those that are sound are good again at once, the
  // others as soon as after a first fault. One that does not work is not put to use by a word.
  void forgive() noexcept;

  std::size_t events(std::span<LinkEvent> events) noexcept;
  std::size_t neighbours() const noexcept { return neighbours_.size(); }
  PathStatus path(std::size_t number, std::size_t link) const noexcept;
  const Counters& counters() const noexcept { return counters_; }

 private:
  // What is known of a neighbour on one link.
  struct Path {
    bool proved = false;  // its boot has brought back a challenge
    std::uint64_t boot = 0;
    std::array<std::uint64_t, lane_count> counters{};
    std::uint64_t challenge = 0, challenge_tick = 0;  // heard, and when
    Time challenge_at{};
    std::uint64_t echo_tick = 0;  // of the newest of ours that came back
    std::uint8_t kinds = bit(ProbeKind::data);
    std::uint8_t heard_there = 0;  // what the neighbour says it hears of us
    bool spoke = false;            // since the last tick, but perhaps without having heard us
    std::array<bool, probe_kinds> came{};
    std::array<int, probe_kinds> silent{};  // ticks
    bool good = true, sound = true;
    std::string_view fault;
    int excused = 0;  // ticks, until what the neighbour says it misses counts
    int sound_ticks = 0, sound_needed = 0, calm_ticks = 0;
    std::uint32_t failures = 0, lost = 0, expected = 0, loss_ppm = 0;
    Duration round_trip{};
  };
  struct Neighbour {
    NodeId id{};
    int silent = 0;  // ticks, on all links
    std::array<Path, links_max> paths;
  };

  void begin_boot() noexcept;
  Neighbour* find(NodeId id) noexcept;
  const Neighbour* find(NodeId id) const noexcept;
  Neighbour* admit(NodeId id) noexcept;
  bool accept(Path& path, const Header& header, bool fresh, std::uint64_t echo_tick) noexcept;
  void excuse(Path& path) const noexcept;
  std::uint64_t tick_of(std::uint64_t challenge) const noexcept;
  std::uint8_t heard(const Path& path) const noexcept;
  int silent_max(std::size_t kind) const noexcept;
  void judge(Neighbour& neighbour) noexcept;
  std::string_view find_fault(const Path& path, std::size_t link) const noexcept;
  void fail(Path& path, std::string_view fault) noexcept;
  void come_back(Path& path) noexcept;
  void judge_links(std::string_view up) noexcept;
  void tell(const LinkEvent& event) noexcept;
  static void count_loss(Path& path, std::uint64_t distance) noexcept;

  Setup setup_;
  std::uint64_t boot_ = 0;
  std::array<std::array<std::uint64_t, lane_count>, links_max> sent_{};
  std::uint64_t tick_ = 0;
  Time ticked_at_ = Time::min();
  struct Challenge {
    std::uint64_t number = 0;
    Time at{};
  };
  std::array<Challenge, challenges> challenges_{};
  std::vector<Neighbour> neighbours_;
  LinkMask at_fault_ = 0;
  bool changed_ = true;
  std::array<LinkEvent, 64> events_{};  // the oldest ones, if nobody takes them
  std::size_t event_count_ = 0;
  Counters counters_;
};

}  // namespace gyre
