// gyred: the daemon. Start order: configuration; run directory; background; log; state directory;
// memory and scheduling class; link; socket for programs; privileges given up; helper thread;
// reactor.

#include <sys/random.h>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>

#include "node/admission.hh"
#include "node/config.hh"
#include "node/config_crypto.hh"
#include "node/daemon.hh"
#include "node/device_topic.hh"
#include "node/exporter.hh"
#include "node/helper.hh"
#include "node/key_file.hh"
#include "node/key_map.hh"
#include "node/log.hh"
#include "node/node.hh"
#include "node/privileges.hh"
#include "node/reactor.hh"
#include "node/record.hh"
#include "node/ring_store.hh"
#include "node/topics.hh"
#include "node/votes_store.hh"
#include "transport/open.hh"
#include "transport/udp/address.hh"

namespace gyre::node {
namespace {

constexpr std::size_t record_bytes_max = std::size_t{8} << 30;  // sparse

struct Options {
  std::string config = "/etc/corosync/corosync.conf";
  std::string state_dir, run_dir = "/run/gyre", record;
  std::optional<std::uint32_t> nodeid;
  bool foreground = false, test = false;
};

std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number)
    throw StartError(Exit::fatal, "getrandom gives no random numbers");
  return number;
}

udp::Settings link_settings(const Config& config, const LocalNode& local, std::size_t number) {
  const Link& link = config.links[number];
  const LocalNode::Place& place = local.places[number];
  udp::Settings settings;
  settings.kind = link.transport == TransportKind::udpu ? udp::Kind::unicast
                  : link.broadcast                      ? udp::Kind::broadcast
                                                        : udp::Kind::multicast;
  settings.address = place.address;
  settings.interface = place.interface;
  settings.group = link.mcastaddr;
  settings.port = link.mcastport;
  settings.ttl = link.ttl;
  settings.cluster = cluster_tag(config.cluster_name);
  // Where anybody may come from anywhere, a listed node may send from another address, too.
  settings.tokens_from_peers_only = local.peers.empty() || config.block_unlisted_ips;
  const bool ipv6 = place.address.find(':') != std::string::npos;
  settings.payload_max = udp_payload_max(config.netmtu, ipv6);
  if (!local.peers.empty() && config.block_unlisted_ips) {
    settings.sources.emplace();
    for (const LocalNode::Peer& peer : local.peers)
      settings.sources->push_back(peer.addresses[number]);
  }
  return settings;
}

// The key as the configuration says; nothing where frames are open. Throws ConfigError.
std::optional<ClusterKey> read_cluster_key(const Config& config) {
  if (!config.protection.on) return std::nullopt;
  if (sodium_init() < 0) throw StartError(Exit::fatal, "libsodium does not start");
  check_cipher(config, available(Suite::aes256gcm));
  if (config.protection.key) return ClusterKey(*config.protection.key, config.cluster_name);
  return ClusterKey(read_key_file(config.protection.keyfile), config.cluster_name);
}

std::uint64_t secret_number() {
  std::uint64_t number = 0;
  randombytes_buf(&number, sizeof number);
  return number;
}

Redundant::Mode mode_of(LinkMode mode) {
  return mode == LinkMode::active   ? Redundant::Mode::active
         : mode == LinkMode::spread ? Redundant::Mode::round_robin
                                    : Redundant::Mode::passive;
}

LinkSet link_set(const Config& config, const LocalNode& local) {
  constexpr std::uint32_t ticks_max = 100'000;
  LinkSet set{.links = {},
              .mode = mode_of(config.redundancy.mode),
              .pace = {},
              .learns = config.timers.open};
  for (std::size_t link = 0; link < config.links.size(); ++link)
    set.links.push_back({link_settings(config, local, link), config.links[link].priority});
  ProbePace& pace = set.pace;
  pace.interval = config.redundancy.probe_interval;
  pace.misses = static_cast<int>(std::min(config.redundancy.misses, ticks_max));
  pace.sound_min = static_cast<int>(std::min(config.redundancy.sound, ticks_max));
  pace.sound_max = std::max(pace.sound_max, pace.sound_min);
  return set;
}

Opened open_links(const LinkSet& set, const Config& config, const totem::Identity& identity,
                  FramePool& pool) {
  return open_transport(set,
                        {.self = identity.self,
                         .cluster = cluster_tag(config.cluster_name),
                         .boot = identity.incarnation,
                         .key = read_cluster_key(config),
                         .suite = suite_of(config),
                         .draw = secret_number,
                         .pause_max = config.timers.token_loss,
                         .pace = config.timers.join},
                        pool);
}

StatusNames status_names(const Config& config, const LocalNode& local) {
  StatusNames names;
  names.version = GYRE_VERSION;
  names.transport = text(config.links.front().transport);
  names.cluster = config.cluster_name;
  names.secauth = config.protection.on;
  names.suite = text(suite_of(config));
  names.votequorum = config.quorum.section;
  names.device_votes = config.quorum.device_votes;
  names.links = config.links.size();
  names.nodes[local.nodeid].name = local.name;
  for (const LocalNode::Place& place : local.places)
    names.nodes[local.nodeid].addresses.push_back(place.address);
  for (const LocalNode::Peer& peer : local.peers)
    if (peer.nodeid != NodeId::none) names.nodes[peer.nodeid] = {peer.name, peer.addresses};
  names.address_text = [](const Address& address) { return udp::text(udp::with_port(address, 0)); };
  return names;
}

std::string places(const LocalNode& local) {
  std::string text;
  for (const LocalNode::Place& place : local.places)
    text += fmt::format("{}{}, {}", text.empty() ? "" : "; ", place.interface, place.address);
  return text;
}

// Said at the start and once a day; empty where frames are sealed.
std::string open_warning(const Config& config) {
  if (config.protection.on) return {};
  std::set<std::uint16_t> ports;
  for (const Link& link : config.links) ports.insert(link.mcastport);
  return fmt::format(
      "SECAUTH IS OFF: frames are neither authenticated nor encrypted. Whoever reaches UDP port {} "
      "can read everything, join, and speak for any node: `corosync-keygen`, the key file on all "
      "nodes, and `secauth: on` end that",
      fmt::join(ports, " or "));
}

std::vector<ListedPeer> listed_peers(const LocalNode& local) {
  std::vector<ListedPeer> peers;
  for (const LocalNode::Peer& peer : local.peers) {
    peers.push_back({peer.nodeid, {}});
    for (std::size_t link = 0; link < peer.addresses.size(); ++link)
      peers.back().addresses[link] = udp::to_address(peer.addresses[link]);
  }
  return peers;
}

void say(LogWriter& writer, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) writer.write(LogLevel::info, line);
}

std::unique_ptr<LogWriter> open_log(const Config& config, const Options& options) try {
  return std::make_unique<LogWriter>(config.logging, options.foreground);
} catch (const std::runtime_error& error) {
  throw StartError(Exit::logging, error.what());
}

std::string state_directory(const Config& config, const Options& options) {
  if (!options.state_dir.empty()) return options.state_dir;
  return config.state_dir.empty() ? "/var/lib/gyre" : config.state_dir;
}

RingStore open_ring_store(const std::string& directory, LogWriter& writer) try {
  RingStore store(directory);
  if (store.origin() == RingStore::Origin::missing)
    writer.write(LogLevel::info, store.path() + " is new: rings are numbered from the start");
  if (store.origin() == RingStore::Origin::damaged)
    writer.write(LogLevel::error, store.path() + " was damaged: rings are numbered from the start");
  return store;
} catch (const std::runtime_error& error) {
  throw StartError(Exit::state_directory, error.what());
}

VotesStore open_votes_store(const std::string& directory, Duration consensus,
                            LogWriter& writer) try {
  VotesStore store(directory);
  store.promise(consensus);
  if (store.origin() == VotesStore::Origin::damaged)
    writer.write(LogLevel::error,
                 store.path() + " was damaged: what it said of votes is learned from other nodes");
  return store;
} catch (const std::runtime_error& error) {
  throw StartError(Exit::state_directory, error.what());
}

Belongings belongings(const Config& config, const Options& options, const RingStore& rings,
                      const VotesStore& votes) {
  const auto name_of = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  return {.run_dir = options.run_dir,
          .state_dir = state_directory(config, options),
          .run_files = {"gyred.pid", "gyre.sock"},
          .state_files = {name_of(rings.path()), name_of(votes.path())},
          .log_file = config.logging.to_logfile ? config.logging.logfile : ""};
}

membership::QuorumSettings quorum_settings(const Config& config, const LocalNode& local,
                                           VotesStore::Origin kept) {
  membership::QuorumSettings settings = config.quorum;
  settings.votes = local.quorum_votes;
  settings.forgot = settings.remembers() && kept == VotesStore::Origin::damaged;
  return settings;
}

// Everything from here on is made once, and in this order.
void run(Config config, const LocalNode& local, Admission admission,
         const std::optional<Account>& account, const Options& options,
         std::optional<Background>& background) {
  const PidFile pid_file(options.run_dir);
  const std::unique_ptr<LogWriter> writer = open_log(config, options);
  writer->write(LogLevel::info,
                fmt::format("gyred " GYRE_VERSION " starts as node {} ({}) on {}",
                            static_cast<std::uint32_t>(local.nodeid), local.name, places(local)));
  for (const std::string& notice : config.notices) writer->write(LogLevel::warning, notice);
  if (const std::string open = open_warning(config); !open.empty())
    writer->write(LogLevel::warning, open);
  RingStore store = open_ring_store(state_directory(config, options), *writer);
  VotesStore votes =
      open_votes_store(state_directory(config, options), config.timers.consensus, *writer);
  say(*writer, allow_open_files(config.clients_max));
  say(*writer, lock_memory());
  if (config.sched_rr) say(*writer, become_real_time(config.priority));

  totem::Identity identity{.self = local.nodeid,
                           .incarnation = random_number(),
                           .ring_seq = store.bound(),
                           .seed = random_number()};
  const LinkSet links = link_set(config, local);
  const FrameShape shape = frame_shape(links, suite_of(config));
  totem::Parameters parameters = config.timers;
  parameters.frame_max = static_cast<std::uint32_t>(shape.frame_max);
  // The device says what its queue holds once it is open; the pool is made for the most.
  parameters.receive_frames = UINT32_MAX;
  const Limits limits_before{.burst_max = udp::Device::burst_max};
  FramePool pool(Node::frames_needed(parameters, limits_before) + shape.frames, shape.headroom,
                 shape.payload, shape.tailroom);
  const Opened opened = open_links(links, config, identity, pool);
  const std::unique_ptr<HeaderTransport>& transport = opened.transport;
  config.protection.key.reset();
  parameters.receive_frames = static_cast<std::uint32_t>(transport->limits().receive_frames);

  std::optional<FileRecorder> recorder;
  if (!options.record.empty())
    recorder.emplace(options.record, local.nodeid, identity.incarnation, record_bytes_max);
  shm::Listener listener(options.run_dir);
  Log log;
  const auto page = std::make_unique<StatusPage>();
  NodeLimits limits;
  limits.clients = config.clients_max;
  limits.port.stall_max = config.client_stall_max;
  const StatusNames names = status_names(config, local);
  KeyMap key_map({.config = config,
                  .local = local,
                  .admission = admission,
                  .names = names,
                  .set_debug = [&](bool on) { writer->set_debug(on); }});
  Topics topics = make_topics(names, *writer);
  topics.merge(key_map.topics());
  topics.merge(device_topics(config.quorum));
  topics["groups"] = groups_topic(limits.groups);
  Reloader reloader({.config = config,
                     .admission = admission,
                     .writer = *writer,
                     .key_map = key_map,
                     .nodeid = options.nodeid});
  topics["reload"] = reload_topic(reloader);
  KeyReader read_key;
  if (config.protection.on)
    read_key = [cluster = config.cluster_name](const std::string& path) {
      return ClusterKey(read_key_file(path), cluster);
    };
  topics["keys.rotate"] = rotate_topic(read_key, config, names);
  topics["links"] = links_topic(config, local, names);
  const auto allow = [&](uid_t uid, gid_t gid) {
    return admission.allows(uid, gid) || key_map.admits(uid, gid);
  };
  Helper helper({.self = local.nodeid,
                 .clients = limits.clients,
                 .events_size = config.client_backlog_max,
                 .listener = listener,
                 .allow = allow,
                 .ring_store = store,
                 .votes_store = &votes,
                 .log = log,
                 .writer = *writer,
                 .page = *page,
                 .topics = std::move(topics),
                 .reloader = &reloader,
                 .read_key = read_key,
                 .reminder = open_warning(config)});
  const std::vector<ListedPeer> peers = listed_peers(local);
  const auto node =
      std::make_unique<Node>(Node::Setup{.transport = *transport,
                                         .pool = pool,
                                         .errands = helper,
                                         .log = log,
                                         .recorder = recorder ? &*recorder : nullptr,
                                         .parameters = parameters,
                                         .identity = identity,
                                         .listed = peers,
                                         .sealed = dynamic_cast<Sealed*>(transport.get()),
                                         .own_addresses = names.nodes.at(local.nodeid).addresses,
                                         .limits = limits,
                                         .quorum = quorum_settings(config, local, votes.origin()),
                                         .kept = votes.kept()});
  Reactor reactor({.self = local.nodeid,
                   .node = *node,
                   .transport = *transport,
                   .links = opened.links,
                   .helper = helper,
                   .page = *page,
                   .log = log,
                   .poll = config.poll,
                   .leave_max = parameters.consensus + std::chrono::seconds(1)});
  const bool no_secret = !config.protection.on;
  say(*writer, give_up_privileges(account, belongings(config, options, store, votes), no_secret));
  helper.start();
  std::optional<Exporter> exporter;  // its thread comes behind the helper, which takes the signals
  if (!config.metrics.address.empty()) exporter.emplace(config.metrics, options.run_dir);
  if (background) background->started();
  reactor.run();
  helper.stop();
  writer->write(LogLevel::info, "gyred ends");
}

std::optional<Options> parse(int argc, char** argv, int& status) {
  Options options;
  CLI::App app("gyred: ordered messages and membership for a cluster, from one configuration file.",
               "gyred");
  app.add_option("-c,--config", options.config, "the configuration file")
      ->capture_default_str()
      ->type_name("FILE");
  app.add_flag("-f,--foreground", options.foreground, "stay in the foreground, log to stderr");
  app.add_flag("-t,--test", options.test, "check the configuration and end");
  app.add_option("--state-dir", options.state_dir,
                 "what must outlive a restart (default: system.state_dir, else /var/lib/gyre)")
      ->type_name("DIR");
  app.add_option("--run-dir", options.run_dir, "pid file and socket for local programs")
      ->capture_default_str()
      ->type_name("DIR");
  app.add_option("--record", options.record, "keep sends, deliveries and configurations in FILE")
      ->type_name("FILE");
  app.add_option("--nodeid", options.nodeid, "which node of the configuration this is")
      ->type_name("N");
  app.set_version_flag("-v,--version", "gyred " GYRE_VERSION);
  app.footer(
      "Example: a node of its own on this machine, without root:\n"
      "  gyred -f -c ring.conf --nodeid 1 --state-dir /tmp/n1 --run-dir /tmp/n1\n"
      "Exit status: 0 stopped as asked, 1 usage, 8 configuration, 9 log, 15 anything else,\n"
      "  16 state directory, 17 run directory, 18 already running.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    status = app.exit(error) == 0 ? 0 : static_cast<int>(Exit::usage);
    return std::nullopt;
  }
  return options;
}

int failed(Exit status, const char* what) {
  std::fprintf(stderr, "%s\n", what);
  return static_cast<int>(status);
}

int main(int argc, char** argv) {
  int status = 0;
  const std::optional<Options> options = parse(argc, argv, status);
  if (!options) return status;
  try {
    Config config = read_config(options->config);
    config.file = std::filesystem::absolute(config.file);  // for a reload, from another folder
    const LocalNode local = find_local(config, options->nodeid);
    const Admission admission(config.grants);
    const std::optional<Account> account = account_of(config);
    read_cluster_key(config);  // to see whether it is there
    if (options->test) return 0;
    std::signal(SIGPIPE, SIG_IGN);
    std::optional<Background> background;
    if (!options->foreground) {
      // A key that is written in the file itself lies where a child finds only zeroes.
      const bool written = std::exchange(config.protection.key, nullptr) != nullptr;
      background.emplace();
      if (written) config.protection = read_config(config.file).protection;
    }
    run(std::move(config), local, admission, account, *options, background);
    return 0;
  } catch (const ConfigError& error) {
    return failed(Exit::configuration, error.what());
  } catch (const StartError& error) {
    return failed(error.status(), error.what());
  } catch (const std::exception& error) {
    return failed(Exit::fatal, error.what());
  }
}

}  // namespace
}  // namespace gyre::node

int main(int argc, char** argv) {
  return gyre::node::main(argc, argv);
}
