#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "node/config_lines.hh"
#include "node/identity.hh"

namespace gyre::node {
namespace {

class Search {
 public:
  Search(const Config& config, std::optional<std::uint32_t> nodeid, const Host& host)
      : config_(config), nodeid_(nodeid), host_(host) {}

  LocalNode run() {
    if (nodeid_ == 0u) fail(0, "--nodeid 0: ids begin with 1");
    if (config_.form == Form::nodelist)
      find_in_nodelist();
    else
      find_by_network();
    return std::move(local_);
  }

 private:
  // --- The interface form: the network says which address is ours.

  void find_by_network() {
    const IpAddress own = own_address();
    set_own(own, config_.bindnetaddr_line);
    local_.name = host_.name;
    local_.quorum_votes = config_.quorum.votes;
    if (config_.nodes.empty()) {
      const std::uint32_t written = nodeid_.value_or(config_.nodeid);
      local_.nodeid = written ? NodeId{written} : derive(own, config_.bindnetaddr_line);
      return;
    }
    local_.nodeid = derive(own, config_.bindnetaddr_line);
    if (nodeid_ && NodeId{*nodeid_} != local_.nodeid)
      fail(config_.bindnetaddr_line,
           fmt::format("--nodeid {} beside member{{}}, where ids come from addresses: this is {}",
                       *nodeid_, number(local_.nodeid)));
    for (const ListedNode& node : config_.nodes)
      if (const IpAddress address = address_of(node); address != own) add_peer(node, address);
  }

  // The address itself if we have it, else that of the narrowest network around it.
  IpAddress own_address() const {
    const int line = config_.bindnetaddr_line;
    const std::optional<IpAddress> bind = parse_ip(config_.bindnetaddr);
    if (!bind) fail(line, fmt::format("bindnetaddr {}: no address", config_.bindnetaddr));
    const HostAddress* best = nullptr;
    for (const HostAddress& entry : host_.addresses) {
      if (entry.address == *bind) return *bind;
      if (same_network(entry.address, *bind, entry.prefix) && !is_link_local(entry.address) &&
          (!best || entry.prefix > best->prefix))
        best = &entry;
    }
    if (!best)
      fail(line, fmt::format("no interface with an address in {}; there is {}", config_.bindnetaddr,
                             what_there_is()));
    // All of 127.0.0.0/8 is this machine, whatever lo lists: several nodes can share it.
    if (is_loopback(*bind) && *bind != network_of(*bind, best->prefix)) return *bind;
    return best->address;
  }

  // --- The nodelist form: one of the nodes is us.

  void find_in_nodelist() {
    local_.position = own_index();
    const ListedNode& own = config_.nodes[local_.position];
    set_own(own_address_of(own), own.line);
    local_.quorum_votes = own.quorum_votes;
    local_.name = name_of(own).empty() ? host_.name : name_of(own);
    local_.nodeid = id_of(own, *parse_ip(local_.address));
    for (const ListedNode& node : config_.nodes)
      if (&node != &own) add_peer(node, address_of(node));
    refuse_address_of_loopback(own);
  }

  // Names first, as they are the administrator's word; then addresses, which need no name server;
  // then whatever the name server knows.
  std::size_t own_index() const {
    if (nodeid_) return by_nodeid();
    for (std::string name = host_.name; !name.empty(); name = without_domain(name))
      if (const auto index = named(name)) return *index;
    for (std::size_t i = 0; i < config_.nodes.size(); ++i)
      if (host_.name == first_label(config_.nodes[i].name) ||
          (!is_numeric(config_.nodes[i]) && host_.name == first_label(config_.nodes[i].ring0_addr)))
        return i;
    if (const auto index = the_one_of_ours([&](const ListedNode& node) {
          const auto address = parse_ip(node.ring0_addr);
          return address && is_ours(*address);
        }))
      return *index;
    if (const auto index = by_reverse_name()) return *index;
    if (const auto index = the_one_of_ours([&](const ListedNode& node) {
          return !is_numeric(node) && ours_among(host_.resolve(node.ring0_addr));
        }))
      return *index;
    fail(config_.nodes.front().line,
         fmt::format("no node of the nodelist is this machine: its name is {}, there is {}",
                     host_.name, what_there_is()));
  }

  std::size_t by_nodeid() const {
    for (std::size_t i = 0; i < config_.nodes.size(); ++i) {
      const ListedNode& node = config_.nodes[i];
      if (node.nodeid == *nodeid_ || (node.nodeid == 0 && has_derived_id(node))) return i;
    }
    fail(config_.nodes.front().line, fmt::format("no node has --nodeid {}", *nodeid_));
  }

  bool has_derived_id(const ListedNode& node) const {
    const IpAddress address = address_of(node);
    return !address.v6 && number(derive(address, node.line)) == *nodeid_;
  }

  std::optional<std::size_t> named(const std::string& name) const {
    for (std::size_t i = 0; i < config_.nodes.size(); ++i)
      if (config_.nodes[i].name == name || config_.nodes[i].ring0_addr == name) return i;
    return std::nullopt;
  }

  // A guess between two nodes could start the same node twice.
  template <typename IsOurs>
  std::optional<std::size_t> the_one_of_ours(IsOurs is_ours_too) const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < config_.nodes.size(); ++i) {
      if (!is_ours_too(config_.nodes[i])) continue;
      if (found)
        fail(config_.nodes[i].line,
             fmt::format("both {} and {} are addresses of this machine: say which with --nodeid",
                         config_.nodes[*found].ring0_addr, config_.nodes[i].ring0_addr));
      found = i;
    }
    return found;
  }

  std::optional<std::size_t> by_reverse_name() const {
    const bool any_name =
        std::any_of(config_.nodes.begin(), config_.nodes.end(),
                    [](const ListedNode& node) { return !is_numeric(node) || !node.name.empty(); });
    if (!any_name) return std::nullopt;  // the name server may take long to know nothing
    for (const HostAddress& entry : host_.addresses) {
      if (is_loopback(entry.address) || is_link_local(entry.address)) continue;
      const std::string name = host_.name_of(entry.address);
      if (name.empty()) continue;
      if (const auto index = named(name)) return index;
      if (const auto index = named(first_label(name))) return index;
    }
    return std::nullopt;
  }

  // --- Addresses.

  bool is_ours(const IpAddress& address) const {
    if (is_loopback(address)) return true;
    return std::any_of(host_.addresses.begin(), host_.addresses.end(),
                       [&](const HostAddress& entry) { return entry.address == address; });
  }

  bool ours_among(const std::vector<IpAddress>& addresses) const {
    return std::any_of(addresses.begin(), addresses.end(), [&](const IpAddress& address) {
      return !is_loopback(address) && is_ours(address);
    });
  }

  // The addresses of a node, those of the wanted family only or first.
  std::vector<IpAddress> addresses_of(const ListedNode& node) const {
    if (const auto address = parse_ip(node.ring0_addr)) return {*address};
    const bool v6_first = config_.ip_version.starts_with("ipv6");
    const bool only_one = config_.ip_version.size() == 4;
    std::vector<IpAddress> result = host_.resolve(node.ring0_addr);
    std::erase_if(result, [&](const IpAddress& address) {
      return is_link_local(address) || (only_one && address.v6 != v6_first);
    });
    std::stable_partition(result.begin(), result.end(),
                          [&](const IpAddress& address) { return address.v6 == v6_first; });
    if (result.empty())
      fail(node.line, fmt::format("{} is neither an address nor a name that resolves to one ({})",
                                  node.ring0_addr, config_.ip_version));
    return result;
  }

  IpAddress address_of(const ListedNode& node) const { return addresses_of(node).front(); }

  IpAddress own_address_of(const ListedNode& node) const {
    const std::vector<IpAddress> all = addresses_of(node);
    for (const bool on_loopback : {false, true})
      for (const IpAddress& address : all)
        if (is_ours(address) && is_loopback(address) == on_loopback) return address;
    fail(node.line, fmt::format("this machine is the node {}, but no interface has {}; there is {}",
                                name_of(node).empty() ? node.ring0_addr : name_of(node),
                                text(all.front()), what_there_is()));
  }

  // Some distributions let a machine's own name mean 127.0.1.1: nobody else could answer to that.
  void refuse_address_of_loopback(const ListedNode& own) const {
    if (is_numeric(own) || !is_loopback(*parse_ip(local_.address))) return;
    for (const LocalNode::Peer& peer : local_.peers)
      if (!is_loopback(*parse_ip(peer.address)))
        fail(own.line, fmt::format("{} means {} here, where no other node can reach it: mend "
                                   "/etc/hosts or write the address",
                                   own.ring0_addr, local_.address));
  }

  void set_own(const IpAddress& own, int line) {
    local_.address = text(own);
    const std::optional<IpAddress> group = parse_ip(config_.mcastaddr);
    if (group && group->v6 != own.v6)
      fail(line, fmt::format("{} cannot send to {}: one is IPv4 and one is IPv6", local_.address,
                             config_.mcastaddr));
    for (const HostAddress& entry : host_.addresses)
      if (entry.address == own || (local_.interface.empty() && is_loopback(own) &&
                                   is_loopback(entry.address) && entry.address.v6 == own.v6))
        local_.interface = entry.interface;
  }

  void add_peer(const ListedNode& node, const IpAddress& address) {
    if (address.v6 != parse_ip(local_.address)->v6)
      fail(node.line, fmt::format("{} and our own {}: one is IPv4 and one is IPv6", text(address),
                                  local_.address));
    LocalNode::Peer peer{id_of(node, address), name_of(node), text(address)};
    const auto twice = [&](const std::string& other) { return other == peer.address; };
    const auto same_id = [&](NodeId other) { return other == peer.nodeid; };
    bool known_address = twice(local_.address), known_id = same_id(local_.nodeid);
    for (const LocalNode::Peer& other : local_.peers) {
      known_address = known_address || twice(other.address);
      known_id = known_id || same_id(other.nodeid);
    }
    if (known_id) fail(node.line, fmt::format("Nodeid {} appears twice", number(peer.nodeid)));
    if (known_address) fail(node.line, fmt::format("address {} appears twice", peer.address));
    local_.peers.push_back(std::move(peer));
  }

  // --- Ids and names.

  static std::uint32_t number(NodeId id) { return static_cast<std::uint32_t>(id); }

  NodeId id_of(const ListedNode& node, const IpAddress& address) const {
    return node.nodeid ? NodeId{node.nodeid} : derive(address, node.line);
  }

  NodeId derive(const IpAddress& address, int line) const {
    if (address.v6)
      fail(line, fmt::format("no nodeid, and the IPv6 address {} makes none: write nodeid",
                             text(address)));
    std::uint32_t id = ipv4_number(address);
    if (config_.clear_node_high_bit) id &= 0x7fffffff;
    if (id == 0) fail(line, fmt::format("{} makes nodeid 0: write nodeid", text(address)));
    return NodeId{id};
  }

  static bool is_numeric(const ListedNode& node) { return parse_ip(node.ring0_addr).has_value(); }
  static std::string name_of(const ListedNode& node) {
    return node.name.empty() && !is_numeric(node) ? node.ring0_addr : node.name;
  }
  // "a.b.c" → "a.b" → "a" → "".
  static std::string without_domain(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    return dot == name.npos ? "" : name.substr(0, dot);
  }
  static std::string first_label(const std::string& name) { return name.substr(0, name.find('.')); }

  std::string what_there_is() const {
    std::string list;
    for (const HostAddress& entry : host_.addresses)
      list += fmt::format("{}{} {}/{}", list.empty() ? "" : ", ", entry.interface,
                          text(entry.address), entry.prefix);
    return list.empty() ? "no address at all" : list;
  }

  [[noreturn]] void fail(int line, const std::string& reason) const {
    refuse(config_.file, line, reason);
  }

  const Config& config_;
  const std::optional<std::uint32_t> nodeid_;
  const Host& host_;
  LocalNode local_;
};

}  // namespace

LocalNode find_local(const Config& config, std::optional<std::uint32_t> nodeid, const Host& host) {
  return Search(config, nodeid, host).run();
}

}  // namespace gyre::node
