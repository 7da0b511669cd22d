#include "node/config.hh"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "node/config_address.hh"
#include "node/config_crypto.hh"
#include "node/config_lines.hh"
#include "node/config_metrics.hh"
#include "node/config_parts.hh"
#include "node/config_quorum.hh"
#include "node/config_settings.hh"
#include "node/config_timers.hh"

namespace gyre::node {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const std::string& file, const std::vector<ConfigPart>& parts)
      : settings_(text, file), parts_(parts) {
    config_.file = file;
  }

  Config read() && {
    require_version();
    read_form();
    refuse_what_is_not_built();
    read_transport();
    read_members();
    read_nodes();
    read_own_address();
    read_multicast();
    read_identity();
    config_.timers = read_timers(settings_, settings_.nodes().size());
    config_.timers.open = config_.nodes.empty();
    config_.quorum = read_quorum(settings_);
    read_logging();
    read_system();
    take(settings_);
    for (const ConfigPart& part : parts_) {
      Settings settings = read_part(part, config_.services.size());
      take(settings);
    }
    return std::move(config_);
  }

 private:
  bool yes(const std::string& path, bool otherwise) const {
    return settings_.has(path) ? settings_.is(path, "yes") : otherwise;
  }
  std::string of_interface(const char* key) const { return fmt::format("{}.{}", interface_, key); }
  bool listed() const { return config_.form == Form::nodelist; }

  // What every file has, this one and its parts.
  void take(Settings& settings) {
    config_.grants.insert(config_.grants.end(), settings.grants().begin(), settings.grants().end());
    for (const Service& service : read_services(settings)) config_.services.push_back(service);
    for (const auto& [path, value] : settings.values())
      if (path != "totem.key") config_.keys[path] = value.text;
    for (const std::string& notice : settings.notices()) config_.notices.push_back(notice);
  }

  void require_version() const {
    if (!settings_.is("totem.version", "2"))
      settings_.refuse("totem.version",
                       "This totem parser can only parse version 2 configurations.");
  }

  void read_form() {
    config_.form = settings_.nodes().empty() ? Form::interface : Form::nodelist;
    if (!settings_.interfaces().empty()) interface_ = settings_.interfaces().front().path;
    if (!listed() && settings_.interfaces().empty())
      settings_.refuse("totem", "neither an interface{} nor a nodelist{}: no address to use");
  }

  // In the order of the file's guide: what protects the ring first.
  void refuse_what_is_not_built() {
    read_sealing();
    if (settings_.interfaces().size() > 1)
      node::refuse(settings_.file(), settings_.interfaces()[1].line,
                   "a second interface: this version runs one link; keep one interface{}");
    if (interface_ != "totem.interface.0")
      settings_.refuse(interface_, "interfaces are numbered from 0");
    for (const Settings::Numbered& node : settings_.nodes())
      for (int ring = 1; ring < 8; ++ring)
        if (const auto path = fmt::format("{}.ring{}_addr", node.path, ring); settings_.has(path))
          settings_.refuse(path, fmt::format("ring{}_addr: this version runs one link; keep "
                                             "ring0_addr only",
                                             ring));
    if (settings_.has("totem.rrp_mode") && !settings_.is("totem.rrp_mode", "none"))
      settings_.notice("totem.rrp_mode",
                       "totem.rrp_mode has no effect here: there is one interface");
  }

  // Each form's own Corosync had its own default; a file that was sealed there must not run open
  // here.
  void read_sealing() {
    config_.protection = read_protection(settings_, !listed());
    const bool said = settings_.has("totem.secauth") || settings_.has("totem.crypto_cipher");
    if (!said && !config_.protection.on)
      settings_.notice("totem.secauth",
                       "totem.secauth is not written: frames are neither authenticated nor "
                       "encrypted, whoever reaches the port can join");
  }

  void read_transport() {
    const std::string written = settings_.text("totem.transport", listed() ? "udpu" : "udp");
    if (written == "dpdk" || written == "ib" || written == "iba")
      settings_.refuse(
          "totem.transport",
          fmt::format("transport: {} is not in this version; write udp or udpu", written));
    if (written == "knet")
      settings_.notice("totem.transport", "totem.transport: knet is read as udpu, with one link");
    config_.transport = written == "udp" ? TransportKind::udp : TransportKind::udpu;
    if (config_.transport == TransportKind::udpu && !listed() && settings_.members().empty())
      settings_.refuse("totem.transport",
                       fmt::format("transport: {} without a nodelist{{}} or member{{}}: there is "
                                   "nobody to send the first join to",
                                   written));
    config_.cluster_name = settings_.text("totem.cluster_name");
    if (settings_.is("totem.cluster_name", ""))
      settings_.refuse("totem.cluster_name", "cluster_name is empty");
    config_.netmtu = static_cast<std::uint32_t>(settings_.number("totem.netmtu", 1500));
    config_.block_unlisted_ips = yes("totem.block_unlisted_ips", true);
    config_.mcastport =
        static_cast<std::uint16_t>(settings_.number(of_interface("mcastport"), 5405));
    config_.ttl = static_cast<int>(settings_.number(of_interface("ttl"), 1));
    const std::string poll = settings_.text("totem.poll", "adaptive");
    config_.poll = poll == "spin" ? Poll::spin : poll == "wait" ? Poll::wait : Poll::adaptive;
  }

  void read_members() {
    if (listed()) {
      for (const Settings::Numbered& member : settings_.members())
        settings_.notice(member.path,
                         "totem.interface.member has no effect here: the nodelist decides");
      return;
    }
    if (config_.transport == TransportKind::udp) {
      for (const Settings::Numbered& member : settings_.members())
        settings_.notice(member.path,
                         "totem.interface.member has no effect here: it belongs to udpu");
      return;
    }
    for (const Settings::Numbered& member : settings_.members()) {
      ListedNode node;
      node.ring0_addr = text(address(member.path));
      node.line = member.line;
      add(node);
    }
    // Each member's id is derived from its address, so no member may have another one.
    if (settings_.has("totem.nodeid"))
      settings_.refuse("totem.nodeid",
                       "nodeid beside member{}: the others could not know it; write a nodelist{}");
  }

  void read_nodes() {
    for (const Settings::Numbered& written : settings_.nodes()) {
      ListedNode node;
      node.nodeid = static_cast<std::uint32_t>(settings_.number(written.path + ".nodeid", 0));
      node.name = settings_.text(written.path + ".name");
      node.ring0_addr = settings_.text(written.path + ".ring0_addr");
      node.quorum_votes = listed_votes(settings_, written);
      node.line = written.line;
      if (node.ring0_addr.empty())
        settings_.refuse(written.path + ".ring0_addr", "a node without ring0_addr");
      if (parse_ip(node.ring0_addr)) address(written.path + ".ring0_addr");
      add(node);
    }
  }

  void add(const ListedNode& node) {
    const auto unique = [&](std::set<std::string>& seen, const std::string& what,
                            const std::string& value) {
      if (!value.empty() && !seen.insert(value).second)
        node::refuse(settings_.file(), node.line, fmt::format("{} {} appears twice", what, value));
    };
    unique(seen_ids_, "Nodeid", node.nodeid == 0 ? "" : fmt::format("{}", node.nodeid));
    unique(seen_names_, "name", node.name);
    unique(seen_addresses_, "ring0_addr", node.ring0_addr);
    config_.nodes.push_back(node);
    if (config_.nodes.size() > nodes_max)
      node::refuse(settings_.file(), node.line, fmt::format("more than {} nodes", nodes_max));
  }

  // A numeric address of one node, of the family that all addresses have.
  IpAddress address(const std::string& path) {
    const std::string written = settings_.text(path);
    const std::optional<IpAddress> result = parse_ip(written);
    const auto fail = [&](const char* reason) {
      settings_.refuse(path, fmt::format("\"{}\" {}", written, reason));
    };
    if (!result) fail("is no IPv4 or IPv6 address");
    if (is_multicast(*result)) fail("is a multicast address, not a node's");
    if (is_link_local(*result))
      fail("is link-local, so it needs an interface to mean anything: give a global address");
    if (v6_ && *v6_ != result->v6) fail("is not of the same family as the addresses before it");
    v6_ = result->v6;
    return *result;
  }

  void read_own_address() {
    const std::string path = of_interface("bindnetaddr");
    if (listed()) {
      if (settings_.has(path))
        settings_.notice(path,
                         "totem.interface.bindnetaddr has no effect here: the nodelist decides");
    } else {
      if (!settings_.has(path)) settings_.refuse(path, "No bindnetaddr in the interface");
      address(path);
      config_.bindnetaddr = settings_.text(path);
      config_.bindnetaddr_line = settings_.line(path);
    }
    const char* usual = config_.transport == TransportKind::udp ? "ipv4" : "ipv6-4";
    const char* literal = v6_.value_or(false) ? "ipv6" : "ipv4";
    config_.ip_version = settings_.text("totem.ip_version", v6_ ? literal : usual);
    if (v6_ && config_.ip_version == (*v6_ ? "ipv4" : "ipv6"))
      settings_.refuse("totem.ip_version", fmt::format("ip_version is {}, but the addresses are {}",
                                                       config_.ip_version, literal));
  }

  void read_multicast() {
    const std::string path = of_interface("mcastaddr");
    const std::string broadcast = of_interface("broadcast");
    const bool wanted = yes(broadcast, false);
    if (config_.transport == TransportKind::udpu) {
      for (const std::string& key : {path, broadcast})
        if (settings_.has(key))
          settings_.notice(key, "totem.interface." + key.substr(key.rfind('.') + 1) +
                                    " has no effect here: udpu sends to each node by itself");
      return;
    }
    const bool v6 = v6_.value_or(config_.ip_version.starts_with("ipv6"));
    if (wanted) {
      if (v6) settings_.refuse(broadcast, "broadcast: IPv6 has none, write mcastaddr");
      if (settings_.has(path))
        settings_.notice(path, "totem.interface.mcastaddr has no effect here: broadcast is on");
      config_.broadcast = true;
      config_.mcastaddr = "255.255.255.255";
      return;
    }
    if (!settings_.has(path)) {
      if (config_.cluster_name.empty())
        settings_.refuse(path,
                         "No multicast address: write mcastaddr, broadcast: yes, or a "
                         "cluster_name to derive it from");
      config_.mcastaddr = default_mcastaddr(config_.cluster_name, v6);
      return;
    }
    config_.mcastaddr = settings_.text(path);
    const std::optional<IpAddress> group = parse_ip(config_.mcastaddr);
    if (!group || !is_multicast(*group))
      settings_.refuse(path, fmt::format("\"{}\" is no multicast address", config_.mcastaddr));
    if (group->v6 != v6)
      settings_.refuse(path, fmt::format("mcastaddr {} is not of the family of the node's address",
                                         config_.mcastaddr));
  }

  void read_identity() {
    config_.clear_node_high_bit = yes("totem.clear_node_high_bit", false);
    if (listed() && settings_.has("totem.nodeid"))
      settings_.notice("totem.nodeid", "totem.nodeid has no effect here: the nodelist decides");
    else
      config_.nodeid = static_cast<std::uint32_t>(settings_.number("totem.nodeid", 0));
  }

  void read_logging() {
    LoggingConfig& log = config_.logging;
    log.to_stderr = yes("logging.to_stderr", log.to_stderr);
    log.to_syslog = yes("logging.to_syslog", log.to_syslog);
    log.to_logfile = yes("logging.to_logfile", log.to_logfile);
    log.logfile = settings_.text("logging.logfile");
    if (log.to_logfile && log.logfile.empty())
      settings_.refuse("logging.to_logfile", "to_logfile: yes needs a logfile");
    log.debug = !settings_.is("logging.debug", "off") && settings_.has("logging.debug");
    if (settings_.is("logging.debug", "trace"))
      settings_.notice("logging.debug", "logging.debug: trace is read as on");
    const std::string timestamp = settings_.text("logging.timestamp", "hires");
    log.timestamp = timestamp != "off";
    log.hires = timestamp == "hires";
    log.syslog_facility = settings_.text("logging.syslog_facility", log.syslog_facility);
    log.logfile_priority = settings_.text("logging.logfile_priority", log.logfile_priority);
    log.syslog_priority = settings_.text("logging.syslog_priority", log.syslog_priority);
  }

  void read_system() {
    config_.state_dir = settings_.text("system.state_dir");
    if (settings_.has("system.state_dir") && !config_.state_dir.starts_with('/'))
      settings_.refuse("system.state_dir", "state_dir must begin with '/'");
    config_.sched_rr = yes("system.sched_rr", true);
    config_.priority = settings_.text("system.priority", "max");
    const std::string& priority = config_.priority;
    int number = 0;
    const char* end = priority.data() + priority.size();
    if (priority != "max" && priority != "min" &&
        (std::from_chars(priority.data(), end, number).ptr != end || priority.empty() ||
         number < -20 || number > 99))
      settings_.refuse("system.priority",
                       fmt::format("Value of key \"system.priority\" is expected to be max, min or "
                                   "integer in range (-20..99), but \"{}\" was given",
                                   priority));
    config_.metrics = read_metrics(settings_);
    config_.account = read_account(settings_);
    config_.clients_max = settings_.number("system.clients_max", config_.clients_max);
    config_.client_backlog_max =
        settings_.number("system.client_backlog_max", config_.client_backlog_max);
    config_.client_stall_max = std::chrono::milliseconds(settings_.number(
        "system.client_stall_max", static_cast<std::uint64_t>(config_.client_stall_max.count())));
  }

  Settings settings_;
  const std::vector<ConfigPart>& parts_;
  Config config_;
  std::string interface_ = "totem.interface.0";
  std::optional<bool> v6_;  // the family of the addresses so far, once there is one
  std::set<std::string> seen_ids_, seen_names_, seen_addresses_;
};

}  // namespace

Config parse_config(std::string_view text, const std::string& file,
                    const std::vector<ConfigPart>& parts) {
  return Reader(text, file, parts).read();
}

std::size_t udp_payload_max(std::uint32_t netmtu, bool ipv6) {
  constexpr std::size_t udp_header = 8, ipv4_header = 20, ipv6_header = 40;
  return netmtu - udp_header - (ipv6 ? ipv6_header : ipv4_header);
}

}  // namespace gyre::node
