// The program's side of a question.
#include <poll.h>

#include "transport/shm/replies.hh"
#include "transport/shm/talk.hh"

namespace gyre::shm {

Inquiry::Inquiry(const std::string& run_dir, std::string_view question, TimeLimit limit)
    : path_(path_in(run_dir)) {
  if (question.size() > question_max)
    fail(Failure::refused, "a question longer than " + std::to_string(question_max) + " bytes");
  socket_ = connect_to(path_, limit);
  const Talk talk(socket_.number(), limit, path_);
  talk.write_value(Hello{.kind = static_cast<std::uint32_t>(Caller::Kind::query),
                         .question_size = static_cast<std::uint32_t>(question.size())});
  talk.write_text(question);
}

Inquiry::Answer Inquiry::read(TimeLimit limit) const {
  const Talk talk(socket_.number(), limit, path_);
  Answer answer;
  for (;;) {
    talk.wait(POLLIN);
    if (char byte; ::recv(socket_.number(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
      fail(Failure::gone, path_ + ": gyred went away before it had answered");
    const Reply reply = read_reply(talk, {});
    const auto kind = Reply::Kind{reply.kind};
    if (kind > Reply::Kind::more || answer.text.size() + reply.text_size > answer_max)
      fail(Failure::malformed, path_ + ": not the answer of a gyred");
    answer.text += talk.read_text(reply.text_size);
    if (kind == Reply::Kind::part) continue;
    answer.last = kind == Reply::Kind::answer;
    return answer;
  }
}

}  // namespace gyre::shm
