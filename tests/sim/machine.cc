#include "tests/sim/machine.hh"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "node/ring_store.hh"
#include "tests/sim/process.hh"
#include "tests/sim/wire.hh"
#include "transport/shm/handshake.hh"

namespace gyre::sim {

namespace {

constexpr std::uint32_t program_pid = 1000;  // of all: the real one would differ from run to run
constexpr Duration disk_stuck_max = std::chrono::seconds(3);

}  // namespace

void Run::note(MachineIndex machine, const std::string& text) {
  if (!tracing) return;
  const double ms = static_cast<double>(now.time_since_epoch().count()) / 1e6;
  trace.push_back(fmt::format("{:>11.3f} ms  {}  {}", ms, machine + 1, text));
}

Machine::Machine(Run& run, MachineIndex index)
    : run_(run),
      index_(index),
      dice_(run.dice.split()),
      clock_rate_(1 + run.settings.clock_drift * (2 * dice_.fraction() - 1)),
      clock_zero_(dice_.between(Duration{}, std::chrono::hours(1000))),
      disk_(run.settings.first_ring_seq) {}

Machine::~Machine() = default;

Duration Settings::completes_after() const {
  Duration longest = device.completes_after;
  for (const LinkKind& kind : kinds) longest = std::max(longest, kind.completes_after);
  return longest;
}

DeviceTraits Machine::card(std::size_t wire) const {
  const Settings& settings = run_.settings;
  DeviceTraits traits = settings.device;
  if (!settings.receive_frames.empty()) traits.receive_frames = settings.receive_frames[index_];
  if (wire < settings.kinds.size()) {
    traits.multicast = settings.kinds[wire].multicast;
    traits.completes_after = settings.kinds[wire].completes_after;
  }
  return traits;
}

totem::Parameters Machine::ring() const {
  totem::Parameters parameters = run_.settings.ring;
  parameters.receive_frames = static_cast<std::uint32_t>(card().receive_frames);
  parameters.consensus = consensus_;
  return parameters;
}

// ---- life ----

void Machine::start() {
  const std::uint64_t bound = disk_.read();
  regular_.reset();
  leased_.reset();
  members_.clear();
  configurations_ = view_ = 0;
  dying_ = leaving_ = programs_paused_ = ends_behind_token_ = false;
  effects_left_ = 0;
  paused_until_ = {};
  promise();
  process_ = std::make_unique<Process>(*this, bound, dice_.next());
  for (Process::Slot& slot : process_->slots)
    slot.starts_at = run_.now + dice_.between(Duration{}, run_.settings.reaction());
  run_.note(index_, fmt::format("starts, ring seqs up to {} are used", bound));
  note_boot();
  last_turn_ = local();
  woken_at_ = Time::min();
  run_.gathering.started(process_->id, consensus_, run_.now);
  process_->node->start(local());
  next_turn_ = run_.now;
  plan();
}

void Machine::crash() {
  run_.note(index_, "crashes");
  check_numbers();
  for (std::size_t slot = 0; slot < process_->slots.size(); ++slot)
    if (process_->slots[slot].program) end_program(slot, check::ProgramEnd::node_failed);
  run_.checker.fail(process_->id);
  run_.consensus.fail(process_->id);
  run_.gathering.fail(process_->id);
  if (process_->reserved_at != never && dice_.chance(0.5))  // the disk was quicker than the end
    disk_.write(process_->reserving + node::RingStore::block);
  process_.reset();
  run_.leases[index_] = Time::min();
  plan();
}

void Machine::leave() {
  run_.note(index_, "is asked to leave");
  leaving_ = true;
  process_->node->leave(local());
  note_lease();
  next_turn_ = run_.now;
  plan();
}

void Machine::pause(Time until, bool programs_too) {
  run_.note(index_, "is paused");
  paused_until_ = until;
  programs_paused_ = programs_too;
  each_program([](Program& program) { program.forget_unread(); });
  plan();
}

void Machine::remember() {
  process_->sealed->remember();
}

void Machine::put_back() {
  run_.note(index_, "is put back to what it was");
  process_->sealed->put_back();
  for (Device* device : process_->devices) device->put_back();
  boot_ = process_->sealed->boot();
  run_.seals->put_back(id(), boot_);
}

void Machine::stay_up() {
  crash_after(0);
  crash_behind_token(false);
  if (up() && leaving()) crash();
  if (!up()) start();
  pause(run_.now, false);
}

// ---- the file ----

void Machine::restore_old_file() {
  if (disk_.restore_old(dice_)) file_changed("its file is an old one");
}

void Machine::file_changed(const char* how) {
  run_.note(index_, how);
  run_.checker.file_lost(id());
  run_.programs.file_lost(id());
}

void Machine::reserve(std::uint64_t ring_seq) {
  if (!has_effect()) return;
  process_->reserving = ring_seq;
  process_->reserved_at = run_.now + dice_.between(Duration{}, run_.settings.disk_delay);
  if (!run_.disk_works && dice_.chance(run_.settings.disk_stuck))
    process_->reserved_at += dice_.between(Duration{}, disk_stuck_max);
}

void Machine::finish_reservation(Time clock) {
  if (process_->reserved_at > run_.now) return;
  process_->reserved_at = never;
  const std::uint64_t bound = process_->reserving + node::RingStore::block;
  disk_.write(bound);
  process_->node->reserved(bound, clock);
}

// ---- time ----

Time Machine::local() const {
  const auto elapsed = static_cast<double>(run_.now.time_since_epoch().count());
  return Time(clock_zero_ + Duration(static_cast<std::int64_t>(elapsed * clock_rate_)));
}

Time Machine::true_time(Time shown) const {
  if (shown == never) return never;
  if (shown <= local()) return run_.now;
  const auto elapsed = static_cast<double>((shown.time_since_epoch() - clock_zero_).count());
  return Time(Duration(static_cast<std::int64_t>(std::max(0.0, elapsed / clock_rate_)) + 2));
}

void Machine::plan() {
  programs_at_ = run_.due[index_] = never;
  if (!process_) return;
  bool cut_off = false;  // which is no reason to get up, but seen when something else is
  for (const Process::Slot& slot : process_->slots) {
    if (programs_paused_ && paused()) break;
    if (slot.program) {
      programs_at_ = std::min(programs_at_, slot.program->next());
      cut_off |= slot.program->cut_off();
    } else if (slot.port_free && !paused() && !resting_) {
      programs_at_ = std::min(programs_at_, slot.starts_at);
    }
  }
  run_.due[index_] = std::min(std::max(next_turn_, paused_until_), programs_at_);
  if (cut_off) programs_at_ = Time::min();
  if (paused()) run_.pause_ends = std::min(run_.pause_ends, paused_until_);
}

void Machine::arrive(Flight&& flight) {
  if (!process_) return;
  process_->devices[flight.wire]->arrive(std::move(flight));
  next_turn_ = std::min(next_turn_, run_.now + run_.settings.wake_up);
  run_.due[index_] = std::min(run_.due[index_], std::max(next_turn_, paused_until_));
}

void Machine::turn() {
  run_programs();
  if (next_turn_ <= run_.now && !paused()) turn_daemon();
  plan();
}

void Machine::turn_daemon() {
  const Time clock = local();
  const Duration paused = clock - std::exchange(last_turn_, clock);
  if (paused > run_.settings.ring.token_loss / 2) {
    woken_at_ = clock;
    run_.gathering.woken(process_->id, run_.now);
  }
  note_pause(paused);
  finish_reservation(clock);
  finish_reading_key();
  behind_token_ = false;
  placed_.reset();
  const bool active = process_->node->turn(clock);
  note_boot();
  note_lease();
  read_log();
  if (dying_) return crash();
  if (placed_ && std::ranges::all_of(process_->devices, &Device::took_all))
    run_.packets.turned(process_->id, *placed_);
  if (process_->node->left()) {
    run_.note(index_, "has left");
    if (process_->links) process_->links->advance(clock);
    for (Device* device : process_->devices) device->close();
    return crash();
  }
  serve_programs();
  schedule(active);
}

void Machine::schedule(bool active) {
  const Time soon = run_.now + run_.settings.turn_cost;
  next_turn_ = soon;
  if (active || !process_->node->arm()) return;
  Time due = std::min(
      {true_time(process_->node->deadline()), process_->reserved_at, process_->key.read_at});
  for (const Device* device : process_->devices) due = std::min(due, device->due());
  next_turn_ = std::max(soon, due);
}

// ---- effects ----

bool Machine::has_effect() {
  if (effects_left_ > 0 && --effects_left_ == 0) dying_ = true;
  return !dying_;
}

void Machine::send(const totem::Place& place, totem::Guarantee guarantee,
                   std::span<const std::byte> payload) noexcept {
  if (!has_effect()) return;
  run_.checker.send(process_->id, place, guarantee, payload);
  if (run_.placed) run_.placed(id(), place);
  placed_ = place;
}

void Machine::deliver(const totem::Message& message) noexcept {
  if (!has_effect()) return;
  ++run_.messages;
  run_.hash.add(number(message.place.seq) * 31 + message.payload.size());
  run_.checker.deliver(process_->id, message);
  if (run_.delivered) run_.delivered(id(), message.place);
}

void Machine::configuration(const totem::Configuration& configuration) noexcept {
  if (!has_effect()) return;
  run_.checker.configuration(process_->id, configuration);
  run_.hash.add(configuration.ring.seq * 7 + configuration.members.size());
  const bool regular = configuration.kind == totem::Configuration::Kind::regular;
  if (run_.tracing) {
    std::string names;
    for (const totem::Member& member : configuration.members)
      names += fmt::format(" {}", static_cast<std::uint32_t>(member.node));
    run_.note(index_,
              fmt::format("{} configuration of ring {}:{}", regular ? "regular" : "transitional",
                          configuration.ring.seq, names));
  }
  if (!regular) return;
  if (regular_ != configuration.ring) run_.rings += configuration.ring.representative == id();
  regular_ = configuration.ring;
  ++configurations_;
  members_.clear();
  for (const totem::Member& member : configuration.members) members_.push_back(member.node);
  run_.consensus.installed(process_->id, run_.now);
  run_.gathering.installed(process_->id, members_.size(), run_.now);
}

void Machine::viewed(std::uint64_t number, std::size_t members) {
  view_ = number;
  run_.hash.add(number * 131 + members);
}

// Its timers have not measured the others' silence while it did not run.
void Machine::reached(const std::string& state) {
  ++run_.reached[state];
  if (state == "gather: token lost" && woken_at_ != Time::min() &&
      last_turn_ - woken_at_ < run_.settings.ring.token_loss)
    run_.violations.push_back(
        {"10 pause", fmt::format("node {} misses the token at once after a pause",
                                 static_cast<std::uint32_t>(id()))});
}

void Machine::read_log() {
  if (process_->log.empty()) return;
  for (node::LogRecord record; process_->log.next(record);) {
    const auto word = [&](std::size_t i) {
      return std::string_view(record.text.data() + record.values[i].begin, record.values[i].size);
    };
    if (record.format.starts_with("{}: {}")) {
      reached(fmt::format("{}: {}", word(0), word(1)));
      if (run_.entered) run_.entered(word(0));
    }
    if (run_.tracing) run_.note(index_, node::text(record));
  }
}

// ---- programs ----

void Machine::run_programs() {
  if (programs_at_ > run_.now) return;
  const Time clock = local();
  for (std::size_t i = 0; i < process_->slots.size(); ++i) {
    Process::Slot& slot = process_->slots[i];
    if (!slot.program) {
      if (slot.starts_at <= run_.now && slot.port_free && !paused() && !resting_) connect(i);
      continue;
    }
    if (slot.program->next() > run_.now && !slot.program->cut_off()) continue;
    slot.program->step(run_.now);
    if (slot.program->take_ring()) {
      process_->node->woken(slot.program->number(), false, clock);
      next_turn_ = std::min(next_turn_, run_.now + run_.settings.wake_up);
    }
    if (slot.program->dead())
      end_program(i, check::ProgramEnd::closed);
    else if (slot.program->cut_off())
      end_program(i, slot.program->how_cut_off());
  }
}

// What the daemon's turn means to them.
void Machine::serve_programs() {
  // It looks eight times in that span, by a clock that may be slow.
  const Duration allowed = run_.settings.stall_max * 3 / 2;
  for (const Process::Slot& slot : process_->slots) {
    if (!slot.program) continue;
    Program& program = *slot.program;
    program.listen(run_.now);
    if (program.unread_since() != never && !program.cut_off())
      run_.programs.unread(program.id(), run_.now - program.unread_since(), allowed);
  }
  if (!run_.settings.programs_between) return;
  plan();
  run_programs();
}

bool Machine::has_all_numbers() const {
  return std::ranges::all_of(
      process_->slots, [](const Process::Slot& slot) { return slot.program || slot.port_free; });
}

void Machine::rest() {
  resting_ = true;
  for (std::size_t i = 0; i < process_->slots.size(); ++i)
    if (process_->slots[i].program && process_->slots[i].program->stalled())
      end_program(i, check::ProgramEnd::closed);
  plan();
}

void Machine::connect(std::size_t index) {
  Process::Slot& slot = process_->slots[index];
  const auto number =
      static_cast<std::uint32_t>(index + slot.generation++ * process_->slots.size());
  shm::ChannelPair pair = shm::make_pair({.node = static_cast<std::uint32_t>(id()),
                                          .client = number,
                                          .requests_size = run_.settings.requests_size,
                                          .events_size = run_.settings.events_size});
  // The daemon makes none as small as the seed may want them.
  for (shm::Channel* channel : {&pair.daemon, &pair.program}) {
    channel->requests_size = run_.settings.requests_size;
    channel->events_size = run_.settings.events_size;
  }
  pair.daemon.pid = pair.program.pid = program_pid;
  sim::connect(pair.daemon.socket.number(), pair.program.socket.number());
  sim::connect(pair.daemon.room.number(), pair.program.room.number());
  slot.port_free = false;
  const check::Program id{this->id(), process_->id.incarnation, number};
  const std::size_t groups = std::max(run_.settings.habits.groups, run_.settings.room());
  slot.program =
      std::make_unique<Program>(std::move(pair.program), run_.settings.habits, groups, id,
                                dice_.split(), run_.programs, run_.hash, run_.heard, run_.now);
  process_->node->open_client(std::move(pair.daemon), local());
  const auto before = number - static_cast<std::uint32_t>(process_->slots.size());
  if (dice_.chance(run_.settings.late_hang_ups)) process_->node->woken(before, true, local());
  next_turn_ = std::min(next_turn_, run_.now);
}

void Machine::end_program(std::size_t index, check::ProgramEnd ending) {
  Process::Slot& slot = process_->slots[index];
  const std::uint32_t number = slot.program->number();
  run_.programs.ended(slot.program->id(), ending);
  slot.program.reset();
  slot.starts_at = run_.now + run_.settings.habits.starts_again;
  if (ending == check::ProgramEnd::node_failed) return;
  process_->node->woken(number, true, local());
  next_turn_ = std::min(next_turn_, run_.now + run_.settings.wake_up);
}

void Machine::take_back(shm::Channel channel) {
  process_->slots[channel.client % process_->slots.size()].port_free = true;
}

// ---- for the judge ----

const node::Node& Machine::node() const {
  return *process_->node;
}

node::Snapshot Machine::snapshot() const {
  node::Snapshot page;
  process_->node->snapshot(page, local());
  return page;
}

Time Machine::reserved_at() const {
  return process_->reserved_at == never ? run_.now : process_->reserved_at;
}

std::size_t Machine::frames_in_use() const {
  return process_->pool.count() - process_->pool.available();
}

bool Machine::in_ring_with(const std::vector<NodeId>& ids) const {
  return process_ && node().ring().state() == totem::State::operational &&
         std::ranges::includes(members_, ids);
}

bool Machine::in_ring_of(const std::vector<NodeId>& ids) const {
  return in_ring_with(ids) && members_ == ids;
}

bool Machine::waits() const {
  return process_ && std::ranges::any_of(process_->slots, [](const Process::Slot& slot) {
           return slot.program && slot.program->waits();
         });
}

void Machine::each_program(const std::function<void(Program&)>& visit) {
  if (!process_) return;
  for (Process::Slot& slot : process_->slots)
    if (slot.program) visit(*slot.program);
  plan();
}

}  // namespace gyre::sim
