// What this node is reached by. The kernel is asked about the interface when someone wants to know.
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "node/config.hh"
#include "node/identity.hh"
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
  std::string transport, address;
  std::size_t payload = 0;
  StatusNames names;

  // Every node that is listed, or that was in a view.
  Json nodes(const Snapshot& snapshot) const {
    std::map<NodeId, std::string> addresses;
    for (const auto& [id, node] : names.nodes) addresses[id] = node.address;
    std::vector<NodeId> members;
    for (std::uint32_t i = 0; i < snapshot.known_count; ++i) {
      const Snapshot::Member& member = snapshot.members[i];
      if (i < snapshot.member_count) members.push_back(member.member.node);
      addresses[member.member.node] = names.address_of(member);
    }
    Json all = Json::array();
    for (const auto& [id, known] : addresses) {
      const bool here = std::ranges::find(members, id) != members.end();
      all.push_back({{"nodeid", static_cast<std::uint32_t>(id)},
                     {"address", known},
                     {"local", id == snapshot.self},
                     {"connected", here || id == snapshot.self}});
    }
    return all;
  }

  Answer answer(const Asked& asked) const {
    if (!asked.arguments.empty()) return Refused{"expected arguments: none"};
    const Json link = {{"number", 0}, {"address", address}, {"fault", fault_of(address)}};
    const Json all = {{"nodeid", static_cast<std::uint32_t>(asked.snapshot.self)},
                      {"form", form == Form::interface ? "interface" : "nodelist"},
                      {"transport", transport},
                      {"mtu", payload},
                      {"links", Json::array({link})},
                      {"nodes", nodes(asked.snapshot)}};
    return all.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
};

}  // namespace

Topic links_topic(const Config& config, const LocalNode& local, const StatusNames& names) {
  const bool ipv6 = local.address().find(':') != std::string::npos;
  const auto links =
      std::make_shared<const Links>(Links{.form = config.form,
                                          .transport = names.transport,
                                          .address = local.address(),
                                          .payload = udp_payload_max(config.netmtu, ipv6),
                                          .names = names});
  return [links](const Asked& asked) { return links->answer(asked); };
}

}  // namespace gyre::node
