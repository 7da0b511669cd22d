#include "rm/local/client.hh"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "rm/local/address.hh"
#include "rm/local/error.hh"

namespace gyre::rm::local {
namespace {

using std::chrono::milliseconds;

milliseconds left(Client::Deadline deadline) {
  const auto rest = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(rest, milliseconds(0));
}

[[noreturn]] void time_out(const std::string& path) {
  throw LocalError(Failure::timed_out, path + ": no answer in time");
}

}  // namespace

Client::Client(const std::string& path, Deadline deadline, std::size_t frame_max)
    : path_(path), deadline_(deadline), socket_(stream_socket(true)), frames_(frame_max) {
  const milliseconds patience = std::max(left(deadline), milliseconds(1));  // none is for ever
  const timeval limit{patience.count() / 1000, patience.count() % 1000 * 1000};
  ::setsockopt(socket_.number(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  connect_to(socket_, path);
}

void Client::wait_for(short events) const {
  pollfd waiting{socket_.number(), events, 0};
  for (;;) {
    const milliseconds patience = std::min(left(deadline_), milliseconds(3'600'000));
    const int found = ::poll(&waiting, 1, static_cast<int>(patience.count()));
    if (found > 0) return;
    if (found == 0 && left(deadline_) == milliseconds(0)) time_out(path_);
    if (found < 0 && errno != EINTR)
      throw LocalError(Failure::system, path_ + ": poll: " + std::strerror(errno));
  }
}

void Client::send(std::string_view payload) {
  std::string stream;
  append_frame(stream, payload);
  for (std::string_view rest = stream; !rest.empty();) {
    const ssize_t size =
        ::send(socket_.number(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size >= 0)
      rest.remove_prefix(static_cast<std::size_t>(size));
    else if (errno == EAGAIN)
      wait_for(POLLOUT);
    else if (errno != EINTR)
      throw LocalError(Failure::closed, path_ + ": " + std::strerror(errno));
  }
}

std::string Client::receive() {
  for (;;) {
    if (const auto payload = frames_.next()) return std::string(*payload);
    if (frames_.broken())
      throw LocalError(Failure::malformed, path_ + ": the answer is longer than allowed");
    wait_for(POLLIN);
    std::array<char, std::size_t{64} << 10> bytes;
    const ssize_t size = ::recv(socket_.number(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size > 0)
      frames_.add({bytes.data(), static_cast<std::size_t>(size)});
    else if (size == 0)
      throw LocalError(Failure::closed, path_ + ": it ended the connection");
    else if (errno != EAGAIN && errno != EINTR)
      throw LocalError(Failure::closed, path_ + ": " + std::strerror(errno));
  }
}

}  // namespace gyre::rm::local
