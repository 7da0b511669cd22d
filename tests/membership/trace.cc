#include "tests/membership/trace.hh"

#include <gtest/gtest.h>

namespace gyre::membership {

namespace {

std::string number(std::uint64_t value) {
  return std::to_string(value);
}
std::string number(NodeId node) {
  return std::to_string(static_cast<std::uint32_t>(node));
}

template <typename Items, typename Text>
std::string list(const Items& items, Text text) {
  std::string joined;
  for (const auto& item : items) joined += (joined.empty() ? "" : ",") + text(item);
  return joined;
}

std::string text_of(ChangeReason reason) {
  switch (reason) {
    case ChangeReason::join:
      return "join";
    case ChangeReason::leave:
      return "leave";
    case ChangeReason::node_down:
      return "node_down";
    case ChangeReason::node_up:
      return "node_up";
    case ChangeReason::process_down:
      return "process_down";
  }
  return "?";
}

}  // namespace

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}
std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string text_of(const totem::Place& place) {
  return number(place.ring.seq) + "." + number(totem::number(place.seq)) + "." +
         number(place.index);
}
std::string text_of(const Process& process) {
  return number(process.node) + "/" + number(process.pid) + "/" + number(process.client);
}
std::string text_of(std::span<const Process> processes) {
  return list(processes, [](const Process& process) { return text_of(process); });
}
std::string text_of(std::span<const Change> changes) {
  return list(changes, [](const Change& change) {
    return text_of(change.process) + ":" + text_of(change.reason);
  });
}
std::string text_of(std::span<const NodeId> nodes) {
  return list(nodes, [](NodeId node) { return number(node); });
}
std::string text_of(std::span<const totem::Member> members) {
  return list(members, [](const totem::Member& member) { return number(member.node); });
}

void Trace::transitional(const totem::Configuration& configuration) {
  lines_.push_back("transitional " + number(configuration.previous.seq) + ">" +
                   number(configuration.ring.seq) + " " + text_of(configuration.members));
}
void Trace::view(const View& view) {
  lines_.push_back("view " + number(view.number) + " " + text_of(view.members) + " joined " +
                   text_of(view.joined) + " left " + text_of(view.left) + " oldest " +
                   number(view.oldest));
}
void Trace::group_change(const GroupChange& change) {
  EXPECT_EQ(change.group, group_id(change.name));
  lines_.push_back("change " + std::string(change.name) + "@" + text_of(change.place) + " [" +
                   text_of(change.members) + "] + " + text_of(change.joined) + " - " +
                   text_of(change.left));
}
void Trace::join_refused(const Process& process, std::string_view name, std::string_view reason) {
  lines_.push_back("refused " + text_of(process) + " " + std::string(name) + ": " +
                   std::string(reason));
}
void Trace::message(const GroupMessage& message) {
  EXPECT_EQ(message.group, group_id(message.name));
  lines_.push_back("message " + std::string(message.name) + "@" + text_of(message.place) + " [" +
                   text_of(message.members) + "] from " + text_of(message.sender) + ": " +
                   text_of(message.payload));
}
void Trace::verdict(const VerdictChange& change) {
  lines_.push_back("verdict " + number(change.number) + " @" + text_of(change.place) + " " +
                   reason_text(change.verdict));
}
void Trace::votes_answered(std::uint64_t request, QuorumChange answer) {
  lines_.push_back("answer " + number(request) + " " + number(static_cast<std::uint64_t>(answer)));
}
void Trace::barrier_done() {
  lines_.push_back("open");
}

void OrderedRing::regular(std::uint64_t ring) {
  std::vector<totem::Member> members;
  for (const Node* node : nodes_)
    members.push_back({node->self, 100 + static_cast<std::uint32_t>(node->self)});
  for (Node* node : nodes_) node->regular(ring, members);
}

void OrderedRing::barrier(const Node& from) {
  const auto listed = from.membership.barrier();
  const std::vector<std::byte> list(listed.begin(), listed.end());
  for (Node* node : nodes_) node->deliver(from.self, list, true);
}

void OrderedRing::open(std::uint64_t ring) {
  regular(ring);
  for (const Node* node : nodes_) barrier(*node);
}

void OrderedRing::send(const Node& from, std::span<const std::byte> payload) {
  for (Node* node : nodes_) node->deliver(from.self, payload);
}

void OrderedRing::send(const Node& from, const wire::Encoded& head, std::string_view payload) {
  auto bytes = bytes_of(text_of(head.view()));
  const auto more = bytes_of(payload);
  bytes.insert(bytes.end(), more.begin(), more.end());
  send(from, bytes);
}

std::vector<std::string> OrderedRing::take() {
  const auto trace = nodes_.front()->trace.take();
  for (std::size_t i = 1; i < nodes_.size(); ++i) EXPECT_EQ(nodes_[i]->trace.take(), trace);
  return trace;
}

}  // namespace gyre::membership
