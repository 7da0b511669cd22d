// Questions to the daemon, and where it is.
#include <poll.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "client/gyre/daemon.hh"
#include "client/gyre/patience.hh"
#include "transport/shm/replies.hh"

namespace gyre::client {
namespace {

shm::Inquiry put(std::string_view question, const Options& options,
                 std::span<const std::string> arguments) {
  std::string words(question);
  for (const std::string& argument : arguments) {
    if (argument.find('\0') != argument.npos)
      throw Error(ErrorCode::refused,
                  "an argument of \"" + std::string(question) + "\" holds a NUL");
    (words += '\0') += argument;
  }
  return {run_dir(options), words, options.connect_timeout};
}

}  // namespace

std::string run_dir(const Options& options) {
  if (!options.run_dir.empty()) return options.run_dir;
  // Not in a program with more rights than its caller.
  const char* set = ::secure_getenv("GYRE_RUN_DIR");
  return set && *set ? set : "/run/gyre";
}

ErrorCode code_of(shm::HandshakeFailure failure) noexcept {
  switch (failure) {
    case shm::HandshakeFailure::no_daemon:
      return ErrorCode::no_daemon;
    case shm::HandshakeFailure::refused:
    case shm::HandshakeFailure::untrusted:
    case shm::HandshakeFailure::malformed:
      return ErrorCode::refused;
    case shm::HandshakeFailure::timed_out:
      return ErrorCode::timed_out;
    case shm::HandshakeFailure::gone:
      return ErrorCode::disconnected;
    case shm::HandshakeFailure::system:
      return ErrorCode::system;
  }
  return ErrorCode::system;
}

std::string Connection::query(std::string_view question, const Options& options,
                              std::span<const std::string> arguments) {
  return translated(
      [&] { return put(question, options, arguments).read(options.connect_timeout).text; });
}

struct Answers::State {
  shm::Inquiry inquiry;
  shm::TimeLimit patience;  // with an answer that has begun
  bool last = false;
};

Answers::Answers(std::string_view question, const Options& options,
                 std::span<const std::string> arguments) {
  translated([&] {
    state_ =
        std::make_unique<State>(State{put(question, options, arguments), options.connect_timeout});
  });
}
Answers::~Answers() = default;
Answers::Answers(Answers&&) noexcept = default;
Answers& Answers::operator=(Answers&&) noexcept = default;

std::optional<std::string> Answers::next(std::chrono::milliseconds timeout) {
  if (state_->last) return std::nullopt;
  for (const Patience patience(timeout);;) {
    pollfd ready{.fd = fd(), .events = POLLIN, .revents = 0};
    const int count = ::poll(&ready, 1, patience.left());
    if (count > 0) break;
    if (count == 0) return std::nullopt;
    if (errno != EINTR) throw Error(ErrorCode::system, std::string("poll: ") + strerror(errno));
  }
  shm::Inquiry::Answer answer = translated([&] { return state_->inquiry.read(state_->patience); });
  state_->last = answer.last;
  return std::move(answer.text);
}

int Answers::fd() const noexcept {
  return state_->inquiry.fd();
}

}  // namespace gyre::client
