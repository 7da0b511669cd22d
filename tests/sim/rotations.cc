#include "tests/sim/rotations.hh"

#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/process.hh"

namespace gyre::sim {

namespace {

constexpr int in_peace = 5;                              // rotations
constexpr Duration patience = std::chrono::seconds(30);  // more than a node has with one

}  // namespace

// ---- a machine's part ----

void Machine::rotate(std::size_t number) {
  ++run_.reached["rotation: asked"];
  ++process_->rotations_asked;
  process_->node->rotate(number, run_.seals->fingerprint(number), fmt::format("/key/{}", number));
  next_turn_ = run_.now;
  plan();
}

void Machine::answered(std::uint64_t request, std::string_view refused) {
  run_.note(index_,
            fmt::format("rotation to key {}: {}", request, refused.empty() ? "done" : refused));
  --process_->rotations_asked;
  ++run_.reached[refused.empty() ? "rotation: done" : "rotation: refused"];
  ++(refused.empty() ? run_.rotations_done : run_.rotations_refused);
  if (refused.empty()) run_.key_in_use = std::max<std::size_t>(run_.key_in_use, request);
}

void Machine::read_key(std::uint64_t ticket, std::string_view file) {
  if (!has_effect()) return;
  process_->key = {.read_at = run_.now + dice_.between(Duration{}, run_.settings.disk_delay),
                   .ticket = ticket,
                   .number = std::stoul(std::string(file.substr(file.rfind('/') + 1)))};
}

void Machine::finish_reading_key() {
  if (process_->key.read_at > run_.now) return;
  process_->key.read_at = never;
  const std::size_t number = process_->key.number;
  if (key_files_.contains(number))
    process_->node->key_read(process_->key.ticket, run_.seals->key(number), "");
  else
    process_->node->key_read(process_->key.ticket, std::nullopt, "there is no key file");
}

bool Machine::asks_for_rotation() const {
  return process_ && process_->rotations_asked > 0;
}

bool Machine::seals_with(std::size_t number) const {
  return process_ && process_->sealed->key().fingerprint() == run_.seals->fingerprint(number);
}

bool Machine::opens(std::size_t number) const {
  const ClusterKey* const other = process_ ? process_->sealed->other_key() : nullptr;
  return seals_with(number) || (other && other->fingerprint() == run_.seals->fingerprint(number));
}

// ---- the operator's ----

Rotations::Rotations(World& world) : world_(world), dice_(0) {
  if (!any()) return;
  dice_ = world.run().dice.split();
  next_ = world.now() + dice_.exponential(world.settings().rotation_gap);
}

void Rotations::draw() {
  number_ = world_.run().seals->draw_key();
  for (MachineIndex i = 0; i < world_.size(); ++i)
    if (!dice_.chance(0.1)) world_.machine(i).give_key(number_);
}

void Rotations::place() {
  const std::size_t number = world_.run().key_in_use;
  for (MachineIndex i = 0; i < world_.size(); ++i) {
    Machine& machine = world_.machine(i);
    machine.place_key(number);
    if (!machine.up() || machine.leaving() || machine.opens(number) || !dice_.chance(0.5)) continue;
    if (number < number_ && machine.opens(number_)) continue;
    ++world_.run().reached["rotation: started with the old key"];
    machine.crash();
    machine.start();
  }
}

void Rotations::act() {
  next_ = world_.now() + dice_.exponential(world_.settings().rotation_gap);
  place();
  if (world_.run().key_in_use == number_) {
    if (number_ < 200) draw();
  } else {
    for (MachineIndex i = 0; i < world_.size(); ++i)
      if (dice_.chance(0.5)) world_.machine(i).give_key(number_);
  }
  std::vector<MachineIndex> up;
  for (MachineIndex i = 0; i < world_.size(); ++i)
    if (world_.machine(i).up() && !world_.machine(i).leaving()) up.push_back(i);
  if (!up.empty()) world_.machine(up[dice_.below(up.size())]).rotate(number_);
}

// What is asked shortly before goes on, also where only some of them are together yet.
void Rotations::end(const std::vector<MachineIndex>& members) {
  if (!any()) return;
  next_ = never;
  for (MachineIndex i = 0; i < world_.size(); ++i)
    for (std::size_t number = 0; number <= number_; ++number) world_.machine(i).give_key(number);
  world_.run_until(world_.now() + world_.settings().slowly(patience),
                   [&] { return is_answered(); });
  for (MachineIndex i = 0; i < world_.size(); ++i) world_.machine(i).place_key(newest(members));
  if (!hear_each_other(members)) start_anew(members);
}

bool Rotations::is_answered() {
  for (MachineIndex i = 0; i < world_.size(); ++i)
    if (world_.machine(i).asks_for_rotation()) return false;
  return true;
}

bool Rotations::hear_each_other(const std::vector<MachineIndex>& members) {
  for (const MachineIndex a : members)
    for (const MachineIndex b : members)
      for (std::size_t number = 0; number <= number_; ++number)
        if (world_.machine(a).seals_with(number) && !world_.machine(b).opens(number)) return false;
  return true;
}

std::size_t Rotations::newest(const std::vector<MachineIndex>& members) {
  std::size_t newest = 0;
  for (const MachineIndex i : members)
    for (std::size_t number = 0; number <= number_; ++number)
      if (world_.machine(i).seals_with(number)) newest = std::max(newest, number);
  return newest;
}

void Rotations::start_anew(const std::vector<MachineIndex>& members) {
  const std::size_t number = newest(members);
  for (const MachineIndex i : members) {
    Machine& machine = world_.machine(i);
    machine.place_key(number);
    if (machine.seals_with(number)) continue;
    ++world_.run().reached["rotation: started with the old key"];
    machine.crash();
    machine.start();
  }
}

bool Rotations::all_seal_with(const std::vector<MachineIndex>& members, std::size_t number) {
  return std::ranges::all_of(members, [&](MachineIndex i) {
    const node::Snapshot page = world_.machine(i).snapshot();
    return page.key == world_.run().seals->fingerprint(number) && page.next_key == 0;
  });
}

// What was asked before may have to come to its end first.
bool Rotations::ask_until_done(const std::vector<MachineIndex>& members, std::size_t number) {
  for (int i = 0; i < 5; ++i) {
    const Run& run = world_.run();
    const std::uint64_t before = run.rotations_done + run.rotations_refused;
    world_.machine(members[dice_.below(members.size())]).rotate(number);
    const Time end = world_.now() + world_.settings().slowly(patience);
    world_.run_until(end, [&] { return run.rotations_done + run.rotations_refused > before; });
    world_.run_until(world_.now() + world_.settings().reaction(),
                     [&] { return all_seal_with(members, number); });
    if (all_seal_with(members, number)) return true;
  }
  return false;
}

// Once more, and now nothing excuses that it is not done at once, or changes the ring.
std::string Rotations::rotate_in_peace(const std::vector<MachineIndex>& members) {
  Run& run = world_.run();
  number_ = run.seals->draw_key();
  for (const MachineIndex i : members) world_.machine(i).give_key(number_);
  const auto rings = [&] {
    std::uint64_t sum = 0;
    for (const MachineIndex i : members) sum += world_.machine(i).configurations();
    return sum;
  };
  const std::uint64_t before = run.rotations_done, rings_before = rings();
  world_.machine(members[dice_.below(members.size())]).rotate(number_);
  world_.run_until(world_.now() + world_.settings().slowly(world_.settings().reaction()),
                   [&] { return run.rotations_done > before && all_seal_with(members, number_); });
  if (run.rotations_done == before || !all_seal_with(members, number_))
    return fmt::format("not all of {} machines that are one ring went by key {} at once",
                       members.size(), number_);
  if (rings() != rings_before) return "the ring broke while the key changed";
  ++run.reached["rotation: done in peace"];
  return {};
}

std::string Rotations::finish(const std::vector<MachineIndex>& members) {
  if (!any()) return {};
  if (!world_.machine(members[0]).snapshot().verdict.quorate) {
    start_anew(members);
    return {};
  }
  for (const std::size_t number : {newest(members), number_})
    if (!ask_until_done(members, number))
      return fmt::format("not all of {} machines have come to go by key {}", members.size(),
                         number);
  std::string wrong;
  for (int i = 0; i < in_peace && wrong.empty(); ++i) wrong = rotate_in_peace(members);
  for (const MachineIndex i : members) world_.machine(i).place_key(number_);
  return wrong;
}

}  // namespace gyre::sim
