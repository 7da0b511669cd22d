// What this node is reached by, on each link. The kernel is asked about the interfaces when someone
// wants to know, and where there are several links, what their probes came to.
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <memory>

#include "node/answers.hh"
#include "node/config.hh"
#include "node/identity.hh"
#include "node/link_states.hh"
#include "node/topics.hh"

namespace gyre::node {
namespace {

using Json = nlohmann::ordered_json;

// Why nobody can be reached from `address`; empty: nothing is known against it.
std::string fault_of(const std::string& address) {
  const std::optional<IpAddress> own = parse_ip(address);
  if (!own || is_loopback(*own)) return {};
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
  for (const ifaddrs* entry = first; entry; entry = entry->ifa_next) {
    if (address_of(entry->ifa_addr) != own) continue;
    if (!(entry->ifa_flags & IFF_UP)) return fmt::format("{} is down", entry->ifa_name);
    if (!(entry->ifa_flags & IFF_RUNNING)) return fmt::format("{} has no carrier", entry->ifa_name);
    return {};
  }
  return fmt::format("no interface has {} any more", address);
}

struct Links {
  Form form{};
  std::string transport, mode;
  std::vector<Link> links;
  std::vector<LocalNode::Place> places;
  std::size_t payload = 0;
  StatusNames names;

  // Who was in a view, and everybody who is listed, with what is known of the ways to him.
  Json nodes(const Snapshot& snapshot, const LinkStates& states) const {
    std::map<NodeId, const Snapshot::Member*> all;
    for (const auto& [id, node] : names.nodes) all[id] = nullptr;
    const auto known = std::span(snapshot.members).first(snapshot.known_count);
    for (const Snapshot::Member& member : known) all[member.member.node] = &member;
    Json nodes = Json::array();
    for (const auto& [id, member] : all) {
      const bool here = member && member < known.data() + snapshot.member_count;
      const bool local = id == snapshot.self;
      const Json its = addresses(id, member);
      Json node = {{"nodeid", static_cast<std::uint32_t>(id)},
                   {"address", its.front()},
                   {"addresses", its},
                   {"local", local},
                   {"connected", here || local}};
      if (states.count > 0 && !local) node["links"] = ways(states, id, member, here);
      nodes.push_back(std::move(node));
    }
    return nodes;
  }

  Json addresses(NodeId id, const Snapshot::Member* member) const {
    const Snapshot::Member listed{.member = {.node = id}};
    Json all = Json::array();
    for (std::size_t link = 0; link < links.size(); ++link)
      all.push_back(names.address_of(member ? *member : listed, link));
    return all;
  }

  static Json ways(const LinkStates& states, NodeId peer, const Snapshot::Member* member,
                   bool here) {
    const LinkStates::Ways* known = states.ways_to(peer);
    Json all = Json::array();
    for (std::size_t link = 0; link < states.count; ++link) {
      const LinkHealth::PathStatus way = known ? (*known)[link] : LinkHealth::PathStatus{};
      all.push_back(
          {{"connected", here && way.heard && way.good},
           {"fault", way.good ? "" : way.fault},
           {"round_trip_us", std::chrono::duration<double, std::micro>(way.round_trip).count()},
           {"loss", way.loss_ppm / 1e6},
           {"failures", way.failures},
           {"first_frames", member ? member->first[link] : 0}});
    }
    return all;
  }

  Json link(const LinkStates& states, std::size_t number) const {
    Json link = {{"number", number},
                 {"address", places[number].address},
                 {"transport", text(links[number].transport)},
                 {"priority", links[number].priority},
                 {"fault", fault_of(places[number].address)}};
    if (number >= states.count) return link;
    const LinkStates::Link& state = states.links[number];
    if (state.faulty && link["fault"] == "") link["fault"] = reason(states, number);
    link["counters"] = {{"sent", state.device.sent},
                        {"received", state.device.received},
                        {"sent_bytes", state.device.sent_bytes},
                        {"received_bytes", state.device.received_bytes},
                        {"skipped", state.counters.skipped},
                        {"probes_sent", state.counters.probes_sent},
                        {"probes_refused", state.counters.probes_refused}};
    return link;
  }

  static std::string reason(const LinkStates& states, std::size_t link) {
    for (std::size_t peer = 0; peer < states.peers; ++peer)
      if (const auto& way = states.ways[peer][link]; !way.good) return std::string(way.fault);
    return "it reaches nobody";
  }

  std::string text_of(const Snapshot& snapshot, const LinkStates& states) const {
    Json all = {{"nodeid", static_cast<std::uint32_t>(snapshot.self)},
                {"form", form == Form::interface ? "interface" : "nodelist"},
                {"transport", transport},
                {"mode", mode},
                {"mtu", payload},
                {"uptime_ms", (snapshot.taken - snapshot.started) / 1'000'000},
                {"links", Json::array()},
                {"nodes", nodes(snapshot, states)}};
    for (std::size_t number = 0; number < links.size(); ++number)
      all["links"].push_back(link(states, number));
    return one_line(all);
  }
};

std::shared_ptr<const Links> read(const Config& config, const LocalNode& local,
                                  const StatusNames& names) {
  Links read{.form = config.form,
             .transport = names.transport,
             .mode = config.links.size() == 1 ? "" : text(config.redundancy.mode),
             .links = config.links,
             .places = local.places,
             .payload = SIZE_MAX,
             .names = names};
  for (const LocalNode::Place& place : local.places) {
    const bool ipv6 = place.address.find(':') != std::string::npos;
    read.payload = std::min(read.payload, udp_payload_max(config.netmtu, ipv6));
  }
  return std::make_shared<const Links>(std::move(read));
}

}  // namespace

Topic links_topic(const Config& config, const LocalNode& local, const StatusNames& names) {
  return [links = read(config, local, names)](const Asked& asked) -> Answer {
    if (!asked.arguments.empty()) return wrong_arguments("none");
    auto states = std::make_shared<LinkStates>();
    if (links->links.size() == 1) return links->text_of(asked.snapshot, *states);
    auto snapshot = std::make_shared<Snapshot>(asked.snapshot);
    return Order{.command = {.kind = Command::Kind::look_at_links, .links = states.get()},
                 .then = [links, states, snapshot](const Outcome&) {
                   return links->text_of(*snapshot, *states);
                 }};
  };
}

}  // namespace gyre::node
