// What goes back and forth once a question was put: its answer or, for questions that have one
// answer after the other, all of them.
//
//   Reply {part} + text, … , Reply {answer} + text    the only answer, or the last one
//   Reply {part} + text, … , Reply {more} + text      an answer, and others will follow
//   Reply {refused} + the reason                      there is no answer, or no further one
#pragma once

#include <string>
#include <string_view>

#include "transport/shm/handshake.hh"

namespace gyre::shm {

inline constexpr std::size_t part_max = 1 << 20;     // bytes of text behind one Reply
inline constexpr std::size_t answer_max = 32 << 20;  // bytes of one answer

// The daemon's side: what is on its way to who asked. Nothing here waits; a program that takes
// nothing is its owner's to judge.
class Replies {
 public:
  explicit Replies(Descriptor socket) noexcept : socket_(std::move(socket)) {}

  // An answer longer than answer_max becomes a refusal that says so.
  void answer(std::string_view text, bool last);
  void refuse(std::string_view reason);

  // Writes what the socket takes at once. False: the other side is gone.
  bool write() noexcept;
  // After the socket became readable, which it never does for a program that only listens.
  bool hung_up() const noexcept;

  std::size_t pending() const noexcept { return bytes_.size() - written_; }
  int fd() const noexcept { return socket_.number(); }

 private:
  Descriptor socket_;
  std::string bytes_;
  std::size_t written_ = 0;
};

// The program's side: a question that was put. Throws HandshakeError.
class Inquiry {
 public:
  Inquiry(const std::string& run_dir, std::string_view question, TimeLimit limit);

  struct Answer {
    std::string text;
    bool last = false;
  };
  // Waits until the whole answer is here.
  Answer read(TimeLimit limit) const;
  int fd() const noexcept { return socket_.number(); }

 private:
  std::string path_;
  Descriptor socket_;
};

}  // namespace gyre::shm
