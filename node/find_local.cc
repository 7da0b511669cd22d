#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

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
    for (const Link& link : config_.links) add_place(link, own_address(link), link.line);
    const IpAddress own = *parse_ip(local_.address());
    const int line = config_.links.front().line;
    local_.name = host_.name;
    local_.quorum_votes = config_.quorum.votes;
    if (config_.nodes.empty()) {
      const std::uint32_t written = nodeid_.value_or(config_.nodeid);
      local_.nodeid = written ? NodeId{written} : derive(own, line);
      return;
    }
    local_.nodeid = derive(own, line);
    if (nodeid_ && NodeId{*nodeid_} != local_.nodeid)
      fail(line, fmt::format("--nodeid {} beside member{{}}, where ids come from addresses: this "
                             "is {}",
                             *nodeid_, number(local_.nodeid)));
    for (const ListedNode& node : config_.nodes)
      if (address_of(node, 0) != own) add_peer(node);
  }

  // The address itself if we have it, else that of the narrowest network around it.
  IpAddress own_address(const Link& link) const {
    const std::optional<IpAddress> bind = parse_ip(link.bindnetaddr);
    if (!bind) fail(link.line, fmt::format("bindnetaddr {}: no address", link.bindnetaddr));
    const HostAddress* best = nullptr;
    for (const HostAddress& entry : host_.addresses) {
      if (entry.address == *bind) return *bind;
      if (same_network(entry.address, *bind, entry.prefix) && !is_link_local(entry.address) &&
          (!best || entry.prefix > best->prefix))
        best = &entry;
    }
    if (!best)
      fail(link.line, fmt::format("no interface with an address in {}; there is {}",
                                  link.bindnetaddr, what_there_is()));
    // All of 127.0.0.0/8 is this machine, whatever lo lists: several nodes can share it.
    if (is_loopback(*bind) && *bind != network_of(*bind, best->prefix)) return *bind;
    return best->address;
  }

  // --- The nodelist form: one of the nodes is us.

  void find_in_nodelist() {
    local_.position = own_index();
    const ListedNode& own = config_.nodes[local_.position];
    for (std::size_t link = 0; link < config_.links.size(); ++link)
      add_place(config_.links[link], own_address_of(own, link), own.line);
    local_.quorum_votes = own.quorum_votes;
    local_.name = name_of(own).empty() ? host_.name : name_of(own);
    local_.nodeid = id_of(own, *parse_ip(local_.address()));
    for (const ListedNode& node : config_.nodes)
      if (&node != &own) add_peer(node);
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
          has_address(config_.nodes[i], [&](const std::string& written) {
            return !parse_ip(written) && host_.name == first_label(written);
          }))
        return i;
    if (const auto index = the_one_of_ours([&](const std::string& written) {
          const auto address = parse_ip(written);
          return address && is_ours(*address);
        }))
      return *index;
    if (const auto index = by_reverse_name()) return *index;
    if (const auto index = the_one_of_ours([&](const std::string& written) {
          return !parse_ip(written) && ours_among(host_.resolve(written));
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
    const IpAddress address = address_of(node, 0);
    return !address.v6 && number(derive(address, node.line)) == *nodeid_;
  }

  std::optional<std::size_t> named(const std::string& name) const {
    for (std::size_t i = 0; i < config_.nodes.size(); ++i)
      if (config_.nodes[i].name == name ||
          has_address(config_.nodes[i],
                      [&](const std::string& written) { return written == name; }))
        return i;
    return std::nullopt;
  }

  template <typename IsIt>
  static bool has_address(const ListedNode& node, IsIt is_it) {
    return std::any_of(node.addresses.begin(), node.addresses.end(), is_it);
  }

  // A guess between two nodes could start the same node twice.
  template <typename IsOurs>
  std::optional<std::size_t> the_one_of_ours(IsOurs is_ours_too) const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < config_.nodes.size(); ++i) {
      if (!has_address(config_.nodes[i], is_ours_too)) continue;
      if (found)
        fail(config_.nodes[i].line,
             fmt::format("both {} and {} are addresses of this machine: say which with --nodeid",
                         config_.nodes[*found].addresses[0], config_.nodes[i].addresses[0]));
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

  // The addresses of a node on a link, those of the wanted family only or first.
  std::vector<IpAddress> addresses_of(const ListedNode& node, std::size_t link) const {
    const std::string& written = node.addresses[link];
    const std::string& wanted = config_.links[link].ip_version;
    if (const auto address = parse_ip(written)) return {*address};
    const bool v6_first = wanted.starts_with("ipv6");
    const bool only_one = wanted.size() == 4;
    std::vector<IpAddress> result = host_.resolve(written);
    std::erase_if(result, [&](const IpAddress& address) {
      return is_link_local(address) || (only_one && address.v6 != v6_first);
    });
    std::stable_partition(result.begin(), result.end(),
                          [&](const IpAddress& address) { return address.v6 == v6_first; });
    if (result.empty())
      fail(node.line, fmt::format("{} is neither an address nor a name that resolves to one ({})",
                                  written, wanted));
    return result;
  }

  IpAddress address_of(const ListedNode& node, std::size_t link) const {
    return addresses_of(node, link).front();
  }

  IpAddress own_address_of(const ListedNode& node, std::size_t link) const {
    const std::vector<IpAddress> all = addresses_of(node, link);
    for (const bool on_loopback : {false, true})
      for (const IpAddress& address : all)
        if (is_ours(address) && is_loopback(address) == on_loopback) return address;
    fail(node.line, fmt::format("this machine is the node {}, but no interface has {}; there is {}",
                                name_of(node).empty() ? node.addresses[0] : name_of(node),
                                text(all.front()), what_there_is()));
  }

  // Some distributions let a machine's own name mean 127.0.1.1: nobody else could answer to that.
  void refuse_address_of_loopback(const ListedNode& own) const {
    for (std::size_t link = 0; link < local_.places.size(); ++link) {
      const std::string& address = local_.places[link].address;
      if (parse_ip(own.addresses[link]) || !is_loopback(*parse_ip(address))) continue;
      for (const LocalNode::Peer& peer : local_.peers)
        if (!is_loopback(*parse_ip(peer.addresses[link])))
          fail(own.line, fmt::format("{} means {} here, where no other node can reach it: mend "
                                     "/etc/hosts or write the address",
                                     own.addresses[link], address));
    }
  }

  void add_place(const Link& link, const IpAddress& own, int line) {
    LocalNode::Place place{text(own), {}};
    const std::optional<IpAddress> group = parse_ip(link.mcastaddr);
    if (group && group->v6 != own.v6)
      fail(line, fmt::format("{} cannot send to {}: one is IPv4 and one is IPv6", place.address,
                             link.mcastaddr));
    for (std::size_t other = 0; other < local_.places.size(); ++other)
      if (local_.places[other].address == place.address &&
          std::abs(config_.links[other].mcastport - link.mcastport) < 2)
        fail(line, fmt::format("links {} and {} both have {} here: their mcastport must differ by "
                               "2 at least, for the port below is used, too",
                               other, local_.places.size(), place.address));
    for (const HostAddress& entry : host_.addresses)
      if (entry.address == own || (place.interface.empty() && is_loopback(own) &&
                                   is_loopback(entry.address) && entry.address.v6 == own.v6))
        place.interface = entry.interface;
    local_.places.push_back(std::move(place));
  }

  void add_peer(const ListedNode& node) {
    LocalNode::Peer peer;
    peer.name = name_of(node);
    for (std::size_t link = 0; link < config_.links.size(); ++link) {
      const IpAddress address = address_of(node, link);
      const std::string& own = local_.places[link].address;
      if (address.v6 != parse_ip(own)->v6)
        fail(node.line,
             fmt::format("{} and our own {}: one is IPv4 and one is IPv6", text(address), own));
      if (link == 0) peer.nodeid = id_of(node, address);
      peer.addresses.push_back(text(address));
      refuse_address_of_another(peer.addresses.back(), node.line);
    }
    const auto has_id = [&](const LocalNode::Peer& other) { return other.nodeid == peer.nodeid; };
    if (peer.nodeid == local_.nodeid || std::ranges::any_of(local_.peers, has_id))
      fail(node.line, fmt::format("Nodeid {} appears twice", number(peer.nodeid)));
    local_.peers.push_back(std::move(peer));
  }

  void refuse_address_of_another(const std::string& address, int line) const {
    const auto ours = [&](const LocalNode::Place& place) { return place.address == address; };
    const auto of_peer = [&](const LocalNode::Peer& other) {
      return std::ranges::find(other.addresses, address) != other.addresses.end();
    };
    if (std::ranges::any_of(local_.places, ours) || std::ranges::any_of(local_.peers, of_peer))
      fail(line, fmt::format("address {} appears twice", address));
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

  static bool is_numeric(const ListedNode& node) {
    return parse_ip(node.addresses.front()).has_value();
  }
  static std::string name_of(const ListedNode& node) {
    return node.name.empty() && !is_numeric(node) ? node.addresses.front() : node.name;
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
