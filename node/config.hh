// corosync.conf: read whole, checked whole, refused with file:line: reason before anything starts.
//
// In steps: a file's bytes (config_file); lines → sections and items (config_lines); items →
// checked settings by path (config_settings, with the table of every key in config_keys); settings
// → Config (config, config_timers, config_quorum, config_parts). Only the first touches the
// machine; find_local and find_admission do, too.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "membership/quorum.hh"
#include "totem/parameters.hh"
#include "transport/root_key.hh"
#include "transport/transport.hh"

namespace gyre::node {

// what() is "file:line: reason" (or "file: reason").
struct ConfigError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Who belongs to the cluster is either left to a network (interface) or written down (nodelist).
enum class Form : std::uint8_t { interface, nodelist };
enum class TransportKind : std::uint8_t { udp, udpu };
constexpr const char* text(TransportKind kind) {
  return kind == TransportKind::udp ? "udp" : "udpu";
}
enum class Poll : std::uint8_t { adaptive, spin, wait };

// How frames use several links.
enum class LinkMode : std::uint8_t {
  active,   // every frame goes over each of them
  spread,   // over one after the other (rrp_mode: passive, link_mode: rr)
  standby,  // over the best one that works (link_mode: passive)
};

constexpr const char* text(LinkMode mode) {
  constexpr const char* names[] = {"active", "rr", "passive"};
  return names[static_cast<std::size_t>(mode)];
}

// A network that joins the nodes, by its number: an interface{}, or the ringN_addr of the nodelist.
struct Link {
  int line = 0;  // where it is written
  TransportKind transport = TransportKind::udp;
  std::string bindnetaddr;  // numeric; empty in the nodelist form
  std::string mcastaddr;    // numeric; with broadcast 255.255.255.255; empty with udpu
  bool broadcast = false;
  int ttl = 1;
  std::uint16_t mcastport = 5405;   // received on; mcastport - 1 is sent from
  std::string ip_version = "ipv4";  // ipv4, ipv6, ipv4-6, ipv6-4: what names resolve to
  std::uint8_t priority = 1;        // of several in LinkMode::standby the highest one counts
};

// What several links are to do for each other.
struct Redundancy {
  LinkMode mode = LinkMode::active;
  std::chrono::milliseconds probe_interval{10};
  std::uint32_t misses = 3;  // probes in a row that do not come: the link is at fault
  std::uint32_t sound = 10;  // probes in a row that do: it is back
  std::chrono::milliseconds token_expired{
      47};  // LinkMode::spread: for which a token waits for data
};

struct ListedNode {
  std::uint32_t nodeid = 0;  // 0: not given; derived from the address
  std::string name;
  // By link, as written: addresses or host names. Of a member{} there is one.
  std::vector<std::string> addresses;
  std::uint32_t quorum_votes = 1;
  int line = 0;
};

// A line of uidgid{}: who may connect besides root and the daemon's own user.
struct Grant {
  enum class Kind : std::uint8_t { uid, gid } kind{};
  std::string who;    // a name or a number, as written
  std::string place;  // "file:line"
};

// Whose user gyred becomes after its start (aisexec{}).
struct WantedAccount {
  std::string user, group;  // empty: not written, or root's, which gyred gives up
  int line = 0;
};

struct Service {
  std::string name;
  bool operator_starts = false;  // ver: 1; with ver: 0 it starts with the ring
};

struct MetricsAddress {
  std::string address;  // numeric; empty: there are no metrics
  std::uint16_t port = 0;
};

// How frames are protected: alike on all nodes, never negotiated.
enum class Cipher : std::uint8_t { aes256gcm, chacha20poly1305 };
struct Protection {
  bool on = false;  // secauth; everything else only counts with it
  Cipher cipher = Cipher::aes256gcm;
  std::string keyfile;
  std::shared_ptr<const RootKey> key;  // written in the file itself; then there is no keyfile
};

struct LoggingConfig {
  bool to_stderr = true, to_syslog = true, to_logfile = false;
  bool debug = false, timestamp = true, hires = true;
  std::string logfile;
  std::string syslog_facility = "daemon";
  std::string logfile_priority = "info", syslog_priority = "info";
};

struct Config {
  std::string file;
  Form form = Form::interface;
  std::string cluster_name;
  std::vector<Link> links;      // by number, at least one
  Redundancy redundancy;        // counts with several
  std::uint32_t netmtu = 1500;  // of the IP packet: see udp_payload_max
  bool block_unlisted_ips = true;
  std::uint32_t nodeid = 0;  // totem.nodeid, 0: not given
  bool clear_node_high_bit = false;
  Protection protection;
  std::vector<ListedNode> nodes;  // nodelist, or the interface's member{}, in file order
  totem::Parameters timers;       // effective; frame_max and receive_frames are set later
  Poll poll = Poll::adaptive;
  // Its votes are those of a node that is not listed.
  membership::QuorumSettings quorum;
  std::vector<Grant> grants;
  WantedAccount account;
  std::vector<Service> services;
  LoggingConfig logging;
  std::string state_dir;                           // system.state_dir, may be empty
  bool sched_rr = true;                            // a real-time class, where the system lets us
  std::string priority = "max";                    // max, min or a number
  std::size_t clients_max = 1024;                  // programs that may be connected at a time
  std::uint64_t client_backlog_max = 64ull << 20;  // bytes that wait for one client
  std::chrono::milliseconds client_stall_max{10'000};  // for which a client may take nothing
  MetricsAddress metrics;
  // Every key by its path, known or not: "totem.token" → "1000", "nodelist.node.0.ring0_addr" …
  // Without totem.key, which is a secret.
  std::map<std::string, std::string> keys;
  std::vector<std::string> notices;  // "file:line: …": one per key that has no effect here
};

// A file of one of the two folders that may stand beside the configuration: uidgid.d, whose files
// hold uidgid{} only, and service.d, whose files hold service{} only.
struct ConfigPart {
  std::string_view section;  // "uidgid" or "service"
  std::string file, text;
};

// Reads `file`, and beside it uidgid.d/* and service.d/*. Throws ConfigError.
Config read_config(const std::string& file);
// Pure; the names of files are only for the errors. Throws ConfigError.
Config parse_config(std::string_view text, const std::string& file,
                    const std::vector<ConfigPart>& parts = {});

// Bytes that one UDP datagram may carry when its IP packet is to be netmtu bytes: 65507 at most
// with IPv4, 65487 with IPv6.
std::size_t udp_payload_max(std::uint32_t netmtu, bool ipv6);

// Which of the cluster's nodes this is, and where the others are.
struct LocalNode {
  NodeId nodeid{};
  std::string name;  // nodelist name, else its ring0_addr if that is a host name, else uname -n
  struct Place {
    std::string address;    // own address, numeric
    std::string interface;  // e.g. eth0, lo
  };
  std::vector<Place> places;  // by link
  const std::string& address() const { return places.front().address; }
  std::size_t position = 0;  // in the nodelist, if there is one
  std::uint32_t quorum_votes = 1;
  struct Peer {
    NodeId nodeid{};
    std::string name;  // like the above; empty when nothing is known but the address
    std::vector<std::string> addresses;  // by link, numeric
    const std::string& address() const { return addresses.front(); }
  };
  std::vector<Peer> peers;  // the others of Config::nodes, in file order
};

// Looks at interfaces and names, so it may wait for a name server. `nodeid` (gyred --nodeid) says
// which listed node this is, or, without a list, what its id is. Throws ConfigError.
LocalNode find_local(const Config& config, std::optional<std::uint32_t> nodeid = std::nullopt);

}  // namespace gyre::node
