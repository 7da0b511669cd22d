#include "node/status.hh"

#include <algorithm>
#include <span>

#include "node/answers.hh"

namespace gyre::node {
namespace {

using Json = nlohmann::ordered_json;

std::uint32_t number(NodeId id) {
  return static_cast<std::uint32_t>(id);
}

const StatusNames::Node* find(const StatusNames& names, NodeId id) {
  const auto known = names.nodes.find(id);
  return known == names.nodes.end() ? nullptr : &known->second;
}

Json members_of(const Snapshot& snapshot, const StatusNames& names) {
  Json members = Json::array();
  for (const Snapshot::Member& entry : std::span(snapshot.members).first(snapshot.member_count)) {
    const StatusNames::Node* node = find(names, entry.member.node);
    Json addresses = Json::array();
    for (std::size_t link = 0; link < names.links; ++link)
      if (std::string address = names.address_of(entry, link); !address.empty())
        addresses.push_back(std::move(address));
    members.push_back({{"nodeid", number(entry.member.node)},
                       {"name", node ? node->name : ""},
                       {"votes", entry.votes},
                       {"addresses", std::move(addresses)}});
  }
  return members;
}

Json device_of(const membership::QuorumDevice& device) {
  return {{"registered", device.registered},
          {"alive", device.alive},
          {"votes", device.votes},
          {"master_wins", device.master_wins}};
}

Json voters_of(const Snapshot& snapshot, const StatusNames& names) {
  Json voters = members_of(snapshot, names);
  for (std::size_t i = 0; i < voters.size(); ++i)
    voters[i]["device"] = device_of(snapshot.members[i].device);
  return voters;
}

Json counters_of(const Snapshot& snapshot) {
  Json counters = Json::object();
  for (const Snapshot::Counter& counter :
       std::span(snapshot.counters).first(snapshot.counter_count)) {
    counters[counter.group][counter.name] = counter.value;
  }
  return counters;
}

Json token_of(const Snapshot& snapshot) {
  return {{"age_ms", snapshot.token ? (snapshot.taken - snapshot.token) / 1'000'000 : 0},
          {"seq", snapshot.seq},
          {"aru", snapshot.aru},
          {"aru_owner", number(snapshot.aru_owner)},
          {"frames", snapshot.frames},
          {"backlog", snapshot.backlog}};
}

Json rotations_of(const Snapshot& snapshot) {
  const Histogram& rotations = snapshot.rotations;
  return {{"count", rotations.count()},           {"total_ns", rotations.total()},
          {"last_ns", rotations.last()},          {"p50_ns", rotations.percentile(0.5)},
          {"p99_ns", rotations.percentile(0.99)}, {"longest_ns", rotations.longest()}};
}

// Of the others in the view, by their ids.
Json peers_of(const Snapshot& snapshot) {
  Json peers = Json::object();
  for (const Snapshot::Member& entry : std::span(snapshot.members).first(snapshot.member_count)) {
    if (entry.member.node == snapshot.self) continue;
    peers[std::to_string(number(entry.member.node))] = {
        {"frames", entry.frames},
        {"silent_ms", entry.heard ? (snapshot.taken - entry.heard) / 1'000'000 : 0},
        {"joins", entry.joins}};
  }
  return peers;
}

bool device_counts(const Snapshot& snapshot) {
  return std::ranges::any_of(std::span(snapshot.members).first(snapshot.member_count),
                             [](const Snapshot::Member& member) { return member.device.counts(); });
}

Json quorum_of(const membership::Verdict& verdict) {
  return {{"quorate", verdict.quorate},          {"reason", text(verdict.reason)},
          {"why", reason_text(verdict)},         {"votes", verdict.total_votes},
          {"expected", verdict.expected_votes},  {"needed", verdict.quorum},
          {"highest", verdict.highest_expected}, {"withheld", verdict.withheld_votes},
          {"fencing", text(verdict.fencing)},    {"flags", flags_text(verdict)}};
}

// Null where frames are open.
Json key_of(const Snapshot& snapshot, const StatusNames& names) {
  if (!names.secauth) return nullptr;
  Json key = {{"fingerprint", fingerprint_text(snapshot.key)}, {"rotation", snapshot.rotation}};
  if (snapshot.next_key == 0) return key;
  key["next"] = fingerprint_text(snapshot.next_key);
  key["waits_for"] = number(snapshot.rotation_waits_for);
  return key;
}

}  // namespace

std::string StatusNames::address_of(const Snapshot::Member& entry, std::size_t link) const {
  const Node* node = find(*this, entry.member.node);
  if (node && link < node->addresses.size()) return node->addresses[link];
  const Address& address = entry.addresses[link];
  return address == Address{} ? "" : address_text(address);
}

std::string StatusNames::addresses_of(const Snapshot::Member& entry) const {
  std::string all;
  for (std::size_t link = 0; link < links; ++link)
    if (const std::string address = address_of(entry, link); link == 0 || !address.empty())
      all += fmt::format("r({}) ip({}) ", link, address);
  return all;
}

std::vector<std::uint32_t> StatusNames::away(const Snapshot& snapshot) const {
  const auto members = std::span(snapshot.members).first(snapshot.member_count);
  std::vector<std::uint32_t> ids;
  for (const auto& [id, node] : nodes)
    if (!std::ranges::any_of(members,
                             [of = id](const auto& each) { return each.member.node == of; }))
      ids.push_back(number(id));
  return ids;
}

std::string status_json(const Snapshot& snapshot, const StatusNames& names) {
  const StatusNames::Node* self = find(names, snapshot.self);
  Json members = Json::array();
  for (const Snapshot::Member& entry : std::span(snapshot.members).first(snapshot.member_count))
    members.push_back(number(entry.member.node));
  const Json status = {
      {"nodeid", number(snapshot.self)},
      {"name", self ? self->name : ""},
      {"cluster", names.cluster},
      {"state", snapshot.state},
      {"ring",
       {{"seq", snapshot.ring.seq}, {"representative", number(snapshot.ring.representative)}}},
      {"view", snapshot.view},
      {"members", std::move(members)},
      {"quorum", quorum_of(snapshot.verdict)},
      {"transport", names.transport},
      {"secauth", names.secauth},
      {"suite", names.suite},
      {"key", key_of(snapshot, names)},
      {"version", names.version},
      {"uptime_ms", (snapshot.taken - snapshot.started) / 1'000'000},
      {"clients", snapshot.client_count},
      {"token", token_of(snapshot)},
      {"rotation", rotations_of(snapshot)},
      {"peers", peers_of(snapshot)},
      {"counters", counters_of(snapshot)},
  };
  return one_line(status);
}

std::string members_json(const Snapshot& snapshot, const StatusNames& names) {
  return one_line({{"view", snapshot.view}, {"members", members_of(snapshot, names)}});
}

std::string quorum_json(const Snapshot& snapshot, const StatusNames& names) {
  return one_line(
      {{"nodeid", number(snapshot.self)},
       {"provider", names.votequorum ? Json("corosync_votequorum") : Json(nullptr)},
       {"ring",
        {{"seq", snapshot.ring.seq}, {"representative", number(snapshot.ring.representative)}}},
       {"members", voters_of(snapshot, names)},
       {"device", {{"votes", names.device_votes}, {"counts", device_counts(snapshot)}}},
       {"quorum", quorum_of(snapshot.verdict)}});
}

std::string counters_json(const Snapshot& snapshot, const StatusNames&) {
  return one_line(counters_of(snapshot));
}

}  // namespace gyre::node
