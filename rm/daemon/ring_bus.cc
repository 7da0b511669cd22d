#include "rm/daemon/ring_bus.hh"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <limits>
#include <span>
#include <utility>

namespace gyre::rm::daemon {

namespace {

// What the loop has not come to yet: a few of the longest messages, each with what is around it.
constexpr std::size_t arrivals_size_max = 8 * bus_message_max, overhead = 256;
constexpr int retry_room_ms = 2;
// Between two looks at what is to be sent.
constexpr int events_at_once = 64;

}  // namespace

// What is to be sent is bounded by what control has under way, as it always was.
RingBus::RingBus(local::Loop& loop, client::Connection connection, std::string group, Events events)
    : connection_(std::move(connection)),
      group_(std::move(group)),
      events_(std::move(events)),
      arrivals_(arrivals_size_max),
      sends_(std::numeric_limits<std::size_t>::max()),
      stream_(group_, connection_.self()) {
  io_ = loop.io(arrivals_.filled(), EPOLLIN, [this](std::uint32_t) { hand_over(); });
  thread_ = std::thread([this] { work(); });
}

RingBus::~RingBus() {
  ending_ = true;
  sends_.wake();
  thread_.join();
}

void RingBus::send(std::string payload) {
  const std::size_t size = payload.size();
  sends_.push(std::move(payload), size);
}

bool RingBus::quorate() const {
  const auto until = connection_.lease_until(verdict_);
  return std::chrono::steady_clock::now() < until;
}

void RingBus::hand_over() {
  for (Arrival& each : arrivals_.take()) {
    verdict_ = each.verdict;
    if (!each.broken.empty()) return events_.broken(each.broken);
    if (!each.event) continue;
    if (auto* message = std::get_if<BusMessage>(&*each.event)) message->payload = each.payload;
    events_.event(*each.event);
  }
}

// ---- the thread ----

void RingBus::work() {
  try {
    connection_.join(group_);
    while (!ending_) move();
    send_more();
  } catch (const client::Error& error) {
    Arrival last;
    last.broken = error.what();
    while (!ending_ && !offer(std::move(last))) {
      last = std::move(*refused_);
      wait();
    }
  }
}

void RingBus::move() {
  send_more();
  for (int i = 0; i < events_at_once; ++i)
    if (!receive()) return wait();
}

// All that is there: the descriptor says nothing until it was seen that there is no more.
bool RingBus::receive() {
  if (refused_) {
    Arrival again = std::move(*refused_);
    refused_.reset();
    return offer(std::move(again));
  }
  const auto event = connection_.poll();
  if (!event) return false;
  Arrival arrival;
  arrival.event = stream_.take(*event);
  arrival.verdict = stream_.verdict();
  if (const auto pid = stream_.namesake())
    arrival.broken =
        fmt::format("a resource manager runs on this node already, as process {}", *pid);
  const bool news = std::exchange(told_, arrival.verdict) != arrival.verdict;
  if (!arrival.event && !news && arrival.broken.empty()) return true;
  if (arrival.event)
    if (const auto* message = std::get_if<BusMessage>(&*arrival.event))
      arrival.payload = message->payload;
  return offer(std::move(arrival));
}

bool RingBus::offer(Arrival arrival) {
  const std::size_t size = arrival.payload.size() + overhead;
  if (arrivals_.push(std::move(arrival), size)) return true;
  refused_ = std::move(arrival);
  return false;
}

// When the ring has room again is nowhere to be seen, so this is asked again.
void RingBus::send_more() {
  for (std::string& each : sends_.take()) backlog_.push_back(std::move(each));
  while (!backlog_.empty()) {
    const auto bytes = std::as_bytes(std::span(backlog_.front()));
    if (!connection_.try_send(group_, bytes, client::Guarantee::safe)) return;
    backlog_.pop_front();
  }
}

void RingBus::wait() {
  if (ending_) return;
  std::array<pollfd, 2> ready{
      pollfd{.fd = sends_.filled(), .events = POLLIN, .revents = 0},
      pollfd{.fd = refused_ ? arrivals_.room() : connection_.fd(), .events = POLLIN, .revents = 0}};
  ::poll(ready.data(), ready.size(), backlog_.empty() ? -1 : retry_room_ms);
  if (refused_) arrivals_.heard();
}

}  // namespace gyre::rm::daemon
