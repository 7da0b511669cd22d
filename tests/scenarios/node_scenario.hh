// Whole nodes, a program on each that is in the group "all", and a wire that the scenario watches
// and cuts. Nodes are named by their place in the cluster: node 0 has the id 1.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <set>

#include "tests/node/bed.hh"
#include "totem/wire.hh"
#include "transport/header.hh"

namespace gyre::test {

// A frame on its way from one node to another.
struct Passing {
  std::size_t from = 0, to = 0;
  Lane lane{};
  std::span<const std::byte> frame;  // with its clear header
  std::size_t link = 0;

  Header header() const;
  std::span<const std::byte> body() const { return frame.subspan(header_size); }
  std::optional<totem::wire::Data> data() const;
  std::optional<totem::wire::Token> token() const;
  // Of a data frame that was not wrapped up in recovery.
  std::vector<totem::wire::Item> items() const;
  bool has_item(std::uint8_t flags) const;
  std::uint32_t sender() const { return data() ? static_cast<std::uint32_t>(data()->sender) : 0; }
  bool is_list() const { return data() && (data()->flags & totem::wire::Data::barrier); }
};

inline constexpr FakeOptions kind_network{
    .short_sends = false, .completes_after = 0, .resolves_after = Duration{}};

class Scenario : public testing::Test {
 protected:
  void open(std::size_t nodes, const FakeOptions& network = kind_network,
            const TestNode::Options& options = {});
  void open_on_two_links(std::size_t nodes);
  // A program on this node, in the group "all", with nothing of its own joining in `seen`.
  void program(std::size_t node);

  Cluster& cluster() { return *cluster_; }
  const totem::Ring& ring(std::size_t node) { return cluster_->nodes[node]->node().ring(); }
  const HeaderTransport& transport(std::size_t node) { return cluster_->nodes[node]->transport(); }
  void crash(std::size_t node);
  void inject(std::size_t to, Lane lane, std::span<const std::byte> frame, std::size_t link = 0);
  bool whole() { return cluster_->whole(); }
  // All nodes of `side`, and only they, share one ring and its barrier is through.
  bool whole(const std::set<std::size_t>& side);

  bool send(std::size_t node, std::string_view payload,
            totem::Guarantee guarantee = totem::Guarantee::agreed) {
    return programs_[node]->send("all", payload, guarantee);
  }
  // What the program of a node has been told so far.
  const std::vector<std::string>& seen(std::size_t node);
  std::size_t count(std::size_t node, std::string_view event);
  const std::vector<std::uint32_t>& members(std::size_t node) { return programs_[node]->members(); }
  const std::vector<std::uint32_t>& reasons(std::size_t node) { return programs_[node]->reasons(); }

  bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(5)) {
    return cluster_->run_until(done, limit);
  }
  void run(Duration span) { cluster_->run(span); }
  // Keeps the node's program sending until so many data frames of this node were numbered.
  void load(std::size_t node, std::uint64_t frames);

  // The bound of convergence after the last fault.
  static Duration convergence() {
    return 5 * (TestNode::quick().token_loss + TestNode::quick().consensus);
  }

  std::function<bool(const Passing&)> loses = [](const Passing&) { return false; };
  std::vector<std::optional<Program>> programs_;

 private:
  void watch(FakeNetwork& network, std::size_t link);

  std::unique_ptr<FakeNetwork> second_;
  std::unique_ptr<Cluster> cluster_;
  std::vector<std::vector<std::string>> seen_;
};

// Bytes that tell where in the message they belong, and to which message.
std::string text_of_length(std::size_t length, std::uint32_t which = 0);

}  // namespace gyre::test
