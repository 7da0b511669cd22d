// A daemon's record as a program reads it: an event whose texts and lists lie in the record, or
// nothing.
#include "client/gyre/event.hh"

#include <cassert>

#include "tests/fuzz/script.hh"
#include "transport/shm/records.hh"

namespace {

using namespace gyre;
using namespace gyre::client;

std::span<const std::byte> payload;

bool inside(const void* at, std::size_t size) {
  const auto* const from = static_cast<const std::byte*>(at);
  return size == 0 || (from >= payload.data() && from + size <= payload.data() + payload.size());
}
bool inside(std::string_view text) {
  return inside(text.data(), text.size());
}

void check(const Message& message) {
  assert(inside(message.group) && inside(message.payload.data(), message.payload.size()));
  assert(sizeof(shm::MessageRecord) + shm::padded(message.group.size()) + message.payload.size() ==
         payload.size());
}
void check(const View& view) {
  assert(sizeof(shm::ViewRecord) + view.members.size() * sizeof(shm::MemberRecord) +
             (view.joined.size() + view.left.size()) * 4 <=
         payload.size());
}
void check(const Transitional& transitional) {
  assert(sizeof(shm::TransitionalRecord) +
             transitional.members.size() * sizeof(shm::MemberRecord) <=
         payload.size());
}
void check(const GroupChange& change) {
  assert(inside(change.group));
  assert(sizeof(shm::ChangeRecord) + change.members.size() * sizeof(shm::ProcessRecord) +
             (change.joined.size() + change.left.size()) * sizeof(shm::EntryRecord) +
             change.group.size() <=
         payload.size());
}
void check(const VerdictChange&) {}
void check(const JoinRefused& refused) {
  assert(inside(refused.group) && inside(refused.reason));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script(data, size);
  const std::uint32_t kind = script.byte();
  payload = script.rest();
  if (const auto event = read_event({.kind = kind % 8, .payload = payload}))
    std::visit([](const auto& one) { check(one); }, *event);
  return 0;
}
