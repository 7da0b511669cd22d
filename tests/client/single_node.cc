#include "tests/client/single_node.hh"

#include <poll.h>

#include <array>
#include <filesystem>
#include <future>
#include <stdexcept>

namespace gyre::test {

RunDir::RunDir() {
  std::string pattern = std::filesystem::temp_directory_path() / "gyre-client-XXXXXX";
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp " + pattern);
  path_ = pattern;
}

RunDir::~RunDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

SingleNode::SingleNode(const shm::Offer& offer, const node::PortLimits& limits)
    : listener_(run_dir_.path()),
      offer_(offer),
      limits_(limits),
      membership_(self, membership::GroupLimits{.groups = 512, .members = 1024}, *this) {
  offer_.node = static_cast<std::uint32_t>(self);
  const std::array members{totem::Member{.node = self, .since = ring_.seq}};
  membership_.configuration({.kind = totem::Configuration::Kind::regular,
                             .ring = ring_,
                             .previous = {},
                             .members = members});
  const auto barrier = membership_.barrier();
  deliver({.guarantee = totem::Guarantee::agreed,
           .barrier = true,
           .bytes = {barrier.begin(), barrier.end()}});
}

SingleNode::~SingleNode() = default;

std::unique_ptr<client::Connection> SingleNode::connect(std::chrono::milliseconds send_timeout) {
  auto connection = std::async(std::launch::async, [&] {
    return std::make_unique<client::Connection>(
        client::Options{.run_dir = run_dir(), .send_timeout = send_timeout});
  });
  serve();
  return connection.get();
}

node::ClientPort& SingleNode::serve() {
  constexpr shm::TimeLimit patience{10'000};
  pollfd ready{.fd = listener_.fd(), .events = POLLIN, .revents = 0};
  ::poll(&ready, 1, static_cast<int>(patience.count()));
  shm::Descriptor socket = listener_.accept();
  const shm::Caller caller = shm::read_hello(socket, shm::allow_own, patience);
  ++offer_.client;
  shm::Channel channel = shm::welcome(std::move(socket), caller, offer_, patience);
  node::ClientPort& port = ports_.emplace_back();
  port.open(std::move(channel), limits_, now);
  greet(port);
  return port;
}

node::ClientPort& SingleNode::open(shm::Channel& program) {
  ++offer_.client;
  shm::ChannelPair pair = shm::make_pair(offer_);
  program = std::move(pair.program);
  node::ClientPort& port = ports_.emplace_back();
  port.open(std::move(pair.daemon), limits_, now);
  greet(port);
  return port;
}

void SingleNode::greet(node::ClientPort& port) {
  const std::array members{totem::Member{.node = self, .since = ring_.seq}};
  port.view({.number = ring_.seq,
             .ring = ring_,
             .members = members,
             .joined = {},
             .left = {},
             .oldest = self,
             .verdict = membership_.quorum().verdict(),
             .verdict_number = 1});
  port.publish();
}

bool SingleNode::turn() {
  bool busy = false;
  for (auto& port : ports_)
    if (port.hot()) busy |= port.submit_to(*this, node::PortBudget{}, now);
  while (!ordered_.empty()) {
    const Ordered message = std::move(ordered_.front());
    ordered_.pop_front();
    deliver(message);
    busy = true;
  }
  for (auto& port : ports_) port.publish();
  ports_.remove_if([](node::ClientPort& port) {
    if (!port.finished()) return false;
    port.release();
    return true;
  });
  return busy;
}

void SingleNode::watch_sockets(int timeout) {
  for (auto& port : ports_) {
    if (port.ended() != node::PortEnd::none) continue;
    pollfd ready{.fd = port.fd(), .events = POLLIN | POLLRDHUP, .revents = 0};
    if (::poll(&ready, 1, timeout) == 1)
      port.woken((ready.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0, now);
  }
}

bool SingleNode::submit(std::uint32_t, totem::Guarantee guarantee,
                        std::span<const std::span<const std::byte>> parts) noexcept {
  if (room == 0) return false;
  if (room != unlimited) --room;
  Ordered message{.guarantee = guarantee, .barrier = false, .bytes = {}};
  for (const auto& part : parts)
    message.bytes.insert(message.bytes.end(), part.begin(), part.end());
  submitted.push_back(message.bytes);
  ordered_.push_back(std::move(message));
  return true;
}

void SingleNode::deliver(const Ordered& message) {
  membership_.message({.place = {.ring = ring_, .seq = totem::Seq{++seq_}, .index = 0},
                       .sender = self,
                       .guarantee = message.guarantee,
                       .barrier = message.barrier,
                       .payload = message.bytes});
}

void SingleNode::transitional(const totem::Configuration& configuration) {
  for (auto& port : ports_) port.transitional(configuration);
}
void SingleNode::view(const membership::View& view) {
  for (auto& port : ports_) port.view(view);
}
void SingleNode::verdict(const membership::VerdictChange& change) {
  for (auto& port : ports_) port.verdict(change);
}
void SingleNode::group_change(const membership::GroupChange& change) {
  for (auto& port : ports_) port.group_change(change);
}
void SingleNode::join_refused(const membership::Process& process, std::string_view name,
                              std::string_view reason) {
  for (auto& port : ports_) port.join_refused(process, name, reason);
}
void SingleNode::message(const membership::GroupMessage& message) {
  for (auto& port : ports_) port.message(message);
}

}  // namespace gyre::test
