// Some nodes that count votes, and all that can come over them: a node starts, crashes or
// leaves, is paused and back again, alone or with the others, the network parts and heals, the
// window of last_man_standing passes on one node or on all, a device votes for one ring. Rings form
// at once, wherever those who can hear each other are not one. One may break while it opens, so
// that its members part knowing different things: that all had the lists, that they themselves had
// them, or that nobody can have known the former.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "membership/quorum.hh"

namespace gyre::membership {

inline constexpr std::size_t nodes_most = 7;  // as many labels fit into three bits each

struct Cluster {
  const char* name;
  std::size_t nodes;
  QuorumSettings settings;
  // Bugs in the rule, as facts that it reads wrongly.
  void (*misread)(QuorumMember&) = nullptr;
  bool device_lasts = false;  // its vote is carried over into the next view
  bool pauses = true;         // without them, five nodes are explored in seconds
  bool breaks = false;        // rings may break while they open
  bool young = false;         // who starts is young, and grows up; and rings may break behind a
                              // change that a part of them did not get
};

struct Event {
  enum class Kind : std::uint8_t {
    turn,
    leave,
    sides,
    pause,
    resume,
    window,
    windows,
    device,
    grow,
    late,        // the next changes come to some of their ring, which then part from the others
    breaks,      // the rings of the next event: some were ignorant, the others had all lists
    late_breaks  // some had all lists, the others knew that all had
  } kind;
  std::uint32_t what = 0;  // the node; of `sides` a label of three bits per node, of `breaks` a bit
};

inline std::string text(const Event& event, std::size_t nodes) {
  constexpr const char* words[] = {"turn",    "leave",  "sides", "pause", "resume", "window",
                                   "windows", "device", "grow",  "late",  "breaks", "late breaks"};
  std::string text = words[static_cast<std::size_t>(event.kind)] + std::string(" ");
  if (event.kind >= Event::Kind::late) {
    for (std::size_t i = 0; i < nodes; ++i) text += event.what >> i & 1 ? '1' : '0';
    return text;
  }
  if (event.kind != Event::Kind::sides) return text + std::to_string(event.what + 1);
  for (std::size_t i = 0; i < nodes; ++i)
    text += static_cast<char>('a' + (event.what >> 3 * i & 7));
  return text;
}

// Every event that could make a difference under these settings. `all`: every way to part, not
// only into two sides or into single nodes.
inline std::vector<Event> events(const Cluster& cluster, bool all) {
  std::vector<Event> list;
  const auto of_each = [&](Event::Kind kind, std::size_t count) {
    for (std::uint32_t node = 0; node < count; ++node) list.push_back({kind, node});
  };
  of_each(Event::Kind::turn, cluster.nodes);
  if (cluster.pauses) of_each(Event::Kind::pause, cluster.nodes);
  if (cluster.pauses) of_each(Event::Kind::resume, 1);
  if (cluster.settings.allow_downscale) of_each(Event::Kind::leave, cluster.nodes);
  if (cluster.settings.last_man_standing) of_each(Event::Kind::window, cluster.nodes);
  if (cluster.settings.last_man_standing) of_each(Event::Kind::windows, 1);
  if (cluster.settings.device_votes != 0) of_each(Event::Kind::device, cluster.nodes + 1);
  if (cluster.young) of_each(Event::Kind::grow, cluster.nodes);
  for (std::uint32_t some = 1; cluster.young && some < 1u << cluster.nodes; ++some)
    list.push_back({Event::Kind::late, some});
  for (std::uint32_t some = 1; cluster.breaks && some < 1u << cluster.nodes; ++some) {
    list.push_back({Event::Kind::breaks, some});
    list.push_back({Event::Kind::late_breaks, some});
  }
  // Labels in the order of their first node: every partition once.
  const auto part = [&](auto&& self, std::size_t node, std::uint32_t labels, std::uint32_t used) {
    if (node == cluster.nodes) {
      if (all || used <= 2 || used == cluster.nodes) list.push_back({Event::Kind::sides, labels});
      return;
    }
    for (std::uint32_t label = 0; label <= used; ++label)
      self(self, node + 1, labels | label << 3 * node, std::max(used, label + 1));
  };
  part(part, 0, 0, 0);
  return list;
}

template <typename Machine>
class World {
 public:
  // All start together, or nobody runs yet.
  World(const Cluster& cluster, bool up) : cluster_(&cluster) {
    for (std::size_t node = 0; up && node < cluster.nodes; ++node) start(node);
    form();
  }

  void apply(const Event& event) {
    const std::size_t node = event.what;
    const bool goes_on = event.kind == Event::Kind::grow || event.kind == Event::Kind::leave;
    if (late_ && !goes_on) part();
    switch (event.kind) {
      case Event::Kind::turn:
        up_[node] ? up_[node].reset() : start(node);
        paused_[node] = false;
        break;
      case Event::Kind::leave:
        leave(node);
        break;
      case Event::Kind::sides:
        sides_ = event.what;
        break;
      case Event::Kind::pause:
        if (!up_[node]) return;
        paused_[node] ? resume(node) : void(paused_[node] = true);
        break;
      case Event::Kind::resume:
        for (std::size_t i = 0; i < cluster_->nodes; ++i)
          if (paused_[i]) resume(i);
        break;
      case Event::Kind::window:
        if (up_[node]) up_[node]->window_over();
        break;
      case Event::Kind::windows:
        for (auto& machine : up_)
          if (machine) machine->window_over();
        break;
      case Event::Kind::device:
        choose(node);
        break;
      case Event::Kind::grow:
        grow(node);
        break;
      case Event::Kind::late:
        late_ = event.what;
        return;
      case Event::Kind::breaks:
      case Event::Kind::late_breaks:
        breaks_ = event;
        return;
    }
    if (!late_) form();
    breaks_.reset();
  }

  // Sides with a node that calls itself quorate. Who is paused has no lease any more.
  std::size_t quorate_sides(bool* all_warn = nullptr) const {
    std::array<std::uint64_t, nodes_most> quorate{};
    std::size_t count = 0;
    if (all_warn) *all_warn = true;
    for (std::size_t i = 0; i < cluster_->nodes; ++i) {
      if (!up_[i] || paused_[i] || ring_[i] == 0 || !up_[i]->verdict().quorate) continue;
      if (all_warn && up_[i]->verdict().fencing == Verdict::Fencing::not_needed) *all_warn = false;
      const auto end = quorate.begin() + static_cast<std::ptrdiff_t>(count);
      if (std::find(quorate.begin(), end, ring_[i]) == end) quorate[count++] = ring_[i];
    }
    return count;
  }

  // Members of one view come to one verdict.
  bool agree() const { return agree_; }

  // All that the future depends on. Where names decide nothing, equal but for the names is equal.
  std::string state(bool names_matter) const {
    std::vector<std::uint64_t> rings(ring_.begin(), ring_.end());
    for (const auto& machine : up_)
      if (machine)
        each_claim(*machine, [&](const QuorumClaim& claim) { rings.push_back(claim.ring.seq); });
    std::ranges::sort(rings);
    rings.erase(std::unique(rings.begin(), rings.end()), rings.end());
    const auto rank = [&](std::uint64_t seq) {
      return static_cast<char>(std::ranges::lower_bound(rings, seq) - rings.begin());
    };
    std::vector<std::pair<std::string, char>> nodes;
    for (std::size_t i = 0; i < cluster_->nodes; ++i) {
      std::string record(1, static_cast<char>(disk_[i]));
      if (up_[i]) {
        const QuorumStatus& status = up_[i]->status();
        const Verdict& verdict = up_[i]->verdict();
        for (const std::uint32_t number :
             {status.expected, status.highest, verdict.total_votes,
              static_cast<std::uint32_t>(verdict.reason), std::uint32_t{paused_[i]},
              names_matter ? static_cast<std::uint32_t>(verdict.tie_breaker) : 0,
              std::uint32_t{up_[i]->window_open()}, std::uint32_t{status.by_hand},
              std::uint32_t{broken_[i]}, std::uint32_t{known_[i]}, std::uint32_t{status.young},
              verdict.withheld_votes})
          record += static_cast<char>(number);
        each_claim(*up_[i], [&](const QuorumClaim& claim) {
          record += rank(claim.ring.seq);
          record += static_cast<char>(claim.total);
          record += static_cast<char>(claim.expected);
          if (names_matter) record += static_cast<char>(claim.tie_breaker);
        });
        record += rank(ring_[i]);
      }
      nodes.emplace_back(std::move(record), static_cast<char>(sides_ >> 3 * i & 7));
    }
    if (!names_matter) std::ranges::sort(nodes);
    std::string state(1, device_ring_ == 0 ? '\0' : static_cast<char>(1 + rank(device_ring_)));
    if (breaks_) state += text(*breaks_, cluster_->nodes);
    if (late_) state += text({Event::Kind::late, *late_}, cluster_->nodes);
    std::map<char, char> labels;  // of the sides, in the order of their first node
    for (const auto& [record, side] : nodes)
      state +=
          record + labels.try_emplace(side, static_cast<char>('a' + labels.size())).first->second;
    return state;
  }

 private:
  template <typename Visit>
  static void each_claim(const Machine& machine, Visit visit) {
    const QuorumStatus& status = machine.status();
    if (status.quorate) visit(status.claim);
    for (const QuorumClaim& attempt : status.tried()) visit(attempt);
  }

  void start(std::size_t node) {
    QuorumSettings settings = cluster_->settings;
    settings.highest_seen = disk_[node];
    settings.young = cluster_->young;
    up_[node].emplace(settings, NodeId{static_cast<std::uint32_t>(node + 1)});
    ring_[node] = 0;
    broken_[node] = false;
    known_[node] = true;
  }

  // Its lease ran out: it has to join anew.
  void resume(std::size_t node) {
    paused_[node] = false;
    ring_[node] = 0;
  }

  void leave(std::size_t node) {
    if (!up_[node] || paused_[node]) return;
    ordered(node, [](Machine& machine, NodeId who) { machine.leaves(who); });
    up_[node].reset();
  }

  void grow(std::size_t node) {
    if (!up_[node] || paused_[node] || !up_[node]->status().young) return;
    up_[node]->grow_up();
    ordered(node, [](Machine& machine, NodeId who) { machine.grown(who); });
  }

  // What a node says comes to all of its ring, or only to some.
  template <typename Change>
  void ordered(std::size_t node, Change change) {
    for (std::size_t i = 0; i < cluster_->nodes; ++i)
      if (up_[i] && !paused_[i] && ring_[i] == ring_[node] && late_.value_or(~0u) >> i & 1)
        change(*up_[i], NodeId{static_cast<std::uint32_t>(node + 1)});
    if (late_) late_ring_ = ring_[node];
  }
  // Those who got it are a side of their own.
  void part() {
    const std::uint32_t some = std::exchange(late_, std::nullopt).value_or(0);
    std::uint32_t free = 0;
    while (free < nodes_most && has_side(free)) ++free;
    for (std::size_t i = 0; free < nodes_most && i < cluster_->nodes; ++i)
      if (some >> i & 1 && up_[i] && ring_[i] == late_ring_)
        sides_ = (sides_ & ~(7u << 3 * i)) | free << 3 * i;
    late_ring_ = 0;
  }
  bool has_side(std::uint32_t side) const {
    for (std::size_t i = 0; i < cluster_->nodes; ++i)
      if ((sides_ >> 3 * i & 7) == side) return true;
    return false;
  }

  // The device's promise: one ring at a time.
  void choose(std::size_t node) {
    device_ring_ = node < cluster_->nodes && up_[node] && !paused_[node] ? ring_[node] : 0;
    for (std::size_t i = 0; i < cluster_->nodes; ++i)
      if (up_[i] && !paused_[i]) poll(i, ring_[i] == device_ring_);
  }
  void poll(std::size_t node, bool alive) {
    const QuorumSettings& settings = cluster_->settings;
    up_[node]->device(NodeId{static_cast<std::uint32_t>(node + 1)},
                      {.registered = true,
                       .alive = true,
                       .votes = alive,
                       .master_wins = settings.device_master_wins});
  }

  void form() {
    for (std::uint32_t side = 0; side < nodes_most; ++side) {
      std::vector<std::size_t> ring;
      for (std::size_t i = 0; i < cluster_->nodes; ++i)
        if (up_[i] && !paused_[i] && (sides_ >> 3 * i & 7) == side) ring.push_back(i);
      if (ring.empty()) continue;
      const std::uint64_t seq = ring_[ring[0]];
      const bool same = std::ranges::all_of(ring, [&](std::size_t i) { return ring_[i] == seq; });
      const bool whole = std::ranges::none_of(ring, [&](std::size_t i) { return broken_[i]; });
      if (seq == 0 || !same || !whole || size_[ring[0]] != ring.size()) install(ring);
    }
  }

  void install(const std::vector<std::size_t>& ring) {
    const totem::RingId id{++seq_, NodeId{1}, 1};
    std::vector<QuorumMember> members;
    for (const std::size_t i : ring) {
      up_[i]->retire(std::exchange(known_[i], true));
      members.push_back({NodeId{static_cast<std::uint32_t>(i + 1)}, up_[i]->status()});
      if (cluster_->misread) cluster_->misread(members.back());
    }
    std::optional<bool> quorate;
    for (const std::size_t i : ring) {
      const bool device = cluster_->device_lasts && device_ring_ != 0 && ring_[i] == device_ring_;
      const bool some = breaks_ && (breaks_->what >> i & 1);
      broken_[i] = breaks_.has_value();
      size_[i] = ring.size();
      ring_[i] = 0;
      if (some && breaks_->kind == Event::Kind::breaks) continue;  // ignorant of it
      known_[i] = !breaks_ || (breaks_->kind == Event::Kind::late_breaks && !some);
      up_[i]->view(id, members);
      ring_[i] = id.seq;
      if (device) poll(i, true);
      const bool now = up_[i]->verdict().quorate;
      if (!device && quorate.value_or(now) != now) agree_ = false;
      quorate = now;
      if (cluster_->settings.allow_downscale || !cluster_->settings.section)
        disk_[i] = std::max(disk_[i], up_[i]->verdict().highest_expected);
    }
    if (!cluster_->device_lasts && !std::ranges::count(ring_, device_ring_)) device_ring_ = 0;
  }

  const Cluster* cluster_;
  std::array<std::optional<Machine>, nodes_most> up_;
  std::array<bool, nodes_most> paused_{};
  std::array<std::uint64_t, nodes_most> ring_{};
  std::array<std::size_t, nodes_most> size_{};
  std::array<std::uint32_t, nodes_most> disk_{};
  std::array<bool, nodes_most> broken_{}, known_{};  // their ring; what they know of it
  std::optional<Event> breaks_;
  std::optional<std::uint32_t> late_;
  std::uint64_t late_ring_ = 0;
  std::uint32_t sides_ = 0;
  bool agree_ = true;
  std::uint64_t seq_ = 0, device_ring_ = 0;
};

struct Found {
  std::size_t states = 0, steps = 0;
  std::size_t most = 0;   // quorate sides at once
  bool agree = true;      // members of one view came to one verdict
  bool unwarned = false;  // … of which one did not say that fencing is needed
  std::string how;        // the first of the shortest sequences with more than one
};

// All sequences of `depth` events. Each state goes on once, from one of its shortest sequences.
template <typename Machine>
Found explore(const Cluster& cluster, std::size_t depth, bool all) {
  using Path = std::vector<std::uint8_t>;
  const bool names_matter = cluster.settings.tie_breaker != TieBreaker::none ||
                            cluster.settings.last_man_standing || cluster.settings.allow_downscale;
  const std::vector<Event> list = events(cluster, all);
  Found found;
  for (const bool up : {false, true}) {
    const World<Machine> first(cluster, up);
    std::unordered_set<std::string> known{first.state(names_matter)};
    std::vector<Path> level{Path{}};
    for (std::size_t length = 1; length <= depth; ++length) {
      std::vector<Path> next;
      for (const Path& path : level) {
        World<Machine> world = first;
        for (const std::uint8_t event : path) world.apply(list[event]);
        for (std::uint8_t event = 0; event < list.size(); ++event) {
          World<Machine> after = world;
          after.apply(list[event]);
          ++found.steps;
          bool warned = false;
          const std::size_t sides = after.quorate_sides(&warned);
          Path longer = path;
          longer.push_back(event);
          found.agree = found.agree && after.agree();
          if (sides > 1 && !warned) found.unwarned = true;
          if (sides > found.most) {
            found.most = sides;
            if (sides > 1 && found.how.empty()) {
              found.how = up ? "all up" : "all down";
              for (const std::uint8_t each : longer)
                found.how += ", " + text(list[each], cluster.nodes);
            }
          }
          if (length < depth && known.insert(after.state(names_matter)).second)
            next.push_back(std::move(longer));
        }
      }
      level = std::move(next);
    }
    found.states += known.size();
  }
  return found;
}

}  // namespace gyre::membership
