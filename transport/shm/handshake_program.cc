// The program's side of the handshake.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <array>
#include <bit>

#include "transport/shm/replies.hh"
#include "transport/shm/talk.hh"

namespace gyre::shm {
Descriptor connect_to(const std::string& path, TimeLimit limit) {
  const sockaddr_un address = address_of(path);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail_call("socket AF_UNIX");
  // connect() itself waits while the daemon's queue of callers is full.
  const timeval patience{.tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000};
  ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.number(), generic(address), sizeof address) != 0) {
    const std::string reason = path + ": " + std::strerror(errno);
    if (errno == ENOENT || errno == ECONNREFUSED)
      fail(Failure::no_daemon, reason + " (gyred is not running, or in another run directory)");
    if (errno == EACCES || errno == EPERM) fail(Failure::refused, reason);
    if (errno == EAGAIN) fail(Failure::timed_out, path + ": gyred does not answer");
    fail(Failure::system, reason);
  }
  const uid_t uid = peer_of(socket.number()).uid;
  if (uid != 0 && uid != ::geteuid())
    fail(Failure::untrusted, path + ": listened to by uid " + std::to_string(uid) +
                                 ", which is neither root nor this program's own");
  return socket;
}

Reply read_reply(const Talk& talk, std::span<Descriptor> descriptors) {
  const auto reply = talk.read_value<Reply>(descriptors);
  if (reply.magic != magic || reply.text_size > part_max)
    fail(Failure::malformed, talk.peer() + ": not the socket of a gyred");
  if (Reply::Kind{reply.kind} == Reply::Kind::refused)
    fail(Failure::refused, talk.peer() + ": " + talk.read_text(reply.text_size));
  if (reply.version != version)
    fail(Failure::malformed, talk.peer() + ": gyred speaks version " +
                                 std::to_string(reply.version) + ", this program speaks " +
                                 std::to_string(version));
  return reply;
}

namespace {

// Nobody may take the memory away under us.
void check_memory(const Talk& talk, const Descriptor& memory, const Reply& reply) {
  struct stat facts {};
  const int seals = ::fcntl(memory.number(), F_GET_SEALS);
  const bool sealed = seals >= 0 && (seals & F_SEAL_SHRINK);
  const auto usable = [](std::uint64_t size) {
    return std::has_single_bit(size) && size >= ring_min && size <= std::uint64_t{1} << 40;
  };
  if (!sealed || ::fstat(memory.number(), &facts) != 0 || !usable(reply.requests_size) ||
      !usable(reply.events_size) ||
      static_cast<std::uint64_t>(facts.st_size) !=
          words_size + reply.requests_size + reply.events_size)
    fail(Failure::malformed, talk.peer() + ": gyred offered memory that is not as announced");
}

}  // namespace

Channel connect_client(const std::string& run_dir, TimeLimit limit) {
  const std::string path = path_in(run_dir);
  Channel channel;
  channel.socket = connect_to(path, limit);
  const Talk talk(channel.socket.number(), limit, path);
  talk.write_value(Hello{.kind = static_cast<std::uint32_t>(Caller::Kind::client)});
  std::array<Descriptor, 2> descriptors;
  const Reply reply = read_reply(talk, descriptors);
  check_memory(talk, descriptors[0], reply);
  if (!descriptors[1]) fail(Failure::malformed, path + ": gyred did not pass all descriptors");
  channel.room = std::move(descriptors[1]);
  channel.requests_size = reply.requests_size;
  channel.events_size = reply.events_size;
  channel.memory =
      map(descriptors[0].number(), words_size + channel.requests_size + channel.events_size);
  channel.node = reply.node;
  channel.client = reply.client;
  channel.pid = static_cast<std::uint32_t>(::getpid());
  return channel;
}

}  // namespace gyre::shm
