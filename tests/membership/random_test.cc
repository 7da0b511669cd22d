// A cluster by chance: joins, leaves, deaths of programs and nodes, partitions and merges, rings
// that follow each other before a barrier is through. The rings here keep what extended virtual
// synchrony promises and nothing more; each node's trace is compared, line by line, with that of a
// plain model, and in the end with what the programs themselves had asked for.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "tests/membership/trace.hh"

namespace gyre::membership {
namespace {

using Groups = std::map<std::string, std::set<Process>>;

struct Request {
  enum class Kind { join, leave, process_down, data } kind = Kind::data;
  Process process;
  std::string group;
};

struct Entry {
  NodeId sender = NodeId::none;
  std::vector<std::byte> payload;
  std::optional<Groups> list;  // a barrier's, as the sender's model has it
  Request request;
};

struct Log {
  totem::RingId id;
  std::vector<totem::Member> members;
  std::vector<Entry> entries;
};

std::string text_of_nodes(const std::set<NodeId>& nodes) {
  return text_of(std::span<const NodeId>(std::vector(nodes.begin(), nodes.end())));
}
std::string text_of_set(const std::set<Process>& processes) {
  return text_of(std::span<const Process>(std::vector(processes.begin(), processes.end())));
}

// What a node is expected to tell, with sets and strings and no thought of speed.
class Model {
 public:
  explicit Model(NodeId self) : self_(self) {}

  void transitional(const totem::RingId& next, const std::set<NodeId>& members) {
    waiting_ = false;
    std::erase_if(along_, [&](NodeId node) { return !members.count(node); });
    lines_.push_back("transitional " + std::to_string(ring_.seq) + ">" + std::to_string(next.seq) +
                     " " + text_of_nodes(members));
  }
  void regular(const Log& log) {
    ring_ = log.id;
    members_.clear();
    oldest_ = log.members.front();
    for (const totem::Member& member : log.members) {
      members_.insert(member.node);
      if (member.since < oldest_.since) oldest_ = member;
    }
    waiting_ = true;
    open_ = false;
    lists_.clear();
  }
  void deliver(const Entry& entry, const totem::Place& place) {
    if (entry.list) {
      if (!waiting_) return;
      lists_[entry.sender] = *entry.list;
      if (lists_.size() == members_.size()) complete();
      return;
    }
    ASSERT_TRUE(open_) << "the test itself broke the ring's promise";
    apply(entry, place);
  }

  Groups own() const {
    Groups mine;
    for (const auto& [name, processes] : groups)
      for (const Process& process : processes)
        if (process.node == self_) mine[name].insert(process);
    return mine;
  }
  bool open() const { return open_; }
  std::vector<std::string> take() { return std::exchange(lines_, {}); }

  Groups groups;
  std::size_t left_and_joined = 0;

 private:
  void apply(const Entry& entry, const totem::Place& place) {
    const Request& request = entry.request;
    const std::string at = request.group + "@" + text_of(place) + " [";
    const std::string who = text_of(request.process);
    const auto known = groups.find(request.group);
    const bool is_member = known != groups.end() && known->second.count(request.process);
    switch (request.kind) {
      case Request::Kind::join:
        if (!is_member) {
          groups[request.group].insert(request.process);
          lines_.push_back("change " + at + text_of_set(groups[request.group]) + "] + " + who +
                           ":join - ");
        } else if (request.process.node == self_) {
          lines_.push_back("refused " + who + " " + request.group + ": already joined");
        }
        break;
      case Request::Kind::leave:
        if (is_member) take_out(request.group, request.process, "leave", place);
        break;
      case Request::Kind::process_down:
        for (const auto& [name, processes] : Groups(groups))
          if (processes.count(request.process))
            take_out(name, request.process, "process_down", place);
        break;
      case Request::Kind::data:
        if (is_member)
          lines_.push_back("message " + at + text_of_set(known->second) + "] from " + who + ": x");
    }
  }
  void take_out(const std::string& name, const Process& process, const std::string& reason,
                const totem::Place& place) {
    std::set<Process>& members = groups[name];
    members.erase(process);
    lines_.push_back("change " + name + "@" + text_of(place) + " [" + text_of_set(members) +
                     "] +  - " + text_of(process) + ":" + reason);
    if (members.empty()) groups.erase(name);
  }
  void complete() {
    waiting_ = false;
    open_ = true;
    std::set<NodeId> joined, left;
    for (const NodeId node : members_)
      if (!along_.count(node) || !previous_.count(node)) joined.insert(node);
    for (const NodeId node : previous_)
      if (!along_.count(node) || !members_.count(node)) left.insert(node);
    lines_.push_back("view " + std::to_string(ring_.seq) + " " + text_of_nodes(members_) +
                     " joined " + text_of_nodes(joined) + " left " + text_of_nodes(left) +
                     " oldest " + std::to_string(static_cast<std::uint32_t>(oldest_.node)));
    Groups next;
    std::set<std::string> names;
    for (const auto& [node, list] : lists_)
      for (const auto& [name, processes] : list)
        next[name].insert(processes.begin(), processes.end());
    for (const Groups* each : {&groups, &next})
      for (const auto& [name, processes] : *each) names.insert(name);
    for (const std::string& name : names) change(name, groups[name], next[name], joined, left);
    groups = next;
    std::erase_if(groups, [](const auto& group) { return group.second.empty(); });
    previous_ = along_ = members_;
    lines_.push_back("open");
  }
  void change(const std::string& name, const std::set<Process>& before,
              const std::set<Process>& after, const std::set<NodeId>& joined,
              const std::set<NodeId>& left) {
    std::string ins, outs;
    for (const Process& process : after)
      if (joined.count(process.node))
        ins += (ins.empty() ? "" : ",") + text_of(process) + ":node_up";
      else
        EXPECT_TRUE(before.count(process)) << "members that came along know each other's groups";
    for (const Process& process : before)
      if (left.count(process.node)) {
        outs += (outs.empty() ? "" : ",") + text_of(process) + ":node_down";
        left_and_joined += after.count(process);
      } else {
        EXPECT_TRUE(after.count(process)) << "members that came along know each other's groups";
      }
    if (!ins.empty() || !outs.empty())
      lines_.push_back("change " + name + "@" + std::to_string(ring_.seq) + ".0.0 [" +
                       text_of_set(after) + "] + " + ins + " - " + outs);
  }

  NodeId self_;
  totem::RingId ring_;
  totem::Member oldest_;
  std::set<NodeId> members_, previous_, along_;
  bool waiting_ = false, open_ = false;
  std::map<NodeId, Groups> lists_;
  std::vector<std::string> lines_;
};

// One incarnation of a node.
struct Living {
  Living(NodeId node, const GroupLimits& limits)
      : id(node), model(node), membership(node, limits, trace) {}

  NodeId id;
  std::uint64_t since = 0;
  Trace trace;
  Model model;
  Membership membership;
  std::shared_ptr<Log> ring;  // the one it is in, and how much of it was delivered
  std::size_t delivered = 0;
  bool list_due = false;
  std::deque<Request> queue;  // asked for by programs, not yet in the order
  Groups wanted;              // what the programs must have once the queue is through
  std::vector<std::uint32_t> clients;
  std::uint32_t next_client = 1;
};

class Cluster {
 public:
  Cluster(std::uint32_t seed, const GroupLimits& limits, bool modelled)
      : random_(seed), limits_(limits), modelled_(modelled) {
    for (std::uint32_t node = 1; node <= nodes; ++node) start(NodeId{node});
  }

  void step() {
    const std::uint32_t chance = random_.below(1000);
    if (chance < 8) return change_rings();
    if (chance < 10) return restart();
    Living& node = any();
    if (chance < 150) return ask(node);
    if (chance < 250) return submit(node, 1 + random_.below(4));
    if (chance < 330 && node.list_due) return submit_list(node);
    deliver(node, random_.below(6));
  }

  // One ring of all, everything delivered: everybody must know what all programs wanted.
  void settle() {
    std::vector<Living*> all;
    for (auto& [id, node] : living_) all.push_back(node.get());
    install(all);
    for (Living* node : all) submit_list(*node);
    for (Living* node : all) deliver(*node, ~std::size_t{0});
    for (Living* node : all) submit(*node, ~std::size_t{0});
    for (Living* node : all) deliver(*node, ~std::size_t{0});
    Groups wanted;
    for (const Living* node : all)
      for (const auto& [name, processes] : node->wanted)
        wanted[name].insert(processes.begin(), processes.end());
    for (const Living* node : all) {
      EXPECT_EQ(node->membership.counters().early, 0u);
      EXPECT_EQ(node->membership.counters().malformed, 0u);
      EXPECT_EQ(node->membership.counters().unknown_sender, 0u);
      EXPECT_EQ(groups_of(*node), groups_of(*all.front()));
      if (modelled_) {
        EXPECT_EQ(groups_of(*node), wanted);
      }
    }
  }

  // Nodes that delivered the same of the same ring know the same.
  void compare() {
    std::map<std::pair<const Log*, std::size_t>, const Living*> first;
    for (const auto& [id, node] : living_) {
      if (node->membership.syncing()) continue;
      const auto [same, fresh] = first.try_emplace({node->ring.get(), node->delivered}, node.get());
      if (!fresh) {
        ASSERT_EQ(groups_of(*node), groups_of(*same->second));
      }
    }
  }

  std::size_t interrupted = 0, in_transitional = 0, left_and_joined = 0;

 private:
  static constexpr std::uint32_t nodes = 5;

  static Groups groups_of(const Living& node) {
    Groups groups;
    for (std::size_t i = 0; i < node.membership.group_count(); ++i) {
      const auto group = node.membership.group(i);
      EXPECT_TRUE(std::ranges::is_sorted(group.members));
      groups[std::string(group.name)] = {group.members.begin(), group.members.end()};
      EXPECT_EQ(groups[std::string(group.name)].size(), group.members.size());
    }
    return groups;
  }

  Living& any() {
    auto at = living_.begin();
    std::advance(at, random_.below(living_.size()));
    return *at->second;
  }
  void start(NodeId id) {
    auto node = std::make_unique<Living>(id, limits_);
    node->ring = std::make_shared<Log>();  // one that only this incarnation ever knew
    Living& fresh = *node;
    living_[id] = std::move(node);
    install({&fresh});
  }
  void restart() {
    const NodeId id = any().id;
    living_.erase(id);
    start(id);
  }

  // A random part of the nodes forms a ring.
  void change_rings() {
    std::vector<Living*> part;
    for (auto& [id, node] : living_)
      if (!random_.one_in(3)) part.push_back(node.get());
    if (!part.empty()) install(part);
  }
  void install(const std::vector<Living*>& part) {
    auto next = std::make_shared<Log>();
    next->id = ring_id(++ring_seq_);
    std::map<std::shared_ptr<Log>, std::vector<Living*>> origins;
    for (Living* node : part) {
      if (part.size() > 1 && node->since == 0) node->since = ring_seq_;
      next->members.push_back({node->id, node->since});
      origins[node->ring].push_back(node);
    }
    for (const auto& [old, together] : origins) end(*old, together, next->id);
    for (Living* node : part) {
      node->ring = next;
      node->delivered = 0;
      node->list_due = true;
      node->membership.configuration(
          {totem::Configuration::Kind::regular, next->id, next->id, next->members});
      node->model.regular(*next);
    }
  }
  // What those that go on together deliver of their old ring: the same, first in its regular, then
  // in its transitional configuration. Behind the first message that is missing, only their own.
  void end(const Log& old, const std::vector<Living*>& together, const totem::RingId& next) {
    std::set<NodeId> along;
    std::vector<totem::Member> members;
    std::size_t least = 0;
    for (Living* node : together) {
      along.insert(node->id);
      members.push_back({node->id, node->since});
      least = std::max(least, node->delivered);
      if (node->membership.syncing()) ++interrupted;
    }
    const auto from_along = [&](const Entry& entry) { return along.count(entry.sender) != 0; };
    std::size_t whole = least + random_.below(old.entries.size() - least + 1);
    while (whole < old.entries.size() && from_along(old.entries[whole])) ++whole;
    // Lists are agreed messages: without a gap before them they are delivered at once.
    std::size_t lists = 0;
    while (lists < whole && old.entries[lists].list) ++lists;
    least = std::max(least, lists);
    const std::size_t regular = least + random_.below(whole - least + 1);
    for (Living* node : together) {
      deliver(*node, regular - node->delivered);
      node->membership.configuration(
          {totem::Configuration::Kind::transitional, next, old.id, members});
      node->model.transitional(next, along);
      for (std::size_t i = regular; i < old.entries.size(); ++i) {
        if (i >= whole && !from_along(old.entries[i])) continue;
        if (!old.entries[i].list) ++in_transitional;
        deliver_one(*node, i);
      }
    }
  }

  void ask(Living& node) {
    if (node.clients.empty() || random_.one_in(10)) node.clients.push_back(node.next_client++);
    const std::size_t which = random_.below(node.clients.size());
    const Process process{node.id, 100, node.clients[which]};
    const std::string group = "group " + std::to_string(random_.below(6));
    Request request{Request::Kind::data, process, group};
    switch (random_.below(12)) {
      case 0:
        request = {Request::Kind::process_down, process, ""};
        node.clients.erase(node.clients.begin() + which);
        for (auto& [name, processes] : node.wanted) processes.erase(process);
        break;
      case 1:
      case 2:
      case 3:
      case 4:
        request.kind = Request::Kind::join;
        node.wanted[group].insert(process);
        break;
      case 5:
      case 6:
      case 7:
        request.kind = Request::Kind::leave;
        node.wanted[group].erase(process);
        break;
      default:
        break;
    }
    std::erase_if(node.wanted, [](const auto& each) { return each.second.empty(); });
    node.queue.push_back(request);
  }

  void submit_list(Living& node) {
    const auto list = node.membership.barrier();
    node.list_due = false;
    node.ring->entries.push_back({node.id, {list.begin(), list.end()}, node.model.own(), {}});
  }
  void submit(Living& node, std::size_t count) {
    if (node.membership.syncing()) return;
    for (; count && !node.queue.empty(); --count, node.queue.pop_front()) {
      const Request& request = node.queue.front();
      std::string bytes = encoded(request);
      if (request.kind == Request::Kind::data) bytes += "x";
      node.ring->entries.push_back({node.id, bytes_of(bytes), std::nullopt, request});
    }
  }
  static std::string encoded(const Request& request) {
    const Process& process = request.process;
    const GroupId group = group_id(request.group);
    switch (request.kind) {
      case Request::Kind::join:
        return text_of(wire::join(process.pid, process.client, request.group).view());
      case Request::Kind::leave:
        return text_of(wire::leave(process.client, group, ChangeReason::leave).view());
      case Request::Kind::process_down:
        return text_of(wire::process_down(process.client).view());
      case Request::Kind::data:
        break;
    }
    return text_of(wire::data(process.client, group).view());
  }

  void deliver(Living& node, std::size_t count) {
    for (; count && node.delivered < node.ring->entries.size(); --count)
      deliver_one(node, node.delivered);
  }
  void deliver_one(Living& node, std::size_t index) {
    const Entry& entry = node.ring->entries[index];
    const totem::Place place{node.ring->id, totem::Seq{index + 1}, 0};
    node.delivered = index + 1;
    node.membership.message(
        {place, entry.sender, totem::Guarantee::agreed, entry.list.has_value(), entry.payload});
    if (!modelled_) {
      node.trace.take();
      return;
    }
    node.model.deliver(entry, place);
    ASSERT_EQ(node.trace.take(), node.model.take());
    left_and_joined += std::exchange(node.model.left_and_joined, 0);
  }

  Random random_;
  GroupLimits limits_;
  bool modelled_;
  std::uint64_t ring_seq_ = 0;
  std::map<NodeId, std::unique_ptr<Living>> living_;
};

class Chance : public testing::TestWithParam<std::uint32_t> {};

TEST_P(Chance, EveryNodeTellsWhatTheModelTells) {
  Cluster cluster(GetParam(), {}, true);
  for (int step = 0; step < 25'000 && !HasFailure(); ++step) {
    cluster.step();
    if (step % 100 == 0) cluster.compare();
    if (step % 5'000 == 4'999) cluster.settle();
  }
  // The cases that this test is there for did happen.
  EXPECT_GT(cluster.interrupted, 50u);
  EXPECT_GT(cluster.in_transitional, 50u);
  EXPECT_GT(cluster.left_and_joined, 10u);
}

// Tables so small that they are always full, and merges that have room for half: all nodes must
// still refuse and leave out the same.
TEST_P(Chance, FullTablesStayAlike) {
  Cluster cluster(GetParam(), {.groups = 4, .members = 9}, false);
  for (int step = 0; step < 20'000 && !HasFailure(); ++step) {
    cluster.step();
    if (step % 10 == 0) cluster.compare();
    if (step % 5'000 == 4'999) cluster.settle();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Chance, testing::Range(1u, 13u));

}  // namespace
}  // namespace gyre::membership
