// The daemon's side of the handshake.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <new>

#include "transport/shm/handshake.hh"
#include "transport/shm/talk.hh"

namespace gyre::shm {
namespace {

struct Made {
  Descriptor memory, room;  // for the program
  Channel channel;          // the daemon's, without its socket
};

std::size_t ring_size(std::size_t asked) {
  return std::bit_ceil(std::max(asked, ring_min));
}

Made make_memory(const Offer& offer) {
  Made made;
  Channel& channel = made.channel;
  channel.requests_size = ring_size(offer.requests_size);
  channel.events_size = ring_size(offer.events_size);
  channel.node = offer.node;
  channel.client = offer.client;
  const std::size_t size = words_size + channel.requests_size + channel.events_size;

  made.memory = Descriptor(::memfd_create("gyre-client", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!made.memory) fail_call("memfd_create");
  if (::ftruncate(made.memory.number(), static_cast<off_t>(size)) != 0)
    fail_call("ftruncate of " + std::to_string(size) + " bytes");
  if (::fcntl(made.memory.number(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    fail_call("fcntl F_ADD_SEALS");
  channel.memory = map(made.memory.number(), size);
  new (channel.memory.memory()) SharedWords;

  std::array<int, 2> room{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, room.data()) != 0)
    fail_call("socketpair");
  channel.room = Descriptor(room[0]);
  made.room = Descriptor(room[1]);
  return made;
}

// The first bytes of the reply, with the descriptors.
std::size_t send_rights(int socket, const Reply& reply, const Made& made) {
  Reply copy = reply;
  iovec from{.iov_base = &copy, .iov_len = sizeof copy};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &from;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(2 * sizeof(int));
  const std::array<int, 2> numbers{made.memory.number(), made.room.number()};
  std::memcpy(CMSG_DATA(header), numbers.data(), sizeof numbers);
  const auto sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent <= 0) fail_call("sendmsg of the memory to a program");
  return static_cast<std::size_t>(sent);
}

Reply reply_for(const Channel& channel) {
  Reply reply;
  reply.node = channel.node;
  reply.client = channel.client;
  reply.requests_size = channel.requests_size;
  reply.events_size = channel.events_size;
  return reply;
}

}  // namespace

Listener::Listener(const std::string& run_dir) : path_(path_in(run_dir)) {
  const sockaddr_un address = address_of(path_);
  socket_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) fail_call("socket AF_UNIX");
  if (::bind(socket_.number(), generic(address), sizeof address) != 0) {
    if (errno != EADDRINUSE) fail_call("bind " + path_);
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(probe.number(), generic(address), sizeof address) == 0 || errno == EAGAIN)
      fail(Failure::system, path_ + ": another gyred listens there");
    if (errno != ECONNREFUSED) fail_call(path_);
    struct stat facts {};
    if (::lstat(path_.c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode))
      fail(Failure::system, path_ + ": is there already and is no socket");
    if (::unlink(path_.c_str()) != 0) fail_call("unlink " + path_);
    if (::bind(socket_.number(), generic(address), sizeof address) != 0) fail_call("bind " + path_);
  }
  // Before anybody can connect.
  if (::chmod(path_.c_str(), 0666) != 0) fail_call("chmod " + path_);
  if (::listen(socket_.number(), SOMAXCONN) != 0) fail_call("listen on " + path_);
}

Listener::~Listener() {
  if (socket_) ::unlink(path_.c_str());
}

Descriptor Listener::accept() noexcept {
  return Descriptor(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
}

bool allow_own(uid_t uid, gid_t) noexcept {
  return uid == 0 || uid == ::geteuid();
}

void check_caller(const Descriptor& socket, const Allow& allow, TimeLimit limit) {
  const ucred who = peer_of(socket.number());
  if (allow(who.uid, who.gid)) return;
  const std::string reason = "uid " + std::to_string(who.uid) + " with gid " +
                             std::to_string(who.gid) + " is not allowed (uidgid)";
  refuse(socket, reason, limit);
  fail(Failure::untrusted, "pid " + std::to_string(who.pid) + ": " + reason);
}

bool hello_is_there(const Descriptor& socket) noexcept {
  Hello hello;
  const auto got = ::recv(socket.number(), &hello, sizeof hello, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0) return errno != EAGAIN && errno != EINTR;
  if (got < static_cast<ssize_t>(sizeof hello)) return got == 0;
  const std::size_t whole = sizeof hello + std::min<std::size_t>(hello.question_size, question_max);
  int there = 0;
  return ::ioctl(socket.number(), FIONREAD, &there) != 0 ||
         static_cast<std::size_t>(there) >= whole;
}

Caller read_hello(const Descriptor& socket, const Allow& allow, TimeLimit limit) {
  check_caller(socket, allow, limit);
  const ucred who = peer_of(socket.number());
  const std::string name = "pid " + std::to_string(who.pid) + " of uid " + std::to_string(who.uid);
  const auto turn_away = [&](Failure failure, const std::string& reason) {
    refuse(socket, reason, limit);
    fail(failure, name + ": " + reason);
  };
  const Talk talk(socket.number(), limit, name);
  const auto hello = talk.read_value<Hello>();
  if (hello.magic != magic) fail(Failure::malformed, name + ": does not speak gyre's protocol");
  if (hello.version != version)
    turn_away(Failure::malformed, "the program speaks version " + std::to_string(hello.version) +
                                      ", gyred speaks " + std::to_string(version));
  Caller caller{.kind = Caller::Kind{static_cast<std::uint8_t>(hello.kind)},
                .uid = who.uid,
                .pid = static_cast<std::uint32_t>(who.pid),
                .question = {}};
  const bool client = hello.kind == static_cast<std::uint32_t>(Caller::Kind::client);
  const bool query = hello.kind == static_cast<std::uint32_t>(Caller::Kind::query);
  if (!(client && hello.question_size == 0) && !(query && hello.question_size <= question_max))
    turn_away(Failure::malformed, "unknown request");
  caller.question = talk.read_text(hello.question_size);
  return caller;
}

Channel welcome(Descriptor socket, const Caller& caller, const Offer& offer, TimeLimit limit) {
  Made made = make_memory(offer);
  const Talk talk(socket.number(), limit, "pid " + std::to_string(caller.pid));
  const Reply reply = reply_for(made.channel);
  const std::size_t sent = send_rights(socket.number(), reply, made);
  talk.write(std::as_bytes(std::span(&reply, 1)).subspan(sent));
  made.channel.socket = std::move(socket);
  made.channel.pid = caller.pid;
  return std::move(made.channel);
}

void refuse(const Descriptor& socket, std::string_view reason, TimeLimit limit) {
  const Talk talk(socket.number(), limit, "a caller");
  Reply reply;
  reply.kind = static_cast<std::uint32_t>(Reply::Kind::refused);
  reply.text_size = static_cast<std::uint32_t>(reason.size());
  talk.write_value(reply);
  talk.write_text(reason);
}

ChannelPair make_pair(const Offer& offer) {
  Made made = make_memory(offer);
  std::array<int, 2> sockets{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0)
    fail_call("socketpair");
  ChannelPair pair;
  pair.program.memory = map(made.memory.number(), made.channel.memory.size());
  pair.program.requests_size = made.channel.requests_size;
  pair.program.events_size = made.channel.events_size;
  pair.program.node = offer.node;
  pair.program.client = offer.client;
  pair.program.room = std::move(made.room);
  pair.program.socket = Descriptor(sockets[0]);
  pair.daemon = std::move(made.channel);
  pair.daemon.socket = Descriptor(sockets[1]);
  pair.daemon.pid = pair.program.pid = static_cast<std::uint32_t>(::getpid());
  return pair;
}

}  // namespace gyre::shm
