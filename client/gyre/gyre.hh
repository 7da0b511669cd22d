// libgyre: ordered messages, views and process groups from the local gyred.
//
//   gyre::client::Connection ring;                // throws Error if no daemon runs
//   ring.join("prices");
//   ring.send("prices", bytes);                   // agreed order; Guarantee::safe if wanted
//   while (auto event = ring.receive()) { ... }   // one ordered stream
//
// The stream begins with the current View. One thread per Connection. Payloads and strings of an
// event are valid until the next call that takes an event. A program that does not take its events
// is cut off at the daemon's bounds (client_backlog_max, client_stall_max) and never slows the
// ring. The library starts no thread, raises no SIGPIPE, and its descriptors do not survive exec;
// after a fork, one of the two processes may go on using a Connection.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#define GYRE_PUBLIC __attribute__((visibility("default")))

namespace gyre::client {

enum class ErrorCode {
  no_daemon,           // nothing listens on the socket: not running, or another run directory
  refused,             // the daemon would not have us, or we would not have it; what() says why
  disconnected,        // the daemon went away, or cut this program off; what() says which
  timed_out,           // the daemon did not answer within connect_timeout, or hangs (send_timeout)
  message_too_long,    // more than message_max
  group_name_invalid,  // empty or longer than group_name_max
  not_joined,          // send to, or leave, a group that this connection has not joined
  already_joined,
  too_many_groups,  // more than groups_max at once
  system,           // an operating system call failed; what() names it
};

class GYRE_PUBLIC Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& what) : std::runtime_error(what), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

inline constexpr std::size_t message_max = (1 << 20) - 1024;  // bytes of one message
inline constexpr std::size_t group_name_max = 128;            // bytes
inline constexpr std::size_t groups_max = 256;                // that one connection may be in

enum class Guarantee : std::uint8_t { agreed = 0, safe = 1 };

struct RingId {
  std::uint64_t seq = 0;
  std::uint32_t representative = 0;
  std::uint64_t incarnation = 0;
  auto operator<=>(const RingId&) const = default;
};
struct Place {
  RingId ring;
  std::uint64_t seq = 0;
  std::uint32_t index = 0;
  auto operator<=>(const Place&) const = default;
};
struct Process {
  std::uint32_t node = 0, pid = 0, client = 0;
  auto operator<=>(const Process&) const = default;
};
struct Member {
  std::uint32_t node = 0;
  std::uint64_t since = 0;
};

struct Message {
  std::string_view group;
  Process sender;
  Place place;
  Guarantee guarantee{};
  std::span<const std::byte> payload;
};
// Whether the members of a view may act, by the votes that are counted in the one order: all of
// them come to the same verdict at the same place. What it is good for is a lease: who acts on it
// asks Connection::quorate() or lease_until() right before.
struct Verdict {
  enum class Reason : std::uint8_t {
    no_view,
    majority,
    heir,         // of a quorate view, with fewer votes than were once expected
    tie_breaker,  // half of the votes, with the tie-breaker
    two_node,
    device,   // master_wins
    too_few,  // from here on: not quorate
    tie_lost,
    waiting  // for all
  };
  // Why another side could be quorate as well, so that only fencing protects data.
  enum class Fencing : std::uint8_t { not_needed, two_node, no_section, by_hand, more_votes };

  std::uint64_t number = 0;  // among those that this daemon has told
  bool quorate = false;
  Reason reason{};
  Fencing fencing{};
  std::uint32_t votes = 0, expected = 0, needed = 0;
  std::uint32_t highest = 0;   // expected, before it shrank
  std::uint32_t withheld = 0;  // of members that have only just started
};
GYRE_PUBLIC std::string_view text(Verdict::Reason) noexcept;  // the words above
GYRE_PUBLIC std::string_view text(Verdict::Fencing) noexcept;

struct View {  // a regular configuration, numbered by its ring's seq
  std::uint64_t number = 0;
  RingId ring;
  std::vector<Member> members;
  std::vector<std::uint32_t> joined, left;
  std::uint32_t oldest = 0;
  Verdict verdict;
};
struct VerdictChange {  // within a view
  Place place;
  Verdict verdict;
};
struct Transitional {  // what follows, up to the next view, is delivered to `members` only
  RingId ring, previous;
  std::vector<Member> members;
};
enum class ChangeReason : std::uint8_t {
  join = 1,
  leave = 2,
  node_down = 3,
  node_up = 4,
  process_down = 5
};
struct GroupChange {
  std::string_view group;
  Place place;
  std::vector<Process> members;
  struct Entry {
    Process process;
    ChangeReason reason{};
  };
  std::vector<Entry> joined, left;
};
// The cluster would not have a join: unless a later one is under way, the group counts as not
// joined again. So it does when, after a merge, there was no room for a membership any more, which
// the GroupChange before this has ended.
struct JoinRefused {
  std::string_view group, reason;
  bool was_member = false;
};
using Event = std::variant<Message, View, Transitional, GroupChange, JoinRefused, VerdictChange>;

// What this program has sent and the daemon has not taken into the order: no more is taken than the
// ring's flow control allows.
struct Queue {
  std::size_t bytes = 0, bytes_max = 0;
  // It is filling up: send() will have to wait.
  bool flow_controlled() const noexcept { return bytes >= bytes_max / 4 * 3; }
};

struct Options {
  std::string run_dir;  // where the daemon's socket is; empty: $GYRE_RUN_DIR, else /run/gyre
  std::chrono::milliseconds connect_timeout{5000};
  // How long the daemon may take nothing of what waits for it, as when no ring can be formed.
  // Negative: for ever.
  std::chrono::milliseconds send_timeout{60'000};
};

class GYRE_PUBLIC Connection {
 public:
  explicit Connection(const Options& = {});
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  std::uint32_t node() const noexcept;  // this node's id
  Process self() const noexcept;        // as others see us in groups

  // Asks for membership; it stands when the GroupChange that lists us arrives. Sending is allowed
  // at once, and what is sent is delivered behind that GroupChange. Waits like send(). Members are
  // connections, so that a process with two of them can be in a group twice.
  void join(std::string_view group);
  void leave(std::string_view group);

  // Waits while the queue to the daemon is full: that is the ring's flow control. Throws timed_out,
  // and has sent nothing, when nothing of it is taken for send_timeout.
  void send(std::string_view group, std::span<const std::byte> payload,
            Guarantee = Guarantee::agreed);
  // False: the queue to the daemon is full, nothing was sent.
  bool try_send(std::string_view group, std::span<const std::byte> payload,
                Guarantee = Guarantee::agreed);
  Queue queue() const noexcept;
  // Waits until the daemon has taken everything sent so far into the order. False: `timeout` has
  // passed; a negative one never does.
  bool flush(std::chrono::milliseconds timeout);

  // Until when this node may act as part of a quorate side, if the last verdict taken from here was
  // that; min(): it may not, or has no vote. Without it others may be quorate from then on, whether
  // that is known here or not. Asks the kernel whether the daemon lives: where it is started anew,
  // others need not wait. Whether fencing is needed all the same is for the verdict to say.
  std::chrono::steady_clock::time_point lease_until() const noexcept;
  // The same of the verdict of that number, whatever has been taken since: for a program that hands
  // events from one thread to another. Only this may be called from any thread.
  std::chrono::steady_clock::time_point lease_until(std::uint64_t verdict) const noexcept;
  bool quorate() const noexcept {
    const auto until = lease_until();
    return std::chrono::steady_clock::now() < until;
  }

  // The next event; throws disconnected when all that was delivered is taken and the daemon is
  // gone. receive() waits, at most for `timeout` unless it is negative; poll() does not wait.
  std::optional<Event> receive(std::chrono::milliseconds timeout = std::chrono::milliseconds(-1));
  std::optional<Event> poll();
  // Like poll(), for a program that calls it over and over and never waits on fd(): while it comes
  // back in time, neither side makes a system call.
  std::optional<Event> spin();
  // Readable while an event is pending, from the time at which poll() or receive() returned
  // nothing, and when the daemon is gone. Only to be waited on, never to be read.
  int fd() const noexcept;

  // A question to the daemon beside the ordered stream ("status", "members", "counters", …): its
  // answer is JSON. No argument may hold a NUL. A quorum device's program says so what it has to
  // say: "quorum.device.register" {name}, "quorum.device.poll" {name, 0 or 1, the representative
  // and seq of the view's ring}, "quorum.device.unregister" {name}; what is refused has an "error"
  // and a "reason".
  static std::string query(std::string_view question, const Options& = {},
                           std::span<const std::string> arguments = {});

 private:
  struct __attribute__((visibility("hidden"))) State;
  std::unique_ptr<State> state_;
};

// A question that has one answer after the other, whenever there is something to tell.
class GYRE_PUBLIC Answers {
 public:
  explicit Answers(std::string_view question, const Options& = {},
                   std::span<const std::string> arguments = {});
  ~Answers();
  Answers(Answers&&) noexcept;
  Answers& operator=(Answers&&) noexcept;

  // The next one; waits for it, at most for `timeout` unless it is negative. Throws refused if
  // there is none, and disconnected when the daemon is gone.
  std::optional<std::string> next(
      std::chrono::milliseconds timeout = std::chrono::milliseconds(-1));
  int fd() const noexcept;  // readable: there is something for next()

 private:
  struct __attribute__((visibility("hidden"))) State;
  std::unique_ptr<State> state_;
};

}  // namespace gyre::client
