#include "transport/shm/replies.hh"

#include "transport/shm/talk.hh"

namespace gyre::shm {
namespace {

// What was written is dropped from the front only in such pieces: a long answer is not moved for
// every write.
constexpr std::size_t drop_min = 1 << 20;

void append(std::string& bytes, Reply::Kind kind, std::string_view text) {
  Reply reply;
  reply.kind = static_cast<std::uint32_t>(kind);
  reply.text_size = static_cast<std::uint32_t>(text.size());
  bytes.append(reinterpret_cast<const char*>(&reply), sizeof reply).append(text);
}

}  // namespace

void Replies::answer(std::string_view text, bool last) {
  if (text.size() > answer_max)
    return refuse("the answer is longer than " + std::to_string(answer_max) + " bytes");
  for (; text.size() > part_max; text.remove_prefix(part_max))
    append(bytes_, Reply::Kind::part, text.substr(0, part_max));
  append(bytes_, last ? Reply::Kind::answer : Reply::Kind::more, text);
}

void Replies::refuse(std::string_view reason) {
  append(bytes_, Reply::Kind::refused, reason.substr(0, part_max));
}

bool Replies::write() noexcept {
  while (pending() > 0) {
    const auto sent =
        ::send(socket_.number(), bytes_.data() + written_, pending(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN;
    written_ += static_cast<std::size_t>(sent);
    if (pending() > 0 && written_ < drop_min) continue;
    bytes_.erase(0, written_);
    written_ = 0;
  }
  return true;
}

bool Replies::hung_up() const noexcept {
  char byte;
  const auto got = ::recv(socket_.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EINTR);
}

}  // namespace gyre::shm
