#include "tests/sim/trial.hh"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/sim/comeback.hh"
#include "tests/sim/departure.hh"
#include "tests/sim/faults.hh"
#include "tests/sim/outsiders.hh"
#include "tests/sim/rotations.hh"

namespace gyre::sim {

namespace {

// Bounds of convergence, in token + consensus.
constexpr double steady_bound = 5;     // nothing changes any more
constexpr double unsteady_bound = 60;  // some outsiders come and go for ever
constexpr double departure_bound = 1;  // those who were no members are gone
constexpr double peace = 5;            // after it no ring that broke makes anyone wary

class Trial {
 public:
  explicit Trial(const TrialOptions& options);
  Outcome run();

 private:
  void start();
  void endure();
  void choose_core();
  void calm_down();
  bool come_together(const char* clause, bool exactly, double reactions);
  bool settle();
  void stay_together();
  void get_on();
  void probe();
  void probe_alone();
  void drain();
  void come_to_rest();
  void make_room();
  void stay_quiet();
  void depart();
  void finish();

  void run_to(Time end);
  bool run_to(Time end, const std::function<bool()>& done);
  Duration reactions(double count) const;
  bool together(bool exactly);
  std::uint64_t progress();
  std::uint64_t sent_at_rest(Duration span) const;
  bool drained();
  void fail(std::string clause, std::string text) {
    outcome_.violations.push_back({std::move(clause), std::move(text)});
  }
  bool failed() const { return !outcome_.violations.empty(); }
  template <typename Visit>
  void each_core(Visit visit) {
    for (const MachineIndex i : core_) visit(world_.machine(i));
  }
  template <typename Visit>
  void each_program(Visit visit) {
    each_core([&](Machine& machine) { machine.each_program(visit); });
  }
  std::string standing();

  const TrialOptions options_;
  const Swarm swarm_;
  World world_;
  Faults faults_;
  Rotations rotations_;
  std::optional<Outsiders> outsiders_;
  std::vector<MachineIndex> core_;  // ascending, as are their ids
  std::vector<NodeId> core_ids_;
  std::size_t waiting_ = 0;  // the place in the core of a machine that waited when last asked
  Time stable_since_{};
  Outcome outcome_;
};

Trial::Trial(const TrialOptions& options)
    : options_(options),
      swarm_(draw_swarm(options.seed, options.machines)),
      world_(swarm_, options.seed),
      faults_(world_, swarm_),
      rotations_(world_) {
  world_.run().tracing = options.tracing;
  world_.run().tracing_frames = options.tracing_frames;
  outcome_.swarm = text(swarm_);
  outcome_.machines = world_.size();
}

Outcome Trial::run() {
  start();
  endure();
  choose_core();
  calm_down();
  const bool unsteady = outsiders_->unsteady();
  const bool exactly = !unsteady && !outsiders_->narrow();
  if (come_together("L1", exactly, exactly ? steady_bound : unsteady_bound) &&
      (!exactly || settle()))
    stay_together();
  if (outsiders_->narrow()) get_on();
  if (unsteady && failed()) {
    outcome_.parted = outcome_.violations.back().text;
    outcome_.violations.clear();
  }
  outsiders_->crash_all();
  world_.strangers().leave();
  stable_since_ = world_.now();
  if (!failed() && come_together("L1", true, exactly ? departure_bound : steady_bound)) {
    if (const std::string wrong = rotations_.finish(core_); !wrong.empty()) fail("key", wrong);
    stable_since_ = world_.now();  // some may have started anew
    if (rotations_.any()) come_together("L1", true, steady_bound);
    probe();
    probe_alone();
    drain();
    make_room();
    stay_quiet();
    depart();
  }
  finish();
  return std::move(outcome_);
}

Duration Trial::reactions(double count) const {
  const double one = static_cast<double>(world_.settings().reaction().count());
  return world_.settings().slowly(Duration(static_cast<std::int64_t>(count * one)));
}

// ---- the phases ----

void Trial::start() {
  for (MachineIndex i = 0; i < world_.size(); ++i)
    if (swarm_.start_at_once || world_.run().dice.chance(0.5)) world_.machine(i).start();
}

// Safety: faults without mercy.
void Trial::endure() {
  const double share = world_.size() > 9 ? 0.2 : 1;  // a crowd costs as much in less time
  const Time end = Time{} + Duration(static_cast<std::int64_t>(share * options_.minutes * 36e9));
  const auto next = [&] { return std::min(faults_.next(), rotations_.next()); };
  while (next() < end) {
    const Time due = next();
    if (world_.run_until(due, [&] { return faults_.next() < due; })) continue;
    faults_.next() <= due ? faults_.strike() : rotations_.act();
  }
  world_.run().entered = {};
  world_.run_until(end);
  outcome_.faults = faults_.count();
}

void Trial::choose_core() {
  Dice& dice = world_.run().dice;
  std::vector<bool> is_core(world_.size(), true);
  if (dice.chance(0.5) || swarm_.narrow > 0)
    for (std::size_t i = 0; i < is_core.size(); ++i) is_core[i] = dice.chance(0.6);
  is_core[dice.below(is_core.size())] = true;
  for (MachineIndex i = 0; i < is_core.size(); ++i)
    if (is_core[i]) core_.push_back(i);
  for (const MachineIndex i : core_) core_ids_.push_back(Device::id(i));
  outcome_.core = core_.size();
  outsiders_.emplace(world_, is_core, swarm_);
}

void Trial::calm_down() {
  Run& run = world_.run();
  run.disk_works = true;
  run.network.settle();
  for (const MachineIndex from : core_)
    for (const MachineIndex to : core_) {
      for (std::size_t wire = 0; wire < run.network.wires(); ++wire)
        run.network.weather(from, to, wire) = swarm_.calm();
      run.network.cut(from, to, false);
    }
  each_core([](Machine& machine) { machine.stay_up(); });
  rotations_.end(core_);
  stable_since_ = run.now + swarm_.spike_delay_max;  // for what is still on its way
  each_core(
      [&](Machine& machine) { stable_since_ = std::max(stable_since_, machine.reserved_at()); });
  if (run.tracing)
    run.trace.push_back(fmt::format("    -- calm, a core of {} machines --", core_.size()));
  // What was lost before is noticed within the time of a token.
  const double token = static_cast<double>(world_.settings().ring.token_loss.count()) /
                       static_cast<double>(world_.settings().reaction().count());
  run_to(stable_since_ + reactions(token));
}

bool Trial::come_together(const char* clause, bool exactly, double bound) {
  const Time begin = std::exchange(stable_since_, never);
  const bool done = run_to(begin + reactions(bound), [&] { return together(exactly); });
  const double took = static_cast<double>((world_.now() - begin).count()) /
                      static_cast<double>(world_.settings().reaction().count());
  if (bound <= steady_bound) outcome_.convergence = std::max(outcome_.convergence, took);
  if (!done)
    fail(clause, fmt::format("not together after {:.1f} reaction times: {}", took, standing()));
  return done;
}

// An outsider that was heard until now may be gathering still, say whom it hears, and so break the
// ring once more.
bool Trial::settle() {
  run_to(world_.now() + reactions(2));
  stable_since_ = world_.now();
  return come_together("L1", true, steady_bound);
}

// L2: no change while nothing changes. With outsiders who come and go: the core goes together.
void Trial::stay_together() {
  std::vector<std::uint64_t> before;
  each_core([&](Machine& machine) { before.push_back(machine.configurations()); });
  const bool unsteady = outsiders_->unsteady() || outsiders_->narrow();
  // Not where an outsider could take it for the node itself, which it does not hear.
  if (core_.size() == world_.size() && world_.settings().namesake && core_.size() > 1)
    world_.strangers().add_namesake(core_[world_.run().dice.below(core_.size())]);
  const Time end = world_.now() + reactions(unsteady ? 6 : 3);
  const bool parted = run_to(end, [&] {
    bool wrong = false;
    std::size_t i = 0;
    each_core([&](Machine& machine) {
      const auto& members = machine.members();
      wrong |= unsteady ? !std::includes(members.begin(), members.end(), core_ids_.begin(),
                                         core_ids_.end())
                        : machine.configurations() != before[i];
      ++i;
    });
    return wrong;
  });
  if (parted) fail("L2", fmt::format("the core did not stay together: {}", standing()));
}

// L4: who lacks frames for ever gives up after so many visits, and the others go on without it.
void Trial::get_on() {
  const auto visits = static_cast<int>(world_.settings().ring.fail_to_receive * world_.size());
  const Duration patience = visits * swarm_.hop() + reactions(3);
  const auto delivered = [&] {
    std::uint64_t sum = 0;
    each_core(
        [&](Machine& machine) { sum += machine.node().ring().counters().messages_delivered; });
    return sum;
  };
  for (int i = 0; i < 2 && !failed(); ++i) {
    const std::uint64_t before = delivered();
    const bool waited = !drained();
    run_to(world_.now() + patience);
    if (waited && !drained() && delivered() == before)
      fail("L4", fmt::format("a node that hears no large frames held up the others for {:.0f} ms: "
                             "{}",
                             static_cast<double>(patience.count()) / 1e6, standing()));
  }
}

// L3: on a ring at rest a message is delivered soon.
void Trial::probe() {
  each_core([](Machine& machine) { machine.rest(); });
  each_program([&](Program& program) { program.quieten(world_.now()); });
  drain();
  if (failed()) return;
  come_to_rest();
  each_program([&](Program& program) { program.send_now(world_.now()); });
  const Time end = world_.now() + reactions(1);
  if (!run_to(end, [&] { return drained(); }))
    fail("L3", fmt::format("a message was not delivered within a reaction time: {}", standing()));
}

// L3: nobody who has something to send on a ring at rest waits until the holder's time is up. What
// is safe needs more rotations than the holder's time has.
void Trial::probe_alone() {
  const Settings& settings = world_.settings();
  const Duration hop = swarm_.delay_max + settings.wake_up + 4 * settings.turn_cost;
  const Duration allowed = 3 * static_cast<int>(core_.size()) * hop + std::chrono::milliseconds(5) +
                           2 * settings.habits.read_delay + 2 * settings.completes_after();
  if (settings.habits.safe > 0 || allowed > settings.ring.hold / 2) return;
  each_core([&](Machine& machine) {
    if (failed()) return;
    run_to(world_.now() + reactions(0.25) +
           world_.run().dice.between(Duration{}, settings.ring.hold));
    bool sent = false;
    machine.each_program([&](Program& program) {
      if (!std::exchange(sent, true)) program.send_now(world_.now());
    });
    if (!sent) return;
    ++world_.run().reached["a message alone"];
    if (!run_to(world_.now() + allowed, [&] { return drained(); }))
      fail("L3", fmt::format("a message alone was not back within {:.1f} ms: {}",
                             static_cast<double>(allowed.count()) / 1e6, standing()));
  });
}

// L3, L4: as long as something waits, the ring gets on with it.
void Trial::drain() {
  for (std::uint64_t before = progress(); !drained();) {
    const bool done = run_to(world_.now() + reactions(1), [&] { return drained(); });
    const std::uint64_t after = progress();
    if (!done && after == before) {
      fail("L4",
           fmt::format("messages wait, and nothing moved in a reaction time: {}", standing()));
      return;
    }
    before = after;
  }
}

// Where all groups were left there is room for as many as there may be.
void Trial::make_room() {
  if (failed()) return;
  each_program([&](Program& program) { program.leave_all(world_.now()); });
  come_to_rest();
  std::optional<check::Program> first;
  const std::size_t room = world_.settings().room();
  each_program([&](Program& program) {
    if (first) return;
    first = program.id();
    for (std::size_t group = 0; group < room; ++group) program.join(group, world_.now());
  });
  drain();
  std::size_t granted = room;  // by a program that is cut off: it reads too slowly for all that
  each_program([&](Program& program) {
    if (program.id() != first) return;
    granted = 0;
    for (std::size_t group = 0; group < room; ++group) granted += program.is_member(group);
  });
  if (!failed() && granted != room)
    fail("L3", fmt::format("of {} groups, for which there is room, {} were refused", room,
                           room - granted));
}

// What those asked for who have ended is done, too.
void Trial::come_to_rest() {
  for (std::uint64_t before = ~std::uint64_t{0}; before != progress();) {
    before = progress();
    run_to(world_.now() + reactions(0.5));
  }
}

// A ring at rest asks for nothing, holds no more memory, and lets its token rest.
void Trial::stay_quiet() {
  if (failed()) return;
  const auto asked = [&] {
    std::uint64_t sum = 0;
    each_core([&](Machine& machine) {
      const totem::Counters& counters = machine.node().ring().counters();
      sum += counters.retransmits_requested + counters.retransmits_sent + counters.recovered_sent +
             counters.gathers;
    });
    return sum;
  };
  const auto frames_held = [&] {
    std::size_t most = 0;
    each_core([&](Machine& machine) { most = std::max(most, machine.frames_in_use()); });
    return most;
  };
  const totem::Parameters& ring = world_.settings().ring;
  // When the window of last_man_standing is over, its members say so.
  world_.run_until(world_.now() + 2 * world_.settings().quorum.last_man_standing_window, [&] {
    bool open = false;
    each_core([&](Machine& machine) { open |= machine.node().quorum().window_open(); });
    return !open;
  });
  come_to_rest();
  const std::uint64_t asked_before = asked(), sent_before = world_.run().network.sent();
  const std::uint64_t forged_before = world_.forger().sent();
  const std::size_t held_before = frames_held();
  run_to(world_.now() + 4 * ring.token_loss);
  if (asked() != asked_before)
    fail("10", fmt::format("a ring at rest asked for {} frames", asked() - asked_before));
  if (frames_held() > held_before + 8)
    fail("10",
         fmt::format("a ring at rest holds {} frames, {} before", frames_held(), held_before));
  each_core([&](Machine& machine) {
    if (!machine.has_all_numbers()) fail("L3", "a program is gone, and its number is still taken");
  });
  const std::uint64_t sent = world_.run().network.sent() - sent_before;
  const bool probes = world_.run().network.wires() > 1;
  // Two, to everyone, are as much as anybody says to one that is forged: an answer, and what it had
  // said last.
  const std::uint64_t forged = world_.forger().sent() - forged_before;
  const std::uint64_t enough = sent_at_rest(4 * ring.token_loss) + 2 * forged * (world_.size() - 1);
  if (!probes && sent > enough)
    fail("10",
         fmt::format("a ring at rest sent {} frames, {} are enough: {}", sent, enough, standing()));
}

// L1, sooner: who leaves on request is not missed first.
void Trial::depart() {
  if (failed()) return;
  run_to(world_.now() + reactions(peace));
  Departure departure(world_, swarm_, core_);
  const std::string wrong = departure.run();
  if (!wrong.empty()) return fail("L1", fmt::format("{}: {}", wrong, standing()));
  std::erase_if(core_, [&](MachineIndex i) { return !world_.machine(i).up(); });
  core_ids_.clear();
  each_core([&](Machine& machine) { core_ids_.push_back(machine.id()); });
  waiting_ = 0;
  if (core_.empty()) return;
  run_to(world_.now() + reactions(peace));
  const std::string missed = come_back(world_, swarm_, core_);
  if (!missed.empty()) return fail("L1", fmt::format("{}: {}", missed, standing()));
  // Who died and started again counts as everyone does.
  stable_since_ = world_.now();
  if (!come_together("L1", true, steady_bound)) return;
  drain();
  come_to_rest();  // of what daemons said to each other, too
}

// One rotation per hold time, each token perhaps sent twice, and the calls of merge_detect. The
// holder's clock may be fast.
std::uint64_t Trial::sent_at_rest(Duration span) const {
  const totem::Parameters& ring = world_.settings().ring;
  const auto times = [&](Duration interval) {
    return static_cast<std::uint64_t>(1.25 * static_cast<double>(span.count()) /
                                      static_cast<double>(interval.count())) +
           2;
  };
  return times(ring.hold) * 2 * core_.size() +
         times(ring.merge_detect) * core_.size() * (world_.size() - 1);
}

void Trial::finish() {
  Run& run = world_.run();
  const bool at_rest = !failed();
  for (const auto& violation : world_.finish(at_rest)) outcome_.violations.push_back(violation);
  outcome_.hash = run.hash.value();
  outcome_.frames = run.network.sent();
  outcome_.rings = run.rings;
  outcome_.messages = run.messages;
  outcome_.seconds = static_cast<double>(run.now.time_since_epoch().count()) / 1e9;
  outcome_.reached = std::move(run.reached);
  outcome_.trace = std::move(run.trace);
}

// ---- what they rest on ----

void Trial::run_to(Time end) {
  run_to(end, [] { return false; });
}

bool Trial::run_to(Time end, const std::function<bool()>& done) {
  while (outsiders_->next() < end) {
    if (world_.run_until(outsiders_->next(), done)) return true;
    outsiders_->strike();
  }
  return world_.run_until(end, done);
}

bool Trial::together(bool exactly) {
  const Machine& first = world_.machine(core_.front());
  return std::all_of(core_.begin(), core_.end(), [&](MachineIndex i) {
    const Machine& machine = world_.machine(i);
    const bool fits = exactly ? machine.in_ring_of(core_ids_) : machine.in_ring_with(core_ids_);
    return fits && machine.regular() == first.regular() && machine.view() == machine.regular()->seq;
  });
}

std::uint64_t Trial::progress() {
  std::uint64_t sum = 0;
  each_core([&](Machine& machine) { sum += machine.node().ring().counters().data_sent; });
  each_program([&](Program& program) { sum += program.own_delivered(); });
  return sum;
}

// Asked after every step: who waited then as a rule waits still.
bool Trial::drained() {
  for (std::size_t i = 0; i < core_.size(); ++i) {
    if (world_.machine(core_[waiting_]).waits()) return false;
    waiting_ = (waiting_ + 1) % core_.size();
  }
  return true;
}

std::string Trial::standing() {
  std::string words;
  each_core([&](Machine& machine) {
    words += fmt::format(" {}:", static_cast<std::uint32_t>(machine.id()));
    if (!machine.up()) {
      words += "down";
      return;
    }
    words += fmt::format("{} ring {} of", totem::text(machine.node().ring().state()),
                         machine.regular() ? machine.regular()->seq : 0);
    for (const NodeId id : machine.members())
      words += fmt::format(" {}", static_cast<std::uint32_t>(id));
    machine.each_program(
        [&](Program& program) { words += fmt::format(" [{}]", program.standing()); });
    const totem::Counters& counters = machine.node().ring().counters();
    words += fmt::format(" tokens {} again {} holds {} data {};", counters.tokens_sent,
                         counters.tokens_retransmitted, counters.holds, counters.data_sent);
  });
  return words;
}

}  // namespace

Outcome run_trial(const TrialOptions& options) {
  return Trial(options).run();
}

}  // namespace gyre::sim
