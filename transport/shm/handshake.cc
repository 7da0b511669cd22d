#include "transport/shm/handshake.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>

namespace gyre::shm {
namespace {

using Failure = HandshakeFailure;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t magic = 0x65727967;  // "gyre"
constexpr std::uint32_t version = 1;

// These 16 bytes stay what they are in every version, so that each can name the other's.
struct Hello {
  std::uint32_t magic = shm::magic;
  std::uint32_t version = shm::version;
  std::uint32_t kind = 0;
  std::uint32_t question_size = 0;
};

struct Reply {
  std::uint32_t magic = shm::magic;
  std::uint32_t version = shm::version;
  std::uint32_t refused = 0;
  std::uint32_t text_size = 0;  // the reason, or the answer
  std::uint32_t node = 0, client = 0;
  std::uint64_t requests_size = 0, events_size = 0;
};

[[noreturn]] void fail(Failure failure, const std::string& what) {
  throw HandshakeError(failure, what);
}
[[noreturn]] void fail_call(const std::string& call) {
  fail(Failure::system, call + ": " + std::strerror(errno));
}

// One socket and the instant at which patience with it ends. `peer` names the other side.
class Talk {
 public:
  Talk(int socket, TimeLimit limit, std::string peer)
      : socket_(socket), end_(Clock::now() + limit), peer_(std::move(peer)) {}

  const std::string& peer() const noexcept { return peer_; }

  // Throws timed_out. A socket that hung up is ready: reading says so.
  void wait(short events) const {
    for (;;) {
      const auto left = std::chrono::ceil<TimeLimit>(end_ - Clock::now()).count();
      if (left <= 0) fail(Failure::timed_out, peer_ + " does not answer");
      pollfd ready{.fd = socket_, .events = events, .revents = 0};
      const int count = ::poll(&ready, 1, static_cast<int>(std::min<long>(left, 1 << 30)));
      if (count > 0) return;
      if (count < 0 && errno != EINTR) fail_call("poll");
    }
  }

  // Reads all of `bytes`; the first that arrive may bring descriptors along.
  void read(std::span<std::byte> bytes, std::span<Descriptor> descriptors = {}) const {
    while (!bytes.empty()) {
      wait(POLLIN);
      const auto got = read_some(bytes, descriptors);
      if (got == 0) fail(Failure::malformed, peer_ + " closed the connection in the handshake");
      bytes = bytes.subspan(got);
    }
  }

  // Writes all of `bytes`. A peer that is gone already may have left its reason to be read: so
  // this is not told here.
  void write(std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      wait(POLLOUT);
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
      if (sent < 0 && errno != EAGAIN && errno != EINTR) fail_call("send to " + peer_);
      if (sent > 0) bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }

  template <typename T>
  T read_value(std::span<Descriptor> descriptors = {}) const {
    T value;
    read(std::as_writable_bytes(std::span(&value, 1)), descriptors);
    return value;
  }
  template <typename T>
  void write_value(const T& value) const {
    write(std::as_bytes(std::span(&value, 1)));
  }
  std::string read_text(std::size_t size) const {
    std::string text(size, '\0');
    read(std::as_writable_bytes(std::span(text)));
    return text;
  }
  void write_text(std::string_view text) const { write(std::as_bytes(std::span(text))); }

 private:
  std::size_t read_some(std::span<std::byte> bytes, std::span<Descriptor> descriptors) const {
    iovec into{.iov_base = bytes.data(), .iov_len = bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    }
    const auto got = ::recvmsg(socket_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      wait(POLLIN);
      return read_some(bytes, descriptors);
    }
    if (got < 0 && errno != ECONNRESET) fail_call("recvmsg from " + peer_);
    if (got <= 0) return 0;
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
      const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < std::min(count, descriptors.size()); ++i) {
        int number;
        std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
        descriptors[i] = Descriptor(number);
      }
    }
    return static_cast<std::size_t>(got);
  }

  int socket_;
  Clock::time_point end_;
  std::string peer_;
};

ucred peer_of(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
    fail_call("getsockopt SO_PEERCRED");
  return who;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    fail(Failure::system, path + ": longer than a socket's name may be (" +
                              std::to_string(sizeof address.sun_path - 1) + " bytes)");
  path.copy(address.sun_path, path.size());
  return address;
}

std::string path_in(const std::string& run_dir) {
  return run_dir + "/gyre.sock";
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// ---- the program's side ----

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
  if (reply.magic != magic || reply.text_size > answer_max)
    fail(Failure::malformed, talk.peer() + ": not the socket of a gyred");
  if (reply.refused) fail(Failure::refused, talk.peer() + ": " + talk.read_text(reply.text_size));
  if (reply.version != version)
    fail(Failure::malformed, talk.peer() + ": gyred speaks version " +
                                 std::to_string(reply.version) + ", this program speaks " +
                                 std::to_string(version));
  return reply;
}

Mapping map(int memory, std::size_t size) {
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory, 0);
  if (at == MAP_FAILED) fail_call("mmap of " + std::to_string(size) + " bytes");
  return {at, size};
}

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

// ---- the daemon's side ----

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

std::string ask(const std::string& run_dir, std::string_view question, TimeLimit limit) {
  const std::string path = path_in(run_dir);
  if (question.size() > question_max)
    fail(Failure::refused, "a question longer than " + std::to_string(question_max) + " bytes");
  const Descriptor socket = connect_to(path, limit);
  const Talk talk(socket.number(), limit, path);
  talk.write_value(Hello{.kind = static_cast<std::uint32_t>(Caller::Kind::query),
                         .question_size = static_cast<std::uint32_t>(question.size())});
  talk.write_text(question);
  const Reply reply = read_reply(talk, {});
  return talk.read_text(reply.text_size);
}

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
    if (::unlink(path_.c_str()) != 0) fail_call("unlink " + path_);
    if (::bind(socket_.number(), generic(address), sizeof address) != 0) fail_call("bind " + path_);
  }
  // Before anybody can connect.
  if (::chmod(path_.c_str(), 0660) != 0) fail_call("chmod " + path_);
  if (::listen(socket_.number(), SOMAXCONN) != 0) fail_call("listen on " + path_);
}

Listener::~Listener() {
  if (socket_) ::unlink(path_.c_str());
}

Descriptor Listener::accept() noexcept {
  return Descriptor(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
}

bool allow_own(uid_t uid) noexcept {
  return uid == 0 || uid == ::geteuid();
}

Caller read_hello(const Descriptor& socket, bool (*allow)(uid_t), TimeLimit limit) {
  const ucred who = peer_of(socket.number());
  const std::string name = "pid " + std::to_string(who.pid) + " of uid " + std::to_string(who.uid);
  const auto turn_away = [&](Failure failure, const std::string& reason) {
    refuse(socket, reason, limit);
    fail(failure, name + ": " + reason);
  };
  if (!allow(who.uid))
    turn_away(Failure::untrusted, "uid " + std::to_string(who.uid) + " is not allowed");

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

void answer(const Descriptor& socket, std::string_view json, TimeLimit limit) {
  if (json.size() > answer_max) {
    refuse(socket, "the answer is longer than " + std::to_string(answer_max) + " bytes", limit);
    return;
  }
  const Talk talk(socket.number(), limit, "a query");
  Reply reply;
  reply.text_size = static_cast<std::uint32_t>(json.size());
  talk.write_value(reply);
  talk.write_text(json);
}

void refuse(const Descriptor& socket, std::string_view reason, TimeLimit limit) {
  const Talk talk(socket.number(), limit, "a caller");
  Reply reply;
  reply.refused = 1;
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
