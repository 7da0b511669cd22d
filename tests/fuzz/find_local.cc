// Who a node is, by a list that is the same on all nodes and a machine that is not: each finds
// itself or says why not, and those that do agree on who has which id.
#include <array>
#include <cassert>

#include "node/identity.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre::node;

constexpr std::size_t hosts = 2, nodes_max = 4, links = 3;
const std::array<std::string, 8> names = {"",  "a", "b", "c", "a.example", "b.example.org",
                                          ".", "x"};
const std::array<std::string, 12> addresses = {"10.0.0.1",  "10.0.0.2", "10.0.1.1",  "127.0.0.1",
                                               "127.0.0.2", "0.0.0.0",  "128.0.0.1", "fd00::1",
                                               "fd00::2",   "fe80::1",  "::1",       "239.1.1.1"};
const std::array<std::string, 4> versions = {"ipv4", "ipv6", "ipv4-6", "ipv6-4"};

// A name or an address; seldom any text.
std::string word(gyre::fuzz::Script& script) {
  const std::uint8_t choice = script.byte();
  if (choice < 64) return names[choice % names.size()];
  if (choice < 224) return addresses[choice % addresses.size()];
  return std::string(script.text(choice % 32));
}

Config read_list(gyre::fuzz::Script& script) {
  const std::uint8_t choice = script.byte();
  Config config;
  config.file = "f";
  config.form = choice & 1 ? Form::nodelist : Form::interface;
  config.clear_node_high_bit = choice & 4;
  config.nodeid = choice >> 6;
  config.links.resize(1 + script.byte() % links);
  for (Link& link : config.links) {
    link.line = 1;
    link.transport = choice & 2 ? TransportKind::udpu : TransportKind::udp;
    link.ip_version = versions[choice >> 3 & 3];
    link.mcastport = static_cast<std::uint16_t>(5405 + script.byte() % 3);
    if (config.form == Form::interface) link.bindnetaddr = addresses[script.below(10)];
    if (link.transport == TransportKind::udp) link.mcastaddr = addresses[11];
  }
  // The parser lets no nodelist be empty, nor members that are no addresses.
  const bool listed = config.form == Form::nodelist;
  const std::size_t count =
      listed || config.links.size() == 1 ? script.below(nodes_max) + listed : 0;
  for (std::size_t i = 0; i < count; ++i) {
    ListedNode node;
    node.line = static_cast<int>(i) + 2;
    if (config.form == Form::nodelist) {
      node.nodeid = script.byte() % 4u;
      node.name = names[script.below(names.size())];
      for (std::size_t link = 0; link < config.links.size(); ++link)
        node.addresses.push_back(word(script));
    } else {
      node.addresses.push_back(addresses[script.below(addresses.size())]);
    }
    config.nodes.push_back(node);
  }
  return config;
}

// Names mean the same everywhere.
struct Names {
  std::array<std::uint8_t, names.size()> address;

  explicit Names(gyre::fuzz::Script& script) {
    for (auto& index : address) index = script.byte();
  }
  std::vector<IpAddress> resolve(const std::string& name) const {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == name && address[i] % 4 != 0)
        return {*parse_ip(addresses[address[i] % addresses.size()])};
    return {};
  }
};

Host read_host(gyre::fuzz::Script& script, const Names& known) {
  Host host;
  host.name = names[script.below(names.size())];
  for (std::size_t count = script.below(4); count > 0; --count)
    host.addresses.push_back({.interface = "e" + std::to_string(count),
                              .address = *parse_ip(addresses[script.below(addresses.size())]),
                              .prefix = script.byte() % 129u});
  const std::string reverse = names[script.below(names.size())];
  host.resolve = [&known](const std::string& name) { return known.resolve(name); };
  host.name_of = [reverse](const IpAddress&) { return reverse; };
  return host;
}

void check(const Config& config, const LocalNode& local) {
  const std::size_t count = config.links.size();
  assert(local.nodeid != gyre::NodeId::none && local.places.size() == count);
  for (const auto& place : local.places) assert(parse_ip(place.address));
  if (config.form == Form::nodelist) assert(local.peers.size() + 1 == config.nodes.size());
  for (const auto& peer : local.peers) {
    assert(peer.nodeid != gyre::NodeId::none && peer.addresses.size() == count);
    assert(peer.nodeid != local.nodeid);
    for (std::size_t link = 0; link < count; ++link) {
      assert(parse_ip(peer.addresses[link]));
      for (const auto& place : local.places) assert(peer.addresses[link] != place.address);
    }
    for (const auto& other : local.peers) assert(&peer == &other || peer.nodeid != other.nodeid);
  }
}

// What one says of an address, the other says of it too.
void check_agreement(const LocalNode& a, const LocalNode& b) {
  const auto same = [](const std::string& address, gyre::NodeId id, const LocalNode& other) {
    for (const auto& place : other.places) assert(place.address != address || other.nodeid == id);
    for (const auto& peer : other.peers)
      for (const std::string& its : peer.addresses) assert(its != address || peer.nodeid == id);
  };
  for (const auto& place : a.places) same(place.address, a.nodeid, b);
  for (const auto& peer : a.peers)
    for (const std::string& its : peer.addresses) same(its, peer.nodeid, b);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gyre::fuzz::Script script(data, size);
  const Config config = read_list(script);
  const Names known(script);
  std::array<std::optional<LocalNode>, hosts> found;
  for (auto& local : found) {
    const Host host = read_host(script, known);
    const std::uint8_t nodeid = script.byte();
    try {
      local = find_local(config, nodeid < 8 ? std::optional<std::uint32_t>(nodeid) : std::nullopt,
                         host);
      check(config, *local);
    } catch (const ConfigError& error) {
      assert(std::string_view(error.what()).starts_with("f:"));
    }
  }
  if (config.nodes.empty()) return 0;
  if (found[0] && found[1]) {
    check_agreement(*found[0], *found[1]);
    check_agreement(*found[1], *found[0]);
  }
  return 0;
}
