#include "node/config.hh"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <set>

#include "node/config_address.hh"
#include "node/config_crypto.hh"
#include "node/config_lines.hh"
#include "node/config_links.hh"
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
    read_sealing();
    read_names();
    read_links();
    read_identity();
    config_.timers = read_timers(settings_, settings_.nodes().size());
    config_.timers.open = config_.nodes.empty();
    if (config_.links.size() > 1 && config_.redundancy.mode == LinkMode::spread)
      config_.timers.late_data = config_.redundancy.token_expired;
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
    if (!listed() && settings_.interfaces().empty())
      settings_.refuse("totem", "neither an interface{} nor a nodelist{}: no address to use");
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

  void read_names() {
    config_.cluster_name = settings_.text("totem.cluster_name");
    if (settings_.is("totem.cluster_name", ""))
      settings_.refuse("totem.cluster_name", "cluster_name is empty");
    config_.netmtu = static_cast<std::uint32_t>(settings_.number("totem.netmtu", 1500));
    config_.block_unlisted_ips = yes("totem.block_unlisted_ips", true);
    const std::string poll = settings_.text("totem.poll", "adaptive");
    config_.poll = poll == "spin" ? Poll::spin : poll == "wait" ? Poll::wait : Poll::adaptive;
  }

  void read_links() {
    LinkReader links(settings_, config_.form);
    read_members(links);
    read_nodes(links);
    config_.links = std::move(links).read();
    config_.redundancy = read_redundancy(settings_, config_.form, config_.links.size());
  }

  void read_members(LinkReader& links) {
    if (listed()) {
      for (const Settings::Numbered& member : settings_.members())
        settings_.notice(member.path,
                         "totem.interface.member has no effect here: the nodelist decides");
      return;
    }
    if (links.transport(0) == TransportKind::udp) {
      for (const Settings::Numbered& member : settings_.members())
        settings_.notice(member.path,
                         "totem.interface.member has no effect here: it belongs to udpu");
      return;
    }
    for (const Settings::Numbered& member : settings_.members()) {
      ListedNode node;
      node.addresses.push_back(text(links.address(0, member.path)));
      node.line = member.line;
      add(node);
    }
    // Each member's id is derived from its address, so no member may have another one.
    if (settings_.has("totem.nodeid"))
      settings_.refuse("totem.nodeid",
                       "nodeid beside member{}: the others could not know it; write a nodelist{}");
  }

  void read_nodes(LinkReader& links) {
    for (const Settings::Numbered& written : settings_.nodes()) {
      ListedNode node;
      node.nodeid = static_cast<std::uint32_t>(settings_.number(written.path + ".nodeid", 0));
      node.name = settings_.text(written.path + ".name");
      node.quorum_votes = listed_votes(settings_, written);
      node.line = written.line;
      for (std::size_t link = 0; link < links.count(); ++link) {
        const std::string path = fmt::format("{}.ring{}_addr", written.path, link);
        node.addresses.push_back(settings_.text(path));
        if (parse_ip(node.addresses.back())) links.address(link, path);
      }
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
    for (std::size_t link = 0; link < node.addresses.size(); ++link)
      unique(seen_addresses_[link], fmt::format("ring{}_addr", link), node.addresses[link]);
    config_.nodes.push_back(node);
    if (config_.nodes.size() > nodes_max)
      node::refuse(settings_.file(), node.line, fmt::format("more than {} nodes", nodes_max));
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
  std::set<std::string> seen_ids_, seen_names_;
  std::array<std::set<std::string>, links_max> seen_addresses_;  // by link
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
