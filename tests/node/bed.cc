#include "tests/node/bed.hh"

#include <fmt/format.h>

#include <algorithm>

#include "tests/transport/allocations.hh"
#include "transport/header.hh"
#include "transport/shm/handshake.hh"
#include "transport/shm/records.hh"

namespace gyre::test {

Program::Program(shm::Channel channel, TestNode& node)
    : channel_(std::move(channel)),
      node_(&node),
      requests_(channel_.words().requests, channel_.requests()),
      events_(channel_.words().events, channel_.events()) {}

// A real program rings the doorbell.
void Program::publish() {
  requests_.publish();
  node_->wake(number());
}

void Program::join(std::string_view group) {
  const std::span<const std::byte> parts[] = {std::as_bytes(std::span(group))};
  requests_.write(static_cast<std::uint32_t>(shm::RequestKind::join), parts);
  publish();
}

void Program::leave(std::string_view group) {
  const std::span<const std::byte> parts[] = {std::as_bytes(std::span(group))};
  requests_.write(static_cast<std::uint32_t>(shm::RequestKind::leave), parts);
  publish();
}

bool Program::send(std::string_view group, std::string_view payload, totem::Guarantee guarantee) {
  const shm::SendRecord record{.guarantee = static_cast<std::uint32_t>(guarantee),
                               .name_size = static_cast<std::uint32_t>(group.size())};
  constexpr std::byte zeros[8]{};
  const std::span<const std::byte> parts[] = {
      std::as_bytes(std::span(&record, 1)), std::as_bytes(std::span(group)),
      std::span(zeros).first(shm::padded(group.size()) - group.size()),
      std::as_bytes(std::span(payload))};
  const bool taken = requests_.write(static_cast<std::uint32_t>(shm::RequestKind::send), parts);
  publish();
  return taken;
}

namespace {

std::string words_of(const shm::Record& record) {
  shm::RecordReader in(record.payload);
  switch (shm::EventKind{record.kind}) {
    case shm::EventKind::message: {
      const auto message = in.get<shm::MessageRecord>();
      in.get_text_padded(message.name_size);
      const auto rest = in.get_rest();
      return fmt::format("{}: {}", message.sender.node,
                         std::string_view(reinterpret_cast<const char*>(rest.data()), rest.size()));
    }
    case shm::EventKind::view: {
      std::string words = "view";
      const auto view = in.get<shm::ViewRecord>();
      for (std::uint32_t i = 0; i < view.members; ++i)
        words += fmt::format(" {}", in.get<shm::MemberRecord>().node);
      return words;
    }
    case shm::EventKind::group_change: {
      const auto change = in.get<shm::ChangeRecord>();
      for (std::uint32_t i = 0; i < change.members; ++i) in.get<shm::ProcessRecord>();
      std::string entries;
      for (std::uint32_t i = 0; i < change.joined + change.left; ++i)
        entries += fmt::format(" {}{}", i < change.joined ? '+' : '-',
                               in.get<shm::EntryRecord>().process.node);
      return fmt::format("change {}{}", in.get_text(change.name_size), entries);
    }
    case shm::EventKind::transitional:
      return "transitional";
    case shm::EventKind::join_refused:
      return "refused";
    case shm::EventKind::membership_refused:
      return "membership refused";
    case shm::EventKind::verdict:
      return in.get<shm::VerdictChangeRecord>().verdict.quorate ? "quorate" : "not quorate";
  }
  return "unknown";
}

}  // namespace

void Program::note_change(const shm::Record& record) {
  shm::RecordReader in(record.payload);
  const auto change = in.get<shm::ChangeRecord>();
  const auto process_of = [](const shm::ProcessRecord& process) {
    return membership::Process{NodeId{process.node}, process.pid, process.client};
  };
  std::vector<membership::Process> listed, joined, left;
  for (std::uint32_t i = 0; i < change.members; ++i)
    listed.push_back(process_of(in.get<shm::ProcessRecord>()));
  reasons_.clear();
  for (std::uint32_t i = 0; i < change.joined + change.left; ++i) {
    const auto entry = in.get<shm::EntryRecord>();
    (i < change.joined ? joined : left).push_back(process_of(entry.process));
    reasons_.push_back(entry.reason);
  }
  auto& members = groups_[std::string(in.get_text(change.name_size))];
  if (listed.empty()) {
    for (const auto& gone : left) std::erase(members, gone);
    members.insert(members.end(), joined.begin(), joined.end());
    std::ranges::sort(members);
  } else {
    members = listed;
  }
  members_.clear();
  for (const auto& member : members) members_.push_back(static_cast<std::uint32_t>(member.node));
}

std::vector<std::string> Program::events() {
  std::vector<std::string> all;
  for (shm::Record record; events_.peek(record) == shm::Look::record; events_.consume()) {
    all.push_back(words_of(record));
    if (shm::EventKind{record.kind} == shm::EventKind::group_change) note_change(record);
  }
  events_.publish();
  return all;
}

totem::Parameters TestNode::quick() {
  using std::chrono::milliseconds;
  totem::Parameters parameters;
  parameters.token_loss = milliseconds(100);
  parameters.token_retransmit = milliseconds(23);
  parameters.hold = milliseconds(18);
  parameters.join = milliseconds(10);
  parameters.consensus = milliseconds(120);
  parameters.merge_detect = milliseconds(40);
  return parameters;
}

namespace {

totem::Parameters fitted(totem::Parameters parameters, std::size_t payload_max, bool open,
                         bool sealed) {
  parameters.frame_max =
      static_cast<std::uint32_t>(payload_max - header_size - (sealed ? seal_overhead : 0));
  parameters.open = open;
  return parameters;
}

}  // namespace

TestNode::TestNode(FakeNetwork& network, std::uint32_t id, std::size_t payload_max, Options options)
    : id_(id),
      options_(std::move(options)),
      pool_(4096, FakeDevice::headroom + header_size, payload_max, FakeDevice::tailroom) {
  options_.parameters = fitted(options_.parameters, payload_max - options_.frame_shorter,
                               options_.open, options_.key != 0);
  ring_seq_ = options_.ring_seq;
  answers_.reserve(64);  // a turn allocates nothing
  std::unique_ptr<FakeDevice> device = network.attach(pool_, options_.address);
  device_ = device.get();
  own_addresses_ = {"first", "second"};
  protect(options_.second ? join_links(std::move(device)) : std::move(device));
}

std::unique_ptr<Transport> TestNode::join_links(std::unique_ptr<FakeDevice> first) {
  std::vector<Redundant::Link> links(2);
  links[1] = {.device = options_.second->attach(pool_, first->address()), .number = 1};
  links[0].device = std::move(first);
  auto joined = std::make_unique<Redundant>(
      std::move(links),
      Redundant::Setup{.self = NodeId{id_},
                       .cluster = cluster_tag("test"),
                       .draw = [number = std::uint64_t{id_} << 40]() mutable { return ++number; },
                       .pause_max = options_.parameters.token_loss,
                       .neighbours = 16},
      pool_);
  links_ = joined.get();
  return joined;
}

void TestNode::protect(std::unique_ptr<Transport> device) {
  const std::uint64_t boot = 1000 * (options_.starts + 1) + id_;
  const StampIdentity stamp{.self = NodeId{id_}, .cluster = cluster_tag("test"), .boot = boot};
  if (options_.key == 0) {
    transport_ = std::make_unique<Stamped>(std::move(device), stamp, pool_);
    return;
  }
  auto sealed = std::make_unique<Sealed>(
      std::move(device),
      Sealed::Setup{.self = stamp.self,
                    .cluster = stamp.cluster,
                    .key = key_of(options_.key),
                    .suite = Suite::chacha20poly1305,
                    .draw = [number = boot << 32]() mutable { return ++number; },
                    .pause_max = options_.parameters.token_loss,
                    .pace = options_.parameters.join,
                    .senders = 16},
      pool_);
  sealed_ = sealed.get();
  transport_ = std::move(sealed);
}

ClusterKey TestNode::key_of(int key) {
  const std::vector<std::byte> bytes(RootKey::size_min, std::byte(key));
  return ClusterKey(RootKey(bytes), "test");
}

// As the helper does.
void TestNode::read_key() {
  const auto [ticket, file] = std::exchange(key_to_read_, {});
  const auto found = options_.files.find(file);
  if (found == options_.files.end())
    node_->key_read(ticket, std::nullopt, "there is no key file");
  else
    node_->key_read(ticket, key_of(found->second), "");
}

void TestNode::start(const std::vector<std::unique_ptr<TestNode>>& others, Time now) {
  if (options_.peers.empty())
    for (const std::uint32_t id : options_.listed)
      for (const auto& other : others)
        if (other->id() == id)
          options_.peers.push_back(
              {NodeId{id}, {other->address(), options_.second ? other->address() : Address{}}});
  node_ = std::make_unique<node::Node>(
      node::Node::Setup{.transport = *transport_,
                        .pool = pool_,
                        .errands = *this,
                        .log = log_,
                        .recorder = options_.recorder,
                        .parameters = options_.parameters,
                        .identity = {.self = NodeId{id_},
                                     .incarnation = 500 + id_ + 1000 * options_.starts,
                                     .ring_seq = options_.ring_seq,
                                     .seed = id_},
                        .listed = options_.peers,
                        .sealed = sealed_,
                        .own_addresses = own_addresses_,
                        .limits = options_.limits,
                        .quorum = options_.quorum,
                        .kept = options_.kept});
  node_->start(now);
}

bool TestNode::turn(Time now) {
  now_ = now;
  if (reserve_at_once && reserve_ != 0)
    node_->reserved(ring_seq_ = std::exchange(reserve_, 0) + 100, now);
  if (reads_keys && key_to_read_.first != 0) read_key();
  const std::size_t before = gyre::allocations();
  const bool active = node_->turn(now);
  allocations_ += gyre::allocations() - before;
  return active;
}

Program TestNode::connect(Time now) {
  const auto slots = static_cast<std::uint32_t>(options_.limits.clients);
  shm::ChannelPair pair = shm::make_pair({.node = id_,
                                          .client = slots + clients_++,
                                          .requests_size = shm::ring_min,
                                          .events_size = shm::ring_min});
  node_->open_client(std::move(pair.daemon), now);
  return Program(std::move(pair.program), *this);
}

std::vector<std::string> TestNode::log() {
  std::vector<std::string> lines;
  for (node::LogRecord record; log_.next(record);) lines.push_back(text(record));
  return lines;
}

Cluster::Cluster(std::size_t count, const FakeOptions& network_options, TestNode::Options options)
    : network(network_options), restarts(count), payload_max_(network_options.payload_max) {
  for (std::uint32_t id = 1; id <= count; ++id) {
    TestNode::Options own = options;
    for (std::uint32_t other = 1; other <= count; ++other)
      if (other != id) own.listed.push_back(other);
    nodes.push_back(
        std::make_unique<TestNode>(network, id, network_options.payload_max, std::move(own)));
  }
}

void Cluster::start() {
  for (auto& node : nodes) node->start(nodes, now);
}

TestNode::Options Cluster::next_start(std::size_t node) const {
  TestNode::Options options = nodes[node]->options();
  ++options.starts;
  options.ring_seq = nodes[node]->ring_seq();
  options.address = nodes[node]->address();
  return options;
}

void Cluster::restart(std::size_t node, std::size_t shorter) {
  TestNode::Options options = restarts[node];
  options.frame_shorter = shorter;
  const auto id = static_cast<std::uint32_t>(node + 1);
  nodes[node] = std::make_unique<TestNode>(network, id, payload_max_, std::move(options));
  nodes[node]->start(nodes, now);
}

void Cluster::step() {
  now += tick;
  for (auto& node : nodes)
    if (node && !node->paused) node->turn(now);
}

bool Cluster::join(Program& program, std::string_view group, std::vector<std::string>& seen) {
  program.join(group);
  const std::string wanted = fmt::format("change {} +", group);
  return run_until([&] {
    for (std::string& event : program.events()) seen.push_back(std::move(event));
    return !seen.empty() && seen.back().starts_with(wanted);
  });
}

bool Cluster::whole() {
  std::uint64_t view = 0;
  std::size_t count = 0;
  for (auto& node : nodes) {
    if (!node) continue;
    ++count;
    if (node->views() == 0 || (view != 0 && node->views() != view)) return false;
    view = node->views();
  }
  for (auto& node : nodes) {
    node::Snapshot page;
    if (node) node->node().snapshot(page, now);
    if (node && page.member_count != count) return false;
  }
  return true;
}

}  // namespace gyre::test
