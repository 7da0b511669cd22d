#include "rm/local/connection.hh"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace gyre::rm::local {

Connection::Connection(Loop& loop, Descriptor socket, const Limits& limits)
    : limits_(limits),
      peer_(peer_of(socket.number())),
      socket_(std::move(socket)),
      frames_(limits.frame_max),
      io_(loop.io(socket_.number(), EPOLLIN, [this](std::uint32_t found) { ready(found); })),
      stalled_(loop.timer([this] { close("it takes nothing of what was sent to it"); })),
      ended_(loop.later([this] {
        const Events kept = std::move(events_);  // beyond the connection's own end
        kept.closed(std::string(why_));
      })) {}

void Connection::ready(std::uint32_t events) {
  if (events & EPOLLOUT) write();
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && open() && !finishing_) read();
  if (finishing_ && events & (EPOLLHUP | EPOLLERR)) close(why_);
}

void Connection::read() {
  std::array<char, std::size_t{64} << 10> bytes;
  const ssize_t size = ::recv(socket_.number(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size < 0) return close(std::strerror(errno));
  if (size == 0) return close(frames_.between() ? "it went away" : "it went away within a frame");
  frames_.add({bytes.data(), static_cast<std::size_t>(size)});
  while (open() && !finishing_)
    if (const auto payload = frames_.next())
      events_.frame(*payload);
    else
      break;
  if (frames_.broken()) close("it sent a frame that is too long");
}

void Connection::send(std::string_view payload) {
  if (!open() || finishing_) return;
  if (outbox_.size() - gone_ > limits_.backlog_max)
    return close("it is too slow for what is sent to it");
  const bool waiting = !outbox_.empty();
  if (gone_ > outbox_.size() / 2) outbox_.erase(0, std::exchange(gone_, 0));
  append_frame(outbox_, payload);
  if (waiting) return;
  stalled_.in(limits_.stall_max);
  write();
}

void Connection::write() {
  while (gone_ < outbox_.size()) {
    const ssize_t size = ::send(socket_.number(), outbox_.data() + gone_, outbox_.size() - gone_,
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno != EAGAIN) return close(std::strerror(errno));
    if (size < 0) break;
    gone_ += static_cast<std::size_t>(size);
    stalled_.in(limits_.stall_max);
  }
  const std::uint32_t reads = finishing_ ? 0 : std::uint32_t{EPOLLIN};
  if (gone_ < outbox_.size()) return io_.wait_for(reads | EPOLLOUT);
  outbox_ = {};
  gone_ = 0;
  stalled_.enable(false);
  if (finishing_) return close(why_);
  io_.wait_for(reads);
}

void Connection::finish(std::string why) {
  if (!open() || finishing_) return;
  finishing_ = true;
  why_ = std::move(why);
  write();
}

void Connection::close(std::string why) {
  if (!open()) return;
  why_ = std::move(why);
  io_ = {};
  stalled_.enable(false);
  socket_.reset();
  ended_.enable(true);
}

}  // namespace gyre::rm::local
