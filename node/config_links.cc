#include "node/config_links.hh"

#include <fmt/format.h>

#include <algorithm>

#include "node/config_lines.hh"

namespace gyre::node {
namespace {

using std::chrono::milliseconds;

bool is_yes(const Settings& settings, const std::string& path) {
  return settings.is(path, "yes");
}

std::string address_path(const Settings::Numbered& node, std::size_t link) {
  return fmt::format("{}.ring{}_addr", node.path, link);
}

}  // namespace

LinkReader::LinkReader(Settings& settings, Form form)
    : settings_(settings), listed_(form == Form::nodelist) {
  listed_ ? count_listed() : count_interfaces();
  v6_.resize(count());
  for (std::size_t link = 0; link < count(); ++link) read_transport(link);
}

std::string LinkReader::path(std::size_t link, const char* key) const {
  return fmt::format("totem.interface.{}.{}", link, key);
}

// Every node has the same links: which ones, the first node says.
void LinkReader::count_listed() {
  const Settings::Numbered& first = settings_.nodes().front();
  for (const Settings::Numbered& node : settings_.nodes())
    for (std::size_t link = 0; link < links_max; ++link) {
      const std::string path = address_path(node, link);
      const bool has = !settings_.text(path).empty();
      if (!has && link == 0) settings_.refuse(path, "a node without ring0_addr");
      if (has && link > 0 && settings_.text(address_path(node, link - 1)).empty())
        settings_.refuse(path, fmt::format("ring{}_addr without ring{}_addr: links are numbered "
                                           "from 0, none is left out",
                                           link, link - 1));
      if (has && &node == &first) links_.emplace_back().line = first.line;
      if (link > 0 && has != (link < count()))
        settings_.refuse(
            has ? path : node.path,
            fmt::format("Not all nodes have the same number of links: {} ring{}_addr here, {} "
                        "in line {}",
                        has ? "there is a" : "there is no", link, has ? "none" : "one",
                        first.line));
    }
  for (const Settings::Numbered& interface : settings_.interfaces())
    for (std::size_t link = count(); link < links_max; ++link)
      if (interface.path == fmt::format("totem.interface.{}", link))
        settings_.refuse(interface.path,
                         fmt::format("interface {}: no node has a ring{}_addr", link, link));
}

void LinkReader::count_interfaces() {
  for (std::size_t link = 0; link < settings_.interfaces().size(); ++link) {
    const std::string number = fmt::format("totem.interface.{}", link);
    const auto& all = settings_.interfaces();
    const auto found = std::ranges::find(all, number, &Settings::Numbered::path);
    if (found == all.end())
      settings_.refuse(
          all.front().path,
          fmt::format("interfaces are numbered from 0, none is left out: there is no {}", link));
    links_.emplace_back().line = found->line;
  }
}

void LinkReader::read_transport(std::size_t link) {
  const std::string own = path(link, "transport");
  const std::string key = settings_.has(own) ? own : "totem.transport";
  const std::string written = settings_.text(key, listed_ ? "udpu" : "udp");
  if (written == "dpdk" || written == "ib" || written == "iba")
    settings_.refuse(
        key, fmt::format("transport: {} is not in this version; write udp or udpu", written));
  if (written == "knet" && (link == 0 || key == own))
    settings_.notice(key, "totem.transport: knet is read as udpu");
  links_[link].transport = written == "udp" ? TransportKind::udp : TransportKind::udpu;
  if (links_[link].transport == TransportKind::udp || listed_) return;
  if (settings_.members().empty())
    settings_.refuse(key, fmt::format("transport: {} without a nodelist{{}} or member{{}}: there "
                                      "is nobody to send the first join to",
                                      written));
  if (count() > 1)
    settings_.refuse(settings_.members().front().path,
                     "member{} beside a second interface: which of their addresses are one node's "
                     "is not said; write a nodelist{} with ring0_addr and ring1_addr");
}

IpAddress LinkReader::address(std::size_t link, const std::string& path) {
  const std::string written = settings_.text(path);
  const std::optional<IpAddress> result = parse_ip(written);
  const auto fail = [&](const char* reason) {
    settings_.refuse(path, fmt::format("\"{}\" {}", written, reason));
  };
  if (!result) fail("is no IPv4 or IPv6 address");
  if (is_multicast(*result)) fail("is a multicast address, not a node's");
  if (is_link_local(*result))
    fail("is link-local, so it needs an interface to mean anything: give a global address");
  if (v6_[link].value_or(result->v6) != result->v6)
    fail("is not of the same family as the addresses before it");
  v6_[link] = result->v6;
  return *result;
}

std::vector<Link> LinkReader::read() && {
  for (std::size_t link = 0; link < count(); ++link) {
    read_own_address(link);
    read_multicast(link);
    read_priority(link);
  }
  return std::move(links_);
}

void LinkReader::read_own_address(std::size_t link) {
  Link& read = links_[link];
  const std::string written = path(link, "bindnetaddr");
  if (listed_) {
    if (settings_.has(written))
      settings_.notice(written,
                       "totem.interface.bindnetaddr has no effect here: the nodelist decides");
  } else {
    if (!settings_.has(written)) settings_.refuse(written, "No bindnetaddr in the interface");
    address(link, written);
    read.bindnetaddr = settings_.text(written);
    read.line = settings_.line(written);
  }
  const char* usual = read.transport == TransportKind::udp ? "ipv4" : "ipv6-4";
  const char* literal = v6_[link].value_or(false) ? "ipv6" : "ipv4";
  read.ip_version = settings_.text("totem.ip_version", v6_[link] ? literal : usual);
  if (v6_[link] && read.ip_version == (*v6_[link] ? "ipv4" : "ipv6"))
    settings_.refuse("totem.ip_version", fmt::format("ip_version is {}, but the addresses are {}",
                                                     read.ip_version, literal));
}

std::uint16_t LinkReader::default_port(std::size_t link, bool broadcast) const noexcept {
  constexpr std::size_t first = 5405;
  return static_cast<std::uint16_t>(first + link * (broadcast ? 2 : 1));
}

void LinkReader::read_multicast(std::size_t link) {
  Link& read = links_[link];
  const std::string group = path(link, "mcastaddr"), broadcast = path(link, "broadcast");
  const bool multicast = read.transport == TransportKind::udp;
  read.broadcast = multicast && is_yes(settings_, broadcast);
  read.mcastport = static_cast<std::uint16_t>(
      settings_.number(path(link, "mcastport"), default_port(link, read.broadcast)));
  read.ttl = static_cast<int>(settings_.number(path(link, "ttl"), 1));
  if (!multicast) {
    for (const std::string& key : {group, broadcast})
      if (settings_.has(key))
        settings_.notice(key, "totem.interface." + key.substr(key.rfind('.') + 1) +
                                  " has no effect here: udpu sends to each node by itself");
    return;
  }
  const bool v6 = v6_[link].value_or(read.ip_version.starts_with("ipv6"));
  if (read.broadcast) {
    if (v6) settings_.refuse(broadcast, "broadcast: IPv6 has none, write mcastaddr");
    if (settings_.has(group))
      settings_.notice(group, "totem.interface.mcastaddr has no effect here: broadcast is on");
    read.mcastaddr = "255.255.255.255";
    return;
  }
  if (!settings_.has(group)) {
    const std::string cluster = settings_.text("totem.cluster_name");
    if (cluster.empty())
      settings_.refuse(group,
                       "No multicast address: write mcastaddr, broadcast: yes, or a cluster_name "
                       "to derive it from");
    read.mcastaddr = default_mcastaddr(cluster, v6, link);
    return;
  }
  read.mcastaddr = settings_.text(group);
  const std::optional<IpAddress> parsed = parse_ip(read.mcastaddr);
  if (!parsed || !is_multicast(*parsed))
    settings_.refuse(group, fmt::format("\"{}\" is no multicast address", read.mcastaddr));
  if (parsed->v6 != v6)
    settings_.refuse(group, fmt::format("mcastaddr {} is not of the family of the node's address",
                                        read.mcastaddr));
}

void LinkReader::read_priority(std::size_t link) {
  links_[link].priority =
      static_cast<std::uint8_t>(settings_.number(path(link, "knet_link_priority"), 1));
}

namespace {

// The words of three versions. Before link_mode there was rrp_mode, whose "passive" is its "rr".
LinkMode read_mode(Settings& settings, Form form, std::size_t links) {
  const std::string rrp = settings.text("totem.rrp_mode"),
                    written = settings.text("totem.link_mode");
  const bool first_corosync = form == Form::interface && written.empty();
  if ((rrp == "none" || (rrp.empty() && first_corosync))) {
    const bool by_interfaces = form == Form::interface;
    const auto second =
        std::ranges::find(settings.interfaces(), "totem.interface.1", &Settings::Numbered::path);
    node::refuse(settings.file(), by_interfaces ? second->line : settings.line("totem.rrp_mode"),
                 fmt::format("{} is too many configured interfaces for the rrp_mode setting none; "
                             "write rrp_mode: active, or passive",
                             links));
  }
  const LinkMode by_rrp = rrp == "active" ? LinkMode::active : LinkMode::spread;
  const LinkMode by_link_mode = written == "active" ? LinkMode::active
                                : written == "rr"   ? LinkMode::spread
                                                    : LinkMode::standby;
  if (rrp.empty() || rrp == "none") return by_link_mode;
  if (!written.empty() && by_rrp != by_link_mode)
    settings.refuse("totem.link_mode",
                    fmt::format("link_mode: {} beside rrp_mode: {}, which is link_mode: {}",
                                written, rrp, rrp == "active" ? "active" : "rr"));
  return by_rrp;
}

// Links are probed at one pace, so what is written of it on several of them is alike.
std::string pace_key(const Settings& settings, std::string_view key) {
  std::string first;
  for (std::size_t link = 0; link < links_max; ++link) {
    const std::string path = fmt::format("totem.interface.{}.{}", link, key);
    if (!settings.has(path)) continue;
    if (first.empty()) first = path;
    if (!settings.is(first, settings.text(path)))
      settings.refuse(path, fmt::format("{} differs from that of line {}: links are probed at one "
                                        "pace, so write the same for all",
                                        key, settings.line(first)));
  }
  return first;
}

void read_pace(Settings& settings, Redundancy& read) {
  const std::string interval = pace_key(settings, "knet_ping_interval");
  const std::string timeout = pace_key(settings, "knet_ping_timeout");
  const std::string pongs = pace_key(settings, "knet_pong_count");
  const std::string threshold = "totem.rrp_problem_count_threshold";
  const std::string recovery = "totem.rrp_autorecovery_check_timeout";
  if (interval.empty() != timeout.empty())
    settings.refuse(interval.empty() ? timeout : interval,
                    "knet_ping_interval and knet_ping_timeout go together: write both or neither");
  const auto number = [&](const std::string& path, std::uint64_t otherwise) {
    return static_cast<std::uint32_t>(settings.number(path, otherwise));
  };
  const std::uint32_t written = number(interval, 10), silence = number(timeout, 4 * written);
  if (silence < written)
    settings.refuse(timeout, fmt::format("knet_ping_timeout ({} ms) is less than "
                                         "knet_ping_interval ({} ms)",
                                         silence, written));
  // One probe that is lost, or comes late, makes no link faulty: there are four to a timeout.
  const std::uint32_t ms = std::max(1U, std::min(written, silence / 4));
  read.probe_interval = milliseconds(ms);
  read.misses = timeout.empty() ? number(threshold, read.misses) : std::max(2U, silence / ms - 1);
  read.sound = pongs.empty() ? std::max(1U, number(recovery, 10 * ms) / ms) : number(pongs, 0);
  for (const auto& [key, other] : {std::pair(threshold, timeout), std::pair(recovery, pongs)})
    if (settings.has(key) && !other.empty())
      settings.notice(key, fmt::format("{} has no effect here: {} is written, too, and counts", key,
                                       other.substr(other.rfind('.') + 1)));
}

// Keys that are for several links.
void note_without_effect(Settings& settings) {
  const auto note = [&](const std::string& path, const std::string& name) {
    if (settings.has(path) && !settings.is(path, "none"))
      settings.notice(path,
                      fmt::format("{} has no effect here: there is one link, so none takes over "
                                  "from another",
                                  name));
  };
  for (const char* key : {"rrp_mode", "link_mode", "rrp_problem_count_threshold",
                          "rrp_token_expired_timeout", "rrp_autorecovery_check_timeout"})
    note(std::string("totem.") + key, std::string("totem.") + key);
  for (const char* key :
       {"knet_link_priority", "knet_ping_interval", "knet_ping_timeout", "knet_pong_count"})
    note(std::string("totem.interface.0.") + key, std::string("totem.interface.") + key);
}

}  // namespace

Redundancy read_redundancy(Settings& settings, Form form, std::size_t links) {
  Redundancy read;
  if (links == 1) {
    note_without_effect(settings);
    return read;
  }
  read.mode = read_mode(settings, form, links);
  read_pace(settings, read);
  read.token_expired = milliseconds(settings.number("totem.rrp_token_expired_timeout", 47));
  return read;
}

}  // namespace gyre::node
