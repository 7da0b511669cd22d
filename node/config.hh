// corosync.conf: read whole, checked whole, refused with file:line: reason before anything starts.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "totem/parameters.hh"
#include "transport/transport.hh"

namespace gyre::node {

// what() is "file:line: reason" (or "file: reason").
struct ConfigError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class TransportKind : std::uint8_t { udp, udpu };
enum class Poll : std::uint8_t { adaptive, spin, wait };

struct ListedNode {
  std::uint32_t nodeid = 0;  // 0: not given; derived from the address
  std::string name;
  std::string ring0_addr;    // as written: an address or a host name
  int line = 0;
};

struct LoggingConfig {
  bool to_stderr = true, to_syslog = true, to_logfile = false;
  bool debug = false, timestamp = false, hires = false;
  std::string logfile;
  std::string syslog_facility = "daemon";
  std::string logfile_priority = "info", syslog_priority = "info";
};

struct Config {
  std::string file;
  TransportKind transport = TransportKind::udp;
  std::string cluster_name;
  std::string bindnetaddr, mcastaddr;
  bool broadcast = false;
  int ttl = 1;
  std::uint16_t mcastport = 5405;
  std::uint32_t netmtu = 1500;           // of the IP packet, 65507 bytes of UDP payload at most
  std::string ip_version = "ipv4";
  bool block_unlisted_ips = true;
  std::uint32_t nodeid = 0;              // totem.nodeid, 0: not given
  bool clear_node_high_bit = false;
  bool secauth = false;                  // on is refused until the seal exists
  std::vector<ListedNode> nodes;         // nodelist, in file order
  totem::Parameters timers;              // timers and windows; frame_max and receive_frames are set later
  Poll poll = Poll::adaptive;
  LoggingConfig logging;
  std::string state_dir;                 // system.state_dir, may be empty
  std::map<std::string, std::string> keys;  // every key, known or not: "totem.token" → "1000"
  std::vector<std::string> notices;      // one line per key that is accepted and does nothing here
};

// Throws ConfigError. Reads `file` only; addresses are resolved by find_local.
Config read_config(const std::string& file);
Config parse_config(const std::string& text, const std::string& file);  // pure

// Which of the cluster's nodes this is, and where the others are. Looks at interfaces and names.
struct LocalNode {
  NodeId nodeid{};
  std::string name;            // nodelist name, else uname -n
  std::string address;         // own address, numeric
  std::string interface;       // e.g. eth0, lo
  struct Peer {
    NodeId nodeid{};
    std::string name;
    std::string address;       // numeric
  };
  std::vector<Peer> peers;     // the others of the nodelist; empty in the interface form
};
LocalNode find_local(const Config&);  // throws ConfigError

}  // namespace gyre::node
