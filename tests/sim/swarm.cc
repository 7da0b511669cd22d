#include "tests/sim/swarm.hh"

#include <fmt/format.h>

#include <algorithm>

#include "transport/seal.hh"

namespace gyre::sim {

using namespace std::chrono_literals;

std::string_view text(Fault fault) {
  constexpr std::string_view names[] = {"crash",
                                        "crash midway",
                                        "start",
                                        "leave",
                                        "pause",
                                        "partition",
                                        "half partition",
                                        "isolate",
                                        "one-way cut",
                                        "cut",
                                        "flap",
                                        "heal",
                                        "weather",
                                        "weather everywhere",
                                        "black hole",
                                        "damaged file",
                                        "lane cut",
                                        "crash behind the token",
                                        "memory put back",
                                        "one of several links"};
  static_assert(std::size(names) == fault_kinds);
  return names[static_cast<std::size_t>(fault)];
}

namespace {

totem::Parameters draw_ring(Dice& dice) {
  totem::Parameters ring;
  ring.token_loss = dice.magnitude(60ms, 3000ms);
  const Duration token = ring.token_loss;
  ring.token_retransmit = token * 5 / static_cast<int>(5 * dice.between(2, 6) + 1);
  ring.hold = ring.token_retransmit * 4 / 5;
  ring.consensus = token * static_cast<int>(dice.one_of({12, 12, 15, 20})) / 10;
  ring.join = dice.magnitude(token / 60, token / 6);
  ring.send_join = dice.chance(0.3) ? dice.between(Duration{}, ring.join) : Duration{};
  ring.merge_detect = dice.magnitude(token / 15, token / 2);
  ring.linger = dice.chance(0.5) ? Duration(100us) : Duration{};
  ring.seqno_unchanged = static_cast<std::uint32_t>(dice.one_of({2, 3, 5, 10, 30}));
  ring.fail_to_receive = static_cast<std::uint32_t>(dice.one_of({10, 50, 200}));
  if (dice.chance(0.3)) ring.global_window = static_cast<std::uint32_t>(dice.between(2, 60));
  if (dice.chance(0.3)) ring.personal_window = static_cast<std::uint32_t>(dice.between(1, 20));
  return ring;
}

DeviceTraits draw_device(Dice& dice) {
  DeviceTraits device;
  device.multicast = dice.chance(0.6);
  device.short_sends = dice.chance(0.2);
  device.stamped = dice.chance(0.7);
  device.completes_after = dice.chance(0.2) ? Duration(30us) : Duration{};
  device.payload_max = dice.one_of<std::size_t>({1000, 1400, 1400, 9000});
  device.receive_frames = dice.one_of<std::size_t>({16, 64, 64, 256});
  return device;
}

Habits draw_habits(Dice& dice, Duration reaction) {
  Habits habits;
  habits.send_gap = dice.magnitude(reaction / 40, 4 * reaction);
  habits.burst_max = dice.one_of<std::uint64_t>({1, 1, 3, 10, 40});
  habits.safe = dice.one_of({0.0, 0.1, 0.5, 1.0});
  habits.large = dice.chance(0.4) ? dice.one_of({0.02, 0.1}) : 0;
  habits.large_max = dice.one_of<std::size_t>({10'000, 40'000, 200'000});
  habits.leave = dice.one_of({0.0, 0.05, 0.3});
  habits.read_delay = dice.magnitude(10us, 5ms);
  habits.dies = dice.chance(0.5) ? dice.one_of({0.01, 0.1}) : 0;
  habits.stalls = dice.chance(0.2) ? 0.02 : 0;
  habits.starts_again = dice.between(Duration{}, reaction);
  habits.groups = dice.between(1, 3);
  return habits;
}

// So many messages a second in the whole cluster, on average, that a seed costs about as much time
// as the next.
void bound_load(Settings& settings) {
  constexpr double rate_max = 300;
  Habits& habits = settings.habits;
  const double senders = static_cast<double>(settings.machines * settings.programs);
  const double seconds = static_cast<double>(habits.send_gap.count()) / 1e9;
  const auto most = static_cast<double>(std::max(habits.burst_max, habits.joins_max));
  const double rate = senders * (1 + most) / 2 / seconds;
  if (rate > rate_max)
    habits.send_gap = Duration(
        static_cast<std::int64_t>(static_cast<double>(habits.send_gap.count()) * rate / rate_max));
}

// Programs and daemons at their limits: little room, many groups, readers that are slow or doze.
void draw_limits(Settings& settings, Dice dice) {
  Habits& habits = settings.habits;
  settings.stall_max = dice.magnitude(settings.reaction(), 10 * settings.reaction());
  const bool many_groups = dice.chance(0.1);
  if (many_groups) {
    habits.groups = dice.one_of<std::size_t>({40, 300});
    habits.joins_max = dice.one_of<std::uint64_t>({10, 30});
    bound_load(settings);
    if (dice.chance(0.5)) {  // a node's list takes more frames than may be under way
      settings.groups = {.groups = 512, .members = 4096};
      settings.ring.global_window = static_cast<std::uint32_t>(dice.between(2, 6));
    }
  }
  if (dice.chance(0.3)) settings.groups.groups = dice.one_of<std::size_t>({1, 2, 5, 64});
  if (dice.chance(0.3)) settings.groups.members = dice.one_of<std::size_t>({2, 8, 30});
  habits.joins_again = dice.chance(0.1) ? 0.05 : 0;
  habits.naps = dice.chance(0.3) ? dice.one_of({0.01, 0.1}) : 0;
  habits.nap_max = dice.magnitude(settings.reaction() / 10, 2 * settings.stall_max);
  constexpr std::size_t small = 1 << 14, middle = 1 << 16;
  if (dice.chance(0.2)) settings.events_size = dice.one_of({small, middle});
  // A probe asks for all groups at once.
  if (!many_groups && dice.chance(0.2)) settings.requests_size = dice.one_of({small, middle});
  habits.patient = dice.chance(0.2);
  // Fewer than one answer to a message, however many hear it.
  const auto hearers = static_cast<double>(settings.machines * (settings.programs + 1));
  habits.answers = dice.chance(0.3) ? 0.3 / hearers : 0;
  settings.programs_between = dice.chance(0.3);
  if (settings.programs_between) habits.read_delay = {};
  settings.late_hang_ups = dice.chance(0.3) ? 0.5 : 0;
}

void draw_faults(Swarm& swarm, Dice& dice) {
  const Duration reaction = swarm.settings.reaction();
  for (std::size_t kind = 0; kind < std::size_t(Fault::cut_lane); ++kind)
    swarm.weights[kind] = dice.chance(0.35) ? 0 : dice.magnitude(0.1, 3);
  const auto weight = [&](Fault fault) -> double& {
    return swarm.weights[static_cast<std::size_t>(fault)];
  };
  // What ends trouble happens about as often as what makes it.
  weight(Fault::start) = 1 + 2 * (weight(Fault::crash) + weight(Fault::crash_midway));
  weight(Fault::heal) = 1 + weight(Fault::partition) + weight(Fault::isolate);
  swarm.fault_gap = dice.magnitude(reaction / 10, reaction * 3);
  swarm.pause_max = dice.magnitude(reaction / 10, reaction * 6);
}

void draw_network(Swarm& swarm, Dice& dice) {
  swarm.loss_max = dice.one_of({0.0, 0.0, 0.01, 0.1, 0.3});
  swarm.duplication_max = dice.one_of({0.0, 0.0, 0.02, 0.2});
  swarm.reorder_max = dice.one_of({0.0, 0.0, 0.05, 0.3});
  swarm.spike_max = dice.one_of({0.0, 0.0, 0.001, 0.02});
  swarm.spike_delay_max = dice.magnitude(1ms, 2 * swarm.settings.ring.token_loss);
  // A rotation fits into the time after which a token is sent again, with room to spare.
  const Duration hop_max =
      swarm.settings.ring.token_retransmit / static_cast<int>(4 * swarm.settings.machines);
  swarm.delay_min = dice.magnitude(hop_max / (dice.chance(0.1) ? 50 : 8), hop_max / 2);
  swarm.delay_max = dice.magnitude(swarm.delay_min, hop_max);
}

// What was thought of later, from dice of its own: seeds keep what they drew before.
void draw_oddities(Swarm& swarm, Dice dice) {
  Settings& settings = swarm.settings;
  swarm.weights[std::size_t(Fault::cut_lane)] = dice.chance(0.7) ? 0 : dice.magnitude(0.1, 3);
  swarm.late_max = dice.chance(0.7) ? 0 : dice.one_of({0.01, 0.1});
  swarm.late_delay_max = dice.magnitude(settings.ring.token_loss, 8 * settings.reaction());
  settings.device.stuck = dice.chance(0.5) ? 0 : dice.one_of({0.0003, 0.003});
  settings.device.stuck_max = dice.magnitude(1ms, settings.ring.token_loss);
  if (dice.chance(0.3))
    for (std::size_t i = 0; i < settings.machines; ++i)
      settings.receive_frames.push_back(dice.one_of<std::size_t>({16, 64, 256}));
  if (!settings.device.stamped || !settings.device.multicast) return;
  settings.strangers = dice.chance(0.2) ? dice.between(1, 2) : 0;
  settings.strange_ids = dice.chance(0.5);
  settings.strange_version = dice.chance(0.5);
  settings.namesake = settings.ring.open && dice.chance(0.5);
  settings.strange_frames = settings.ring.open && dice.chance(0.3);
}

// More machines than one frame of the commit token has entries for, in smaller frames; fewer
// programs, since every frame costs so much more.
void draw_crowd(Settings& settings, Dice dice) {
  if (!dice.chance(0.02)) return;
  settings.machines = dice.between(12, 20);
  settings.device.payload_max = 1000;
}

// As in a cluster whose nodes are restarted one after the other, with another configuration.
void draw_consensus(Settings& settings, Dice dice) {
  settings.consensus_differs = dice.chance(0.2);
  if (settings.consensus_differs) settings.ring.consensus = 6 * settings.ring.token_loss;
}

// Strangers have no key.
void draw_seal(Swarm& swarm, Dice dice) {
  Settings& settings = swarm.settings;
  const bool sealed = dice.chance(0.4);
  const Suite suite = dice.one_of({Suite::aes256gcm, Suite::aes256gcm, Suite::chacha20poly1305});
  if (!sealed || !settings.device.stamped) return;
  if ((settings.strangers > 0 || settings.namesake) && dice.chance(0.5)) return;
  const bool can = sodium_init() >= 0 && available(suite);  // all else is the same with either
  settings.device.suite = can ? suite : Suite::chacha20poly1305;
  settings.ring.frame_max -= static_cast<std::uint32_t>(seal_overhead);
  swarm.weights[std::size_t(Fault::put_back)] = dice.chance(0.3) ? 0 : dice.magnitude(0.5, 8);
  const Duration token = settings.ring.token_loss;
  settings.forgery_gap = dice.chance(0.5) ? dice.magnitude(token / 50, token) : Duration{};
  settings.forgery_seed = dice.next();
  if (swarm.narrow > 0) swarm.narrow += seal_overhead;
}

void draw_rotations(Settings& settings, Dice dice) {
  if (!dice.chance(0.5) || settings.device.suite == Suite::open) return;
  settings.rotation_gap = dice.magnitude(settings.reaction() / 10, 5 * settings.reaction());
}

// Who has how many votes, and what is made of them.
void draw_votes(Settings& settings, Dice dice) {
  using membership::TieBreaker;
  membership::QuorumSettings& quorum = settings.quorum;
  quorum.section = dice.chance(0.8);
  if (!quorum.section) return;
  const bool alike = dice.chance(0.7);
  for (std::size_t i = 0; i < settings.machines; ++i) {
    settings.votes.push_back(alike ? 1 : static_cast<std::uint32_t>(dice.between(i == 0, 3)));
    quorum.expected_votes += settings.votes.back();
  }
  quorum.wait_for_all = dice.chance(0.2);
  quorum.two_node = alike && settings.machines == 2 && dice.chance(0.5);
  if (quorum.two_node) {
    quorum.wait_for_all = true;
    return;
  }
  quorum.last_man_standing = alike && dice.chance(0.25);
  quorum.allow_downscale = dice.chance(0.2);
  quorum.expected_votes_tracking = quorum.allow_downscale || dice.chance(0.2);
  quorum.downscale_min = static_cast<std::uint32_t>(dice.between(1, quorum.expected_votes));
  quorum.wait_for_all |= quorum.last_man_standing || quorum.allow_downscale;
  quorum.last_man_standing_window =
      dice.magnitude(settings.reaction() / 10, 4 * settings.reaction());
  if (!dice.chance(0.4)) return;
  quorum.tie_breaker = dice.one_of({TieBreaker::lowest, TieBreaker::highest, TieBreaker::listed});
  for (std::size_t i = 0; i < settings.machines && quorum.tie_breaker == TieBreaker::listed; i += 2)
    quorum.tie_breakers[i / 2] = Device::id(settings.machines - 1 - i);
}

// Trouble in the moments that matter: while a ring is being formed, and behind a token.
void draw_moments(Swarm& swarm, Dice dice) {
  swarm.weights[std::size_t(Fault::crash_behind_token)] =
      dice.chance(0.6) ? 0 : dice.magnitude(0.1, 3);
  swarm.ambush = dice.one_of({0.0, 0.0, 0.02, 0.1, 0.4});
  const auto machines = static_cast<int>(swarm.settings.machines);
  swarm.ambush_max = swarm.delay_max * machines * static_cast<int>(dice.between(1, 10));
  Habits& habits = swarm.settings.habits;
  habits.longest = dice.chance(0.05) ? 0.001 : 0;
  if (swarm.settings.machines <= 9 && dice.chance(0.05)) {
    constexpr double control_max = 900;  // tokens and joins get through
    const auto frame_max = static_cast<double>(swarm.settings.device.payload_max);
    swarm.narrow = static_cast<std::size_t>(dice.magnitude(control_max, frame_max));
    swarm.settings.programs = std::max<std::size_t>(swarm.settings.programs, 1);
    habits.large = std::max(habits.large, 0.1);
    habits.send_gap = std::min(habits.send_gap, swarm.settings.reaction() / 4);
    bound_load(swarm.settings);
  }
}

// Several cards to a machine. Strangers have one; what goes out in a later turn would be taken for
// what the layers below say by themselves. Not in turn over each: who watches wants the frames of a
// visit in their order.
void draw_links(Swarm& swarm, Dice dice) {
  using Mode = Redundant::Mode;
  Settings& settings = swarm.settings;
  const bool several = dice.chance(0.25);
  if (!several || !settings.device.stamped || settings.strangers > 0 || settings.namesake ||
      swarm.narrow > 0 || settings.machines > 9)
    return;
  settings.links = dice.between(2, 3);
  settings.link_mode = dice.one_of({Mode::active, Mode::passive});
  settings.device.short_sends = false;
  for (std::size_t i = 0; i < settings.links; ++i) {
    LinkKind kind{settings.device.multicast, settings.device.completes_after};
    if (!settings.ring.open && dice.chance(0.3)) kind.multicast = !kind.multicast;
    if (dice.chance(0.2)) kind.completes_after = 30us;
    settings.kinds.push_back(kind);
  }
  settings.pace.interval =
      dice.magnitude(settings.ring.token_loss / 40, settings.ring.token_loss / 10);
  settings.pace.sound_max = 40;
  swarm.weights[std::size_t(Fault::wire)] = dice.magnitude(0.3, 5);
  swarm.weights[std::size_t(Fault::put_back)] = 0;  // what a link remembers cannot be put back
}

// Data and tokens go over links of their own pace.
void draw_spread(Settings& settings, Dice dice) {
  if (dice.chance(0.7)) return;
  settings.ring.late_data =
      dice.magnitude(settings.ring.token_loss / 200, settings.ring.token_loss);
}

}  // namespace

Weather Swarm::calm() const {
  Weather weather;
  weather.delay_min = delay_min;
  weather.delay_max = delay_max;
  return weather;
}

Duration Swarm::hop() const {
  return delay_max + settings.wake_up + 4 * settings.turn_cost + settings.completes_after();
}

Weather Swarm::draw_weather(Dice& dice) const {
  Weather weather = calm();
  weather.loss = loss_max * dice.fraction();
  weather.duplication = duplication_max * dice.fraction();
  weather.reorder = reorder_max * dice.fraction();
  weather.spike = spike_max * dice.fraction();
  weather.spike_max = spike_delay_max;
  if (late_max > 0) weather.late = late_max * dice.fraction();
  weather.late_max = late_delay_max;
  return weather;
}

Swarm draw_swarm(std::uint64_t seed, std::optional<std::size_t> machines) {
  Dice dice(seed);
  Swarm swarm;
  Settings& settings = swarm.settings;
  const std::size_t drawn = dice.between(2, 9);
  settings.machines = machines.value_or(drawn);
  settings.device = draw_device(dice);
  if (!machines) draw_crowd(settings, Dice(seed ^ 1));
  settings.ring = draw_ring(dice);
  draw_consensus(settings, Dice(seed ^ 3));
  settings.ring.frame_max = static_cast<std::uint32_t>(settings.device.payload_max - header_size);
  settings.ring.receive_frames = static_cast<std::uint32_t>(settings.device.receive_frames);
  settings.ring.open = settings.device.multicast && dice.chance(0.5);
  settings.programs = dice.between(0, 3);
  if (settings.machines > 9) settings.programs = std::min<std::size_t>(settings.programs, 1);
  settings.habits = draw_habits(dice, settings.reaction());
  bound_load(settings);
  settings.clock_drift = dice.chance(0.5) ? 0.1 * dice.fraction() : 0;
  settings.turn_cost = dice.magnitude(1us, 20us);
  settings.wake_up = dice.magnitude(1us, 50us);
  settings.disk_delay = dice.magnitude(100us, 20ms);
  settings.disk_stuck = dice.chance(0.2) ? 0.1 : 0;
  settings.first_ring_seq =
      dice.one_of<std::uint64_t>({0, 0, 0, 0xfffffff0, std::uint64_t{1} << 39});
  swarm.start_at_once = dice.chance(0.5);
  draw_network(swarm, dice);
  draw_faults(swarm, dice);
  draw_oddities(swarm, Dice(~seed));
  draw_limits(settings, Dice(~seed).split());
  draw_moments(swarm, Dice(seed).split());
  draw_votes(settings, Dice(seed ^ 2));
  draw_seal(swarm, Dice(seed ^ 4));
  draw_rotations(settings, Dice(seed ^ 5));
  draw_spread(settings, Dice(seed ^ 6));
  draw_links(swarm, Dice(seed ^ 7));
  return swarm;
}

namespace {

std::string votes_of(const Settings& settings) {
  const membership::QuorumSettings& quorum = settings.quorum;
  if (!quorum.section) return "votes as they are seen";
  std::string words = fmt::format("{} votes", quorum.expected_votes);
  if (quorum.two_node) words += " two_node";
  if (quorum.wait_for_all) words += " wait_for_all";
  if (quorum.last_man_standing) words += " last_man_standing";
  if (quorum.allow_downscale) words += " allow_downscale";
  if (quorum.tie_breaker != membership::TieBreaker::none) words += " auto_tie_breaker";
  return words;
}

std::string links_of(const Settings& settings) {
  constexpr std::string_view modes[] = {"active", "passive", "round robin"};
  std::string words = settings.ring.late_data > Duration{} ? ", spread" : "";
  if (settings.links > 1)
    words += fmt::format(", {} links, {}", settings.links,
                         modes[static_cast<std::size_t>(settings.link_mode)]);
  for (const LinkKind& kind : settings.kinds)
    words += fmt::format(" {}{}", kind.multicast ? "multicast" : "unicast",
                         kind.completes_after > Duration{} ? " that holds frames" : "");
  return words;
}

}  // namespace

std::string text(const Swarm& swarm) {
  const Settings& settings = swarm.settings;
  const auto ms = [](Duration span) { return static_cast<double>(span.count()) / 1e6; };
  std::string words = fmt::format(
      "{} machines, token {:.0f} ms, consensus {:.0f} ms, {}{}, {}{}, frames of {}, delay {:.2f} "
      "to "
      "{:.2f} ms, loss up to {:.0f} %, a fault each {:.0f} ms, {} programs on each, every {:.0f} "
      "ms up to {} messages; {}; faults:",
      settings.machines, ms(settings.ring.token_loss), ms(settings.ring.consensus),
      settings.device.multicast ? "multicast" : "unicast", settings.ring.open ? ", open" : "",
      settings.device.stamped ? text(settings.device.suite) : "bare", links_of(settings),
      settings.ring.frame_max, ms(swarm.delay_min), ms(swarm.delay_max), 100 * swarm.loss_max,
      ms(swarm.fault_gap), settings.programs, ms(settings.habits.send_gap),
      settings.habits.burst_max, votes_of(settings));
  if (settings.strangers > 0)
    words += fmt::format(" {} strangers {}", settings.strangers,
                         settings.strange_frames    ? "with shorter frames"
                         : settings.strange_version ? "of another version"
                                                    : "of another cluster");
  if (settings.forgery_gap > Duration{}) words += " forged frames,";
  if (settings.rotation_gap > Duration{})
    words += fmt::format(" a rotation each {:.0f} ms", ms(settings.rotation_gap));
  for (std::size_t kind = 0; kind < fault_kinds; ++kind)
    if (swarm.weights[kind] > 0) words += fmt::format(" {}", text(Fault(kind)));
  return words;
}

}  // namespace gyre::sim
