#include "node/stats_keys.hh"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "node/metrics.hh"

namespace gyre::node {
namespace {

// Corosync's name ← the counter that counts the same.
struct Same {
  std::string_view theirs, group, name;
};
constexpr Same same[] = {
    {"orf_token_tx", "ring", "tokens_sent"},
    {"orf_token_rx", "ring", "tokens_received"},
    {"memb_merge_detect_tx", "ring", "merge_detects_sent"},
    {"memb_merge_detect_rx", "ring", "merge_detects_received"},
    {"memb_join_tx", "ring", "joins_sent"},
    {"memb_join_rx", "ring", "joins_received"},
    {"mcast_tx", "ring", "data_sent"},
    {"mcast_retx", "ring", "retransmits_sent"},
    {"mcast_rx", "ring", "data_received"},
    {"memb_commit_token_tx", "ring", "commit_tokens_sent"},
    {"memb_commit_token_rx", "ring", "commit_tokens_received"},
    {"token_hold_cancel_tx", "ring", "hold_cancels_sent"},
    {"token_hold_cancel_rx", "ring", "hold_cancels_received"},
    {"operational_entered", "node", "operationals"},
    {"operational_token_lost", "ring", "token_losses"},
    {"gather_entered", "node", "gathers"},
    {"commit_entered", "node", "commits"},
    {"commit_token_lost", "node", "tokens_lost_in_commit"},
    {"recovery_entered", "node", "recoveries"},
    {"recovery_token_lost", "node", "tokens_lost_in_recovery"},
};
// Corosync says that a firewall or a broken card must be the reason from here on.
constexpr std::uint64_t gathers_in_a_row_max = 3;

std::uint64_t value(const Snapshot& snapshot, std::string_view group, std::string_view name) {
  for (const Snapshot::Counter& counter :
       std::span(snapshot.counters).first(snapshot.counter_count))
    if (group == counter.group && name == counter.name) return counter.value;
  return 0;
}

std::uint64_t frames_of(const Snapshot& snapshot, NodeId node) {
  for (const Snapshot::Member& member : std::span(snapshot.members).first(snapshot.known_count))
    if (member.member.node == node) return member.frames;
  return 0;
}

std::span<const Snapshot::Program> programs_of(const Snapshot& snapshot) {
  return std::span(snapshot.programs).first(snapshot.program_count);
}

// As the kernel has it; empty if the program is gone.
std::string name_of(std::uint32_t pid) {
  std::string name;
  std::getline(std::ifstream(fmt::format("/proc/{}/comm", pid)), name);
  return name;
}

class Filler {
 public:
  Filler(Cmap& map, const Snapshot& snapshot, const Stats::Cleared& cleared)
      : map_(map),
        snapshot_(snapshot),
        cleared_(cleared),
        ring_(cleared.ring),
        programs_(cleared.programs) {}

  void fill() {
    for (const Snapshot::Counter& counter :
         std::span(snapshot_.counters).first(snapshot_.counter_count))
      set(fmt::format("stats.gyre.{}.{}", counter.group, counter.name),
          find(counter.group, counter.name));
    for (const Same& entry : same)
      set(fmt::format("stats.srp.{}", entry.theirs), find(entry.group, entry.name));
    fill_ring();
    fill_rotations();
    fill_nodes();
    fill_pauses();
    fill_programs();
    set("stats.ipcs.global.active", std::uint64_t{snapshot_.client_count});
    const std::uint64_t closed = value(snapshot_, "clients", "opened") - snapshot_.client_count;
    set("stats.ipcs.global.closed",
        closed - (value(programs_, "clients", "opened") - programs_.client_count));
  }

 private:
  void fill_ring() {
    const std::uint64_t gathers = find("node", "gathers_in_a_row");
    set("stats.srp.continuous_gather", static_cast<std::uint32_t>(gathers));
    set("stats.srp.firewall_enabled_or_nic_failure",
        static_cast<std::uint8_t>(gathers > gathers_in_a_row_max));
    const std::uint64_t dropped = find("ring", "no_frames") + find("ring", "data_outside_window") +
                                  find("transport", "dropped_no_buffer");
    set("stats.srp.rx_msg_dropped", dropped);
    const std::uint64_t ago = snapshot_.token ? snapshot_.taken - snapshot_.token : 0;
    set("stats.srp.time_since_token_last_received", ago / 1'000'000);
  }

  void fill_rotations() {
    const Histogram rotations = snapshot_.rotations.since(ring_.rotations);
    const auto nanoseconds = [&](const char* name, std::uint64_t value) {
      set(fmt::format("stats.gyre.rotation.{}_ns", name), value);
    };
    set("stats.srp.mtt_rx_token", static_cast<std::uint32_t>(rotations.mean() / 1'000'000));
    set("stats.gyre.rotation.count", rotations.count());
    nanoseconds("last", rotations.last());
    nanoseconds("mean", rotations.mean());
    nanoseconds("p50", rotations.percentile(0.5));
    nanoseconds("p90", rotations.percentile(0.9));
    nanoseconds("p99", rotations.percentile(0.99));
    nanoseconds("p999", rotations.percentile(0.999));
    nanoseconds("longest", rotations.longest());
  }

  void fill_nodes() {
    for (const Snapshot::Member& member :
         std::span(snapshot_.members).first(snapshot_.known_count)) {
      const auto place =
          fmt::format("stats.gyre.peer.{}.", static_cast<std::uint32_t>(member.member.node));
      if (member.member.node == snapshot_.self) continue;
      set(place + "frames_received", member.frames - frames_of(ring_, member.member.node));
      if (member.heard != 0) set(place + "silent_ms", (snapshot_.taken - member.heard) / 1'000'000);
    }
  }

  // Under the number that Corosync gives to the service of closed process groups.
  void fill_programs() {
    constexpr std::string_view all = "stats.ipcs.service2.";
    std::set<std::string> gone;
    map_.each(all, [&](const std::string& key, const CmapValue&) { gone.insert(key); });
    const auto tell = [&](const std::string& key, CmapValue value) {
      gone.erase(key);
      set(key, std::move(value));
    };
    for (const Snapshot::Program& program : programs_of(snapshot_)) {
      const membership::Process& process = program.process;
      const auto place = fmt::format("{}{}.{}.", all, process.pid, process.client);
      const Snapshot::Program before = cleared_program(process);
      if (const auto name = name_of(process.pid); !name.empty()) tell(place + "procname", name);
      tell(place + "requests", program.requests - before.requests);
      tell(place + "dispatched", program.events - before.events);
      tell(place + "flow_control", program.waits);
    }
    for (const auto& key : gone) map_.remove(key);
  }
  Snapshot::Program cleared_program(const membership::Process& process) const {
    const auto known = programs_of(programs_);
    const auto at = std::ranges::find(known, process, &Snapshot::Program::process);
    return at == known.end() ? Snapshot::Program{} : *at;
  }

  // The newest first; times since 1970, in milliseconds.
  void fill_pauses() {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    const Pauses& pauses = snapshot_.pauses;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    for (std::uint64_t i = 0; i < pauses.last.size(); ++i) {
      const auto place = fmt::format("stats.schedmiss.{}.", i);
      if (i >= pauses.count - cleared_.pauses) {
        map_.remove(place + "timestamp");
        map_.remove(place + "delay");
        continue;
      }
      const auto& pause = pauses.last[(pauses.count - 1 - i) % pauses.last.size()];
      const auto end = now - std::chrono::nanoseconds(snapshot_.taken - pause.end);
      set(place + "timestamp", static_cast<std::uint64_t>(end / std::chrono::milliseconds(1)));
      const Milliseconds length = std::chrono::nanoseconds(pause.length);
      set(place + "delay", static_cast<float>(length.count()));
    }
  }

  // Since it was cleared; what counts up and down is told as it is.
  std::uint64_t find(std::string_view group, std::string_view name) const {
    const std::uint64_t now = value(snapshot_, group, name);
    if (is_gauge(group, name)) return now;
    return now - value(group == "clients" ? programs_ : ring_, group, name);
  }
  void set(const std::string& key, CmapValue value) { map_.put(key, std::move(value)); }

  Cmap& map_;
  const Snapshot& snapshot_;
  const Stats::Cleared& cleared_;
  const Snapshot &ring_, &programs_;
};

}  // namespace

void Stats::fill(Cmap& map, const Snapshot& snapshot) const {
  Filler(map, snapshot, cleared_).fill();
}

bool Stats::clear(std::string_view what, const Snapshot& snapshot) {
  const bool all = what == "all";
  if (all || what == "totem") cleared_.ring = snapshot;
  if (all || what == "ipc") cleared_.programs = snapshot;
  if (all || what == "schedmiss") cleared_.pauses = snapshot.pauses.count;
  return all || what == "totem" || what == "ipc" || what == "knet" || what == "schedmiss";
}

}  // namespace gyre::node
