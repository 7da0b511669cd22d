#include "client/gyre/gyre.hh"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "client/gyre/daemon.hh"
#include "client/gyre/event.hh"
#include "client/gyre/patience.hh"
#include "client/gyre/standings.hh"
#include "transport/shm/channel.hh"
#include "transport/shm/handshake.hh"
#include "transport/shm/records.hh"

namespace gyre::client {

static_assert(message_max == shm::message_max && group_name_max == shm::group_name_max &&
              groups_max == shm::groups_max);

namespace {

using Milliseconds = std::chrono::milliseconds;

const char* reason_of(std::uint32_t ended) noexcept {
  switch (shm::Ended{ended}) {
    case shm::Ended::no:
      return "gyred went away";
    case shm::Ended::shutdown:
      return "gyred was stopped";
    case shm::Ended::backlog:
      return "gyred cut this program off: its events did not fit any more (client_backlog_max)";
    case shm::Ended::stalled:
      return "gyred cut this program off: it took no event for too long (client_stall_max)";
    case shm::Ended::broken:
      return "gyred cut this program off: what it wrote makes no sense";
  }
  return "gyred cut this program off";
}

}  // namespace

struct Connection::State {
  State(shm::Channel made, Milliseconds patience)
      : channel(std::move(made)),
        send_timeout(patience),
        requests(channel.words().requests, channel.requests()),
        events(channel.words().events, channel.events()),
        requests_bell(channel.words().requests_bell, channel.socket.number()),
        events_bell(channel.words().events_bell, channel.socket.number()),
        room_bell(channel.words().room_bell, channel.room.number()) {}

  // ---- requests ----

  void check_name(std::string_view group) const;
  void check_joined(std::string_view group) const;
  bool try_request(shm::RequestKind kind, std::span<const std::span<const std::byte>> parts);
  void request(shm::RequestKind kind, std::span<const std::span<const std::byte>> parts);
  void request_name(shm::RequestKind kind, std::string_view group);
  bool send(std::string_view group, std::span<const std::byte> payload, Guarantee guarantee,
            bool wait);
  template <typename Enough>
  bool wait_for_room(Enough enough, const Patience& patience);
  void check_progress();

  // ---- events ----

  Process self() const noexcept {
    return {.node = channel.node, .pid = channel.pid, .client = channel.client};
  }
  std::optional<Event> take();
  bool settle() {
    return events_bell.settle([this] { return events.pending(); });
  }

  // ---- the other side ----

  // Waits until `wire` is readable; false when patience is over. Sees when the daemon is gone.
  bool wait(int wire, int timeout);
  bool daemon_lives() const noexcept;
  [[noreturn]] void throw_disconnected() const {
    throw Error(ErrorCode::disconnected, reason_of(channel.words().ended.load()));
  }

  shm::Channel channel;
  const Milliseconds send_timeout;
  shm::Producer requests;
  shm::Consumer events;
  shm::Doorbell requests_bell, events_bell, room_bell;
  Standings groups;
  std::uint64_t consumed_before = 0;
  std::uint32_t empty_spins = 0;
  std::uint64_t verdict = 0;  // the number of the last one that was taken
  bool lent = false;          // the last event lies in the ring still
  bool gone = false;          // the daemon has hung up
};

// ---- requests ----

void Connection::State::check_name(std::string_view group) const {
  if (group.empty()) throw Error(ErrorCode::group_name_invalid, "a group's name is empty");
  if (group.size() > group_name_max)
    throw Error(ErrorCode::group_name_invalid, "a group's name of " + std::to_string(group.size()) +
                                                   " bytes is longer than " +
                                                   std::to_string(group_name_max));
}

void Connection::State::check_joined(std::string_view group) const {
  check_name(group);
  if (!groups.joined(group))
    throw Error(ErrorCode::not_joined, "not in group " + std::string(group));
}

bool Connection::State::try_request(shm::RequestKind kind,
                                    std::span<const std::span<const std::byte>> parts) {
  if (gone) throw_disconnected();
  if (!requests.write(static_cast<std::uint32_t>(kind), parts)) {
    if (requests.broken()) throw_disconnected();
    return false;
  }
  requests.publish();
  requests_bell.ring();
  return true;
}

void Connection::State::request(shm::RequestKind kind,
                                std::span<const std::span<const std::byte>> parts) {
  check_progress();
  std::size_t size = 0;
  for (const auto& part : parts) size += part.size();
  std::uint64_t taken = requests.consumed();
  while (!try_request(kind, parts)) {
    const bool has_room =
        wait_for_room([&] { return requests.has_room(size); }, Patience(send_timeout));
    const std::uint64_t before = std::exchange(taken, requests.consumed());
    if (!has_room && before == taken)
      throw Error(ErrorCode::timed_out,
                  "gyred has taken nothing for " + std::to_string(send_timeout.count()) + " ms");
  }
}

void Connection::State::request_name(shm::RequestKind kind, std::string_view group) {
  const std::array parts{std::as_bytes(std::span(group))};
  request(kind, parts);
}

bool Connection::State::send(std::string_view group, std::span<const std::byte> payload,
                             Guarantee guarantee, bool wait) {
  check_joined(group);
  if (payload.size() > message_max)
    throw Error(ErrorCode::message_too_long, "a message of " + std::to_string(payload.size()) +
                                                 " bytes is longer than " +
                                                 std::to_string(message_max));
  static constexpr std::array<std::byte, 8> zeros{};
  const shm::SendRecord record{.guarantee = static_cast<std::uint32_t>(guarantee),
                               .name_size = static_cast<std::uint32_t>(group.size())};
  const std::array<std::span<const std::byte>, 4> parts{
      std::as_bytes(std::span(&record, 1)), std::as_bytes(std::span(group)),
      std::span(zeros).first(shm::padded(group.size()) - group.size()), payload};
  if (wait) {
    request(shm::RequestKind::send, parts);
    return true;
  }
  check_progress();
  return try_request(shm::RequestKind::send, parts);
}

// Requests to a daemon that died are noticed here: what it took since the last one is the sign of
// life that costs nothing, and only without it the kernel is asked.
void Connection::State::check_progress() {
  if (requests.drained()) return;
  const std::uint64_t consumed = requests.consumed();
  if (std::exchange(consumed_before, consumed) != consumed) return;
  wait(channel.room.number(), 0);
  if (gone) throw_disconnected();
}

// Sleeps until `enough` says so (which does not throw); the daemon rings whenever it has taken
// something and we said that we wait. False: patience is over.
template <typename Enough>
bool Connection::State::wait_for_room(Enough enough, const Patience& patience) {
  for (;;) {
    if (enough()) return true;
    if (gone) throw_disconnected();
    if (!room_bell.settle(enough)) continue;
    if (!wait(channel.room.number(), patience.left())) return enough();
  }
}

// ---- events ----

std::optional<Event> Connection::State::take() {
  if (std::exchange(lent, false)) {
    events.consume();
    events.publish();
  }
  shm::Record record;
  const shm::Look look = events.peek(record);
  if (look == shm::Look::empty) return std::nullopt;
  auto event = look == shm::Look::record ? read_event(record) : std::nullopt;
  if (!event) throw Error(ErrorCode::disconnected, "gyred wrote an event that makes no sense");
  lent = true;
  if (const auto* refused = std::get_if<JoinRefused>(&*event)) groups.note(*refused);
  if (auto* change = std::get_if<GroupChange>(&*event)) groups.note(*change, self());
  if (const auto* view = std::get_if<View>(&*event)) verdict = view->verdict.number;
  if (const auto* change = std::get_if<VerdictChange>(&*event)) verdict = change->verdict.number;
  return event;
}

bool Connection::State::wait(int wire, int timeout) {
  std::array<pollfd, 2> ready{pollfd{.fd = channel.socket.number(), .events = 0, .revents = 0},
                              pollfd{.fd = wire, .events = POLLIN, .revents = 0}};
  const int count = ::poll(ready.data(), ready.size(), timeout);
  if (count < 0 && errno != EINTR)
    throw Error(ErrorCode::system, std::string("poll: ") + std::strerror(errno));
  if (count > 0 && ready[0].revents != 0) gone = true;
  return count != 0;
}

bool Connection::State::daemon_lives() const noexcept {
  pollfd socket{.fd = channel.socket.number(), .events = 0, .revents = 0};
  return ::poll(&socket, 1, 0) == 0;
}

// ---- the public face ----

Connection::Connection(const Options& options) {
  translated([&] {
    state_ = std::make_unique<State>(shm::connect_client(run_dir(options), options.connect_timeout),
                                     options.send_timeout);
  });
}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

std::uint32_t Connection::node() const noexcept {
  return state_->channel.node;
}

Process Connection::self() const noexcept {
  return state_->self();
}

void Connection::join(std::string_view group) {
  state_->check_name(group);
  if (state_->groups.joined(group))
    throw Error(ErrorCode::already_joined, "already in group " + std::string(group));
  if (state_->groups.joined_count() == groups_max)
    throw Error(ErrorCode::too_many_groups, "already in " + std::to_string(groups_max) + " groups");
  state_->request_name(shm::RequestKind::join, group);
  state_->groups.join(group);
}

void Connection::leave(std::string_view group) {
  state_->check_joined(group);
  state_->request_name(shm::RequestKind::leave, group);
  state_->groups.leave(group);
}

void Connection::send(std::string_view group, std::span<const std::byte> payload,
                      Guarantee guarantee) {
  state_->send(group, payload, guarantee, true);
}

bool Connection::try_send(std::string_view group, std::span<const std::byte> payload,
                          Guarantee guarantee) {
  return state_->send(group, payload, guarantee, false);
}

Queue Connection::queue() const noexcept {
  return {.bytes = state_->requests.waiting(), .bytes_max = state_->requests.capacity()};
}

bool Connection::flush(Milliseconds timeout) {
  return state_->wait_for_room([this] { return state_->requests.drained(); }, Patience(timeout));
}

std::chrono::steady_clock::time_point Connection::lease_until() const noexcept {
  return lease_until(state_->verdict);
}

std::chrono::steady_clock::time_point Connection::lease_until(
    std::uint64_t verdict) const noexcept {
  using Clock = std::chrono::steady_clock;
  const std::int64_t until = state_->channel.words().lease.until_of(verdict);
  if (until <= 0 || !state_->daemon_lives()) return Clock::time_point::min();
  return Clock::time_point(std::chrono::nanoseconds(until));
}

std::optional<Event> Connection::receive(Milliseconds timeout) {
  const Patience patience(timeout);
  for (;;) {
    if (auto event = state_->take()) return event;
    if (state_->gone) state_->throw_disconnected();
    if (!state_->settle()) continue;
    const int left = patience.left();
    if (!state_->wait(state_->channel.socket.number(), left)) return state_->take();
  }
}

std::optional<Event> Connection::poll() {
  return receive(Milliseconds(0));
}

std::optional<Event> Connection::spin() {
  // A daemon that dies says nothing: the kernel is asked now and then.
  constexpr std::uint32_t calls = 4096;
  if (auto event = state_->take()) return event;
  if (state_->gone) state_->throw_disconnected();
  if (++state_->empty_spins % calls == 0) state_->wait(state_->channel.room.number(), 0);
  return std::nullopt;
}

int Connection::fd() const noexcept {
  return state_->channel.socket.number();
}

}  // namespace gyre::client
