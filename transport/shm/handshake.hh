// How a program and the daemon meet: a stream socket `gyre.sock` in the run directory.
//
//   program                                daemon (its helper thread)
//   Hello {client}                   →     uid checked before a byte is read
//                                    ←     Reply {node, client number, sizes} + memfd, room socket
//   Hello {query} + question         →
//                                    ←     replies (replies.hh), then the socket is closed
//   (either)                         ←     Reply {refused} + the reason as text
//
// Both sides learn the other's uid and pid from the kernel (SO_PEERCRED), never from a message.
// All of this may wait and allocate, each call up to its own time limit; none of it belongs on the
// reactor. Failures are thrown as HandshakeError.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "transport/shm/channel.hh"

namespace gyre::shm {

enum class HandshakeFailure : std::uint8_t {
  no_daemon,  // nothing listens there
  refused,    // the other side said no; what() carries its reason
  untrusted,  // the other side runs under a uid that we do not talk to
  malformed,  // wrong magic, wrong version, truncated
  timed_out,
  gone,    // the other side went away in the midst of it
  system,  // a system call failed; what() names it
};

class HandshakeError : public std::runtime_error {
 public:
  HandshakeError(HandshakeFailure failure, const std::string& what)
      : std::runtime_error(what), failure_(failure) {}
  HandshakeFailure failure() const noexcept { return failure_; }

 private:
  HandshakeFailure failure_;
};

inline constexpr std::size_t question_max = 64 << 10;
inline constexpr std::size_t requests_default = 4 << 20;
inline constexpr std::size_t events_default = 64 << 20;  // client_backlog_max
inline constexpr std::size_t ring_min = 4 << 20;         // holds the largest record of either kind

using TimeLimit = std::chrono::milliseconds;

// ---- the program's side ----

// Throws what() naming the socket. Accepts a daemon that runs as root or under our own uid.
Channel connect_client(const std::string& run_dir, TimeLimit limit);

// ---- the daemon's side ----

// The listening socket run_dir/gyre.sock (non-blocking, mode 0666: who may connect is decided by
// who it is, and told the reason). A file left there by a daemon that is gone is replaced; a living
// one is a HandshakeError (system) that says so.
class Listener {
 public:
  explicit Listener(const std::string& run_dir);
  ~Listener();  // also removes the file
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int fd() const noexcept { return socket_.number(); }
  // Somebody who connected; none when nobody waits.
  Descriptor accept() noexcept;

 private:
  std::string path_;
  Descriptor socket_;
};

struct Caller {
  enum class Kind : std::uint8_t { client = 1, query = 2 } kind{};
  uid_t uid = 0;
  std::uint32_t pid = 0;
  std::string question;  // of a query: its name and its arguments, with a NUL between them
};

// Decides by the caller's effective uid and gid at the time when it connected.
using Allow = std::function<bool(uid_t, gid_t)>;
// Root and the daemon's own uid.
bool allow_own(uid_t uid, gid_t gid) noexcept;

// Tells a caller that is not allowed so, and throws; before a byte of it is read.
void check_caller(const Descriptor& socket, const Allow& allow, TimeLimit limit);
// Whether read_hello() would not wait: all of it is there, or something that is none.
bool hello_is_there(const Descriptor& socket) noexcept;
// Reads who is there. A caller that is not allowed is told so; then, as for every other failure,
// this throws, and the caller closes the socket.
Caller read_hello(const Descriptor& socket, const Allow& allow, TimeLimit limit);

struct Offer {
  std::uint32_t node = 0;    // our node id
  std::uint32_t client = 0;  // a number not in use
  std::size_t requests_size = requests_default;
  std::size_t events_size = events_default;  // rounded up to a power of two, at least ring_min
};

// Makes the memory and the room socket, hands them over and keeps the other ends.
Channel welcome(Descriptor socket, const Caller& caller, const Offer& offer, TimeLimit limit);
void refuse(const Descriptor& socket, std::string_view reason, TimeLimit limit);

// Both ends of a channel without a handshake, for tests and for a client in the daemon's process.
struct ChannelPair {
  Channel daemon, program;
};
ChannelPair make_pair(const Offer& offer);

}  // namespace gyre::shm
