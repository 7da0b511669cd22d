// What a daemon answers, as a program reads it: an answer, memory to be trusted, or an error.
#include <fcntl.h>
#include <sys/mman.h>

#include <cassert>

#include "tests/fuzz/wire_of_sockets.hh"
#include "transport/shm/replies.hh"

namespace {

using namespace gyre;
using namespace gyre::shm;

constexpr std::size_t memory_size = words_size + 2 * ring_min;

int make_memory(unsigned seals) {
  const int number = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  const bool made =
      number >= 0 && ftruncate(number, memory_size) == 0 && fcntl(number, F_ADD_SEALS, seals) == 0;
  assert(made);
  static_cast<void>(made);
  return number;
}

void connect() {
  const Channel channel = connect_client("/run/x", TimeLimit(1000));
  assert(channel.requests_size >= ring_min && channel.events_size >= ring_min);
  assert(channel.memory.size() == words_size + channel.requests_size + channel.events_size);
  assert(channel.memory.size() == memory_size && channel.room);
  assert(channel.words().ended.load() == 0);
}

void read_answers() {
  const Inquiry inquiry("/run/x", "status", TimeLimit(1000));
  for (bool last = false; !last;) {
    const Inquiry::Answer answer = inquiry.read(TimeLimit(1000));
    assert(answer.text.size() <= answer_max);
    last = answer.last;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int sealed = make_memory(F_SEAL_SHRINK | F_SEAL_GROW), open = make_memory(0);
  fuzz::OtherSide& side = fuzz::other_side();
  side.begin(fuzz::Script(data, size));
  const std::uint8_t choice = side.script.byte();
  side.memory = choice & 2 ? open : sealed;
  try {
    if (choice & 1)
      read_answers();
    else
      connect();
  } catch (const HandshakeError& error) {
    assert(error.what()[0] != '\0');
  }
  return 0;
}
