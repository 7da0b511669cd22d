// What a program says first, as the daemon reads it: a caller, or a refusal that the program can
// read.
#include <cassert>

#include "tests/fuzz/wire_of_sockets.hh"
#include "transport/shm/replies.hh"
#include "transport/shm/talk.hh"

namespace {

using namespace gyre;
using namespace gyre::shm;

// Replies, each with its text, the last one perhaps cut short by a program that is gone.
void check_replies(std::span<const std::byte> bytes) {
  while (bytes.size() >= sizeof(Reply)) {
    Reply reply;
    std::memcpy(&reply, bytes.data(), sizeof reply);
    assert(reply.magic == magic && reply.version == version &&
           Reply::Kind{reply.kind} == Reply::Kind::refused);
    assert(reply.text_size > 0 && reply.text_size <= part_max);
    bytes = bytes.subspan(std::min(bytes.size(), sizeof reply + reply.text_size));
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Descriptor socket(1 << 20);
  fuzz::OtherSide& side = fuzz::other_side();
  side.begin(fuzz::Script(data, size));
  try {
    const Caller caller = read_hello(socket, allow_own, TimeLimit(1000));
    assert(caller.kind == Caller::Kind::client || caller.kind == Caller::Kind::query);
    assert(caller.kind == Caller::Kind::query || caller.question.empty());
    assert(caller.question.size() <= question_max && allow_own(caller.uid, 0) && caller.pid == 17);
    assert(side.received.empty());
  } catch (const HandshakeError& error) {
    check_replies(side.received);
  }
  return 0;
}
