// Programs that have an owner, instead of habits of their own.
#include <algorithm>

#include "tests/sim/machine.hh"
#include "tests/sim/process.hh"

namespace gyre::sim {

Program* Machine::open_program() {
  if (!process_) return nullptr;
  for (std::size_t i = 0; i < process_->slots.size(); ++i) {
    Process::Slot& slot = process_->slots[i];
    if (slot.program || !slot.port_free) continue;
    connect(i);
    slot.program->quieten(run_.now);
    plan();
    return slot.program.get();
  }
  return nullptr;
}

Program* Machine::program(std::uint32_t number) {
  if (!process_) return nullptr;
  Program* program = process_->slots[number % process_->slots.size()].program.get();
  return program && program->number() == number ? program : nullptr;
}

void Machine::close_program(std::uint32_t number) {
  if (!program(number)) return;
  end_program(number % process_->slots.size(), check::ProgramEnd::closed);
  plan();
}

bool Machine::may_act(std::uint32_t number, std::uint64_t verdict) {
  const Program* asks = program(number);
  return asks && asks->lease_until(verdict) > local().time_since_epoch().count();
}

}  // namespace gyre::sim
