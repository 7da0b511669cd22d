// Nodes in one thread, on a network in memory and in virtual time, with programs that speak through
// shared memory as real ones do.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "node/node.hh"
#include "node/record.hh"
#include "tests/transport/fake.hh"
#include "transport/redundant.hh"
#include "transport/sealed.hh"
#include "transport/shm/channel.hh"
#include "transport/stamped.hh"

namespace gyre::test {

class TestNode;

// The program's end of a channel. Its node must be there when it asks for something.
class Program {
 public:
  Program(shm::Channel channel, TestNode& node);

  void join(std::string_view group);
  void leave(std::string_view group);
  // False: the ring of requests is full.
  bool send(std::string_view group, std::string_view payload,
            totem::Guarantee guarantee = totem::Guarantee::agreed);
  // All events up to now, in words: "view 1 2 3", "change prices +1 +2 -3", "1: payload".
  std::vector<std::string> events();
  // Of the last group change that events() gave: the nodes of the members, one for each, by what it
  // was told since it came in, and why those came or went that it names (a membership::ChangeReason
  // each).
  const std::vector<std::uint32_t>& members() const { return members_; }
  const std::vector<std::uint32_t>& reasons() const { return reasons_; }
  std::uint32_t number() const { return channel_.client; }
  std::uint32_t ended() const { return channel_.words().ended.load(); }

  Time lease_until() const { return Time(Duration(channel_.words().lease.until.load())); }

 private:
  void publish();
  void note_change(const shm::Record& record);

  shm::Channel channel_;
  TestNode* node_;
  shm::Producer requests_;
  shm::Consumer events_;
  std::map<std::string, std::vector<membership::Process>, std::less<>> groups_;
  std::vector<std::uint32_t> members_, reasons_;
};

// A node with all that it needs; what it asks for is done at once.
class TestNode final : public node::Errands {
 public:
  struct Options {
    std::vector<std::uint32_t> listed = {};  // ids of nodes whose addresses it knows
    bool open = false;
    node::Recorder* recorder = nullptr;
    node::NodeLimits limits = {};
    totem::Parameters parameters = quick();
    std::vector<node::ListedPeer> peers = {};  // those that are listed, found at the first start
    std::uint32_t starts = 0;                  // of this node, before this one
    std::uint64_t ring_seq = 0;                // what its file says
    Address address = {};                      // of a node that started before
    FakeNetwork* second = nullptr;             // another link of all nodes, or there is one only
    std::size_t frame_shorter = 0;             // than the others have it, which must not be
    membership::QuorumSettings quorum = {};
    membership::KeptVotes kept = {};
    int key = 0;                            // which one seals its frames; 0: none
    std::map<std::string, int> files = {};  // which key stands where
  };
  static ClusterKey key_of(int key);
  static totem::Parameters quick();

  TestNode(FakeNetwork& network, std::uint32_t id, std::size_t payload_max, Options options);

  // Only after all nodes that are listed were made.
  void start(const std::vector<std::unique_ptr<TestNode>>& others, Time now);
  bool turn(Time now);
  Program connect(Time now);
  void wake(std::uint32_t client) { node_->woken(client, false, now_); }
  node::Node& node() { return *node_; }
  FakeDevice& device() { return *device_; }
  std::uint32_t id() const { return id_; }
  const Address& address() const { return device_->address(); }
  const HeaderTransport& transport() const { return *transport_; }
  Sealed& sealed() { return *sealed_; }
  const Redundant& links() const { return *links_; }  // with a second network
  const Options& options() const { return options_; }
  std::uint64_t ring_seq() const { return ring_seq_; }  // what its file says
  std::size_t taken_back() const { return taken_back_; }
  std::uint64_t views() const { return views_; }
  // What its requests came to, as "7" or "8 why not".
  const std::vector<std::string>& answers() const { return answers_; }
  std::uint64_t to_read() const { return to_read_; }  // the ticket of the file to be read; 0: none
  const std::vector<std::pair<std::uint64_t, bool>>& reloads() const { return reloads_; }  // ended
  std::vector<std::pair<std::uint64_t, membership::QuorumChange>> votes_answers;
  std::size_t allocations() const { return allocations_; }  // in turns
  std::vector<std::string> log();
  std::map<std::string, int>& files() { return options_.files; }
  std::size_t keys_taken_back = 0;
  bool reads_keys = true;  // at once
  bool reserve_at_once = true;
  bool paused = false;  // a Cluster passes it over
  std::size_t times_kept = 0;

  void reserve(std::uint64_t ring_seq) override { reserve_ = ring_seq; }
  void take_back(shm::Channel) override { ++taken_back_; }
  void viewed(std::uint64_t number, std::size_t) override { views_ = number; }
  void answered(std::uint64_t request, std::string_view refused) override {
    answers_.push_back(std::to_string(request) + (refused.empty() ? "" : " ") +
                       std::string(refused));
  }
  void read_configuration(std::uint64_t ticket) override { to_read_ = ticket; }
  void reload_ended(std::uint64_t ticket, bool applied) override {
    reloads_.emplace_back(ticket, applied);
  }
  void read_key(std::uint64_t ticket, std::string_view file) override {
    key_to_read_ = {ticket, std::string(file)};
  }
  void take_back(ClusterKey) override { ++keys_taken_back; }
  void votes_answered(std::uint64_t request, membership::QuorumChange answer) override {
    votes_answers.emplace_back(request, answer);
  }
  bool keep(const membership::KeptVotes& votes) noexcept override {
    options_.kept = votes;
    ++times_kept;
    return true;
  }

 private:
  void protect(std::unique_ptr<Transport> device);
  std::unique_ptr<Transport> join_links(std::unique_ptr<FakeDevice> first);
  void read_key();

  const std::uint32_t id_;
  Options options_;
  FramePool pool_;
  FakeDevice* device_;
  std::unique_ptr<HeaderTransport> transport_;
  Sealed* sealed_ = nullptr;
  Redundant* links_ = nullptr;
  std::vector<std::string> own_addresses_;
  node::Log log_;
  std::unique_ptr<node::Node> node_;
  Time now_{};
  std::uint32_t clients_ = 0;
  std::uint64_t reserve_ = 0, ring_seq_ = 0, views_ = 0;
  std::vector<std::string> answers_;
  std::uint64_t to_read_ = 0;
  std::pair<std::uint64_t, std::string> key_to_read_;  // 0: none
  std::vector<std::pair<std::uint64_t, bool>> reloads_;
  std::size_t taken_back_ = 0, allocations_ = 0;
};

// Nodes 1 … count, each of which lists all others.
class Cluster {
 public:
  Cluster(std::size_t count, const FakeOptions& network, TestNode::Options options = {});

  void start();
  void crash(std::size_t node) { restarts[node] = next_start(node), nodes[node].reset(); }
  // A node that has crashed, with its file; `shorter`: with frames of another size.
  void restart(std::size_t node, std::size_t shorter = 0);
  void step();  // one turn of each node
  template <typename Done>
  bool run_until(Done done, Duration limit = std::chrono::seconds(5)) {
    for (const Time end = now + limit; !done(); step())
      if (now > end) return false;
    return true;
  }
  void run(Duration span) {
    for (const Time end = now + span; now < end;) step();
  }
  bool whole();  // one view of all, everywhere
  // Joins, and runs until the program sees it. What it saw is in `seen`.
  bool join(Program& program, std::string_view group, std::vector<std::string>& seen);

  static constexpr Duration tick = std::chrono::microseconds(20);
  Time now{std::chrono::seconds(1000)};
  FakeNetwork network;
  std::vector<std::unique_ptr<TestNode>> nodes;
  std::vector<TestNode::Options> restarts;  // how each node starts next

 private:
  TestNode::Options next_start(std::size_t node) const;

  const std::size_t payload_max_;
};

}  // namespace gyre::test
