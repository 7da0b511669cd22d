// What both sides of the handshake say, and how they wait for each other. Used by handshake_*.cc.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "transport/shm/handshake.hh"

namespace gyre::shm {

using Failure = HandshakeFailure;

inline constexpr std::uint32_t magic = 0x65727967;  // "gyre"
inline constexpr std::uint32_t version = 1;

// These 16 bytes stay what they are in every version, so that each can name the other's.
struct Hello {
  std::uint32_t magic = shm::magic;
  std::uint32_t version = shm::version;
  std::uint32_t kind = 0;
  std::uint32_t question_size = 0;
};

struct Reply {
  enum class Kind : std::uint32_t { answer = 0, refused = 1, part = 2, more = 3 };  // replies.hh
  std::uint32_t magic = shm::magic;
  std::uint32_t version = shm::version;
  std::uint32_t kind = 0;
  std::uint32_t text_size = 0;  // the reason, or the answer
  std::uint32_t node = 0, client = 0;
  std::uint64_t requests_size = 0, events_size = 0;
};

[[noreturn]] void fail(Failure failure, const std::string& what);
[[noreturn]] void fail_call(const std::string& call);  // with what errno says

// One socket and the instant at which patience with it ends. `peer` names the other side.
class Talk {
 public:
  Talk(int socket, TimeLimit limit, std::string peer);

  const std::string& peer() const noexcept { return peer_; }
  // Throws timed_out. A socket that hung up is ready: reading says so.
  void wait(short events) const;
  // Reads all of `bytes`; the first that arrive may bring descriptors along.
  void read(std::span<std::byte> bytes, std::span<Descriptor> descriptors = {}) const;
  // Writes all of `bytes`. A peer that is gone already may have left its reason to be read: so
  // this is not told here.
  void write(std::span<const std::byte> bytes) const;

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
  std::string read_text(std::size_t size) const;
  void write_text(std::string_view text) const { write(std::as_bytes(std::span(text))); }

 private:
  // 0: the other side has closed; -1: nothing there after all.
  ssize_t read_some(std::span<std::byte> bytes, std::span<Descriptor> descriptors) const;

  int socket_;
  std::chrono::steady_clock::time_point end_;
  std::string peer_;
};

ucred peer_of(int socket);
sockaddr_un address_of(const std::string& path);
inline std::string path_in(const std::string& run_dir) {
  return run_dir + "/gyre.sock";
}
inline const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}
Mapping map(int memory, std::size_t size);

// The program's side: a socket to who listens there, if that is a daemon to be trusted.
Descriptor connect_to(const std::string& path, TimeLimit limit);
// Throws for a refusal, and for what no gyred says.
Reply read_reply(const Talk& talk, std::span<Descriptor> descriptors);

}  // namespace gyre::shm
