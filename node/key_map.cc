#include "node/key_map.hh"

#include <fmt/format.h>

#include <charconv>

#include "node/config_keys.hh"

namespace gyre::node {
namespace {

void add_configuration(Cmap& map, const Config& config) {
  for (const auto& [path, text] : config.keys) {
    if (path.starts_with("uidgid.")) continue;  // by name, perhaps: see add_admission
    const CmapReading reading = read_cmap_value(cmap_type_of(key_of(path)), text);
    map.put(path, reading.value ? *reading.value : CmapValue(text));
  }
}

void add_nodelist(Cmap& map, const Config& config, const LocalNode& local) {
  if (config.form != Form::nodelist) return;
  map.put("nodelist.local_node_pos", static_cast<std::uint32_t>(local.position));
  for (std::size_t i = 0; i < config.nodes.size(); ++i) {
    const NodeId id = i == local.position  ? local.nodeid
                      : i < local.position ? local.peers[i].nodeid
                                           : local.peers[i - 1].nodeid;
    map.put(fmt::format("nodelist.node.{}.nodeid", i), static_cast<std::uint32_t>(id));
  }
}

void add_admission(Cmap& map, const Admission& admission) {
  for (const uid_t uid : admission.uids())
    map.put(fmt::format("uidgid.config.uid.{}", uid), std::uint8_t{1});
  for (const gid_t gid : admission.gids())
    map.put(fmt::format("uidgid.config.gid.{}", gid), std::uint8_t{1});
}

// The timers that are in force; those without effect are not listed.
void add_timers(Cmap& map, const Config& config) {
  const totem::Parameters& timers = config.timers;
  const auto set = [&](const char* name, std::uint64_t value) {
    map.put(fmt::format("runtime.config.totem.{}", name), static_cast<std::uint32_t>(value));
  };
  const auto milliseconds = [&](const char* name, Duration duration) {
    set(name, static_cast<std::uint64_t>(
                  std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()));
  };
  milliseconds("token", timers.token_loss);
  milliseconds("token_retransmit", timers.token_retransmit);
  milliseconds("hold", timers.hold);
  milliseconds("join", timers.join);
  milliseconds("send_join", timers.send_join);
  milliseconds("consensus", timers.consensus);
  milliseconds("merge", timers.merge_detect);
  set("fail_recv_const", timers.fail_to_receive);
  set("seqno_unchanged_const", timers.seqno_unchanged);
  if (timers.global_window) set("window_size", timers.global_window);
  if (timers.personal_window) set("max_messages", timers.personal_window);
  set("block_unlisted_ips", config.block_unlisted_ips);
  for (std::size_t link = 0; link < config.links.size(); ++link)
    map.put(fmt::format("runtime.config.totem.interface.{}.mcastport", link),
            std::uint16_t{config.links[link].mcastport});
  std::uint32_t losses = 4;
  if (const auto written = config.keys.find("totem.token_retransmits_before_loss_const");
      written != config.keys.end())
    std::from_chars(written->second.data(), written->second.data() + written->second.size(),
                    losses);
  set("token_retransmits_before_loss_const", losses);
}

void add_services(Cmap& map) {
  constexpr std::string_view services[] = {"cmap", "cfg", "cpg"};
  for (std::uint16_t id = 0; const std::string_view service : services) {
    const auto place = fmt::format("internal_configuration.service.{}.", id);
    map.put(place + "name", fmt::format("corosync_{}", service));
    map.put(place + "ver", std::uint32_t{0});
    map.put(fmt::format("runtime.services.{}.service_id", service), id++);
  }
}

// What of votequorum stays as it is.
void add_votes(Cmap& map, const membership::QuorumSettings& quorum, std::uint32_t self) {
  const auto set = [&](const char* name, CmapValue value) {
    map.put(fmt::format("runtime.votequorum.{}", name), std::move(value));
  };
  set("this_node_id", self);
  set("two_node", std::uint8_t{quorum.two_node});
  set("atb_type", static_cast<std::uint32_t>(quorum.tie_breaker));
  set("ev_barrier", quorum.allow_downscale ? quorum.downscale_min : 0);
  set("qdevice_can_operate", std::uint8_t{quorum.device_votes != 0});
  set("qdevice_master_wins", std::uint8_t{quorum.device_master_wins});
}

}  // namespace

KeyMap::KeyMap(const Setup& setup)
    : names_(setup.names),
      self_(static_cast<std::uint32_t>(setup.local.nodeid)),
      local_(setup.local),
      set_debug_(setup.set_debug) {
  reload(setup.config, setup.admission);
  add_services(icmap_);
  if (setup.config.quorum.section) add_votes(icmap_, setup.config.quorum, self_);
  icmap_.put("runtime.force_gather", std::string("no"));
}

void KeyMap::reload(const Config& config, const Admission& admission) {
  Cmap next;
  add_configuration(next, config);
  add_nodelist(next, config, local_);
  add_admission(next, admission);
  add_timers(next, config);
  std::vector<std::string> gone;
  configured_.each("", [&](const std::string& key, const CmapValue&) {
    if (!next.find(key)) gone.push_back(key);
  });
  for (const std::string& key : gone) icmap_.remove(key);
  // What a program made of it does not outlive the configuration that it stood beside.
  if (!next.find("logging.debug")) icmap_.remove("logging.debug");
  next.each("", [&](const std::string& key, const CmapValue& value) { icmap_.put(key, value); });
  configured_ = std::move(next);
  const CmapValue* version = icmap_.find("totem.config_version");
  config_version_ = version ? std::get<std::uint64_t>(*version) : 0;
}

void KeyMap::reload_begins() {
  icmap_.put("config.reload_in_progress", std::uint8_t{1});
}

void KeyMap::reload_ended(std::string_view refused) {
  constexpr std::int32_t cs_ok = 1, cs_err_invalid_param = 7;
  icmap_.put("config.reload_status", refused.empty() ? cs_ok : cs_err_invalid_param);
  icmap_.put("config.reload_error_message", std::string(refused));
  icmap_.put("config.reload_in_progress", std::uint8_t{0});
}

// Each member under its name of today, and under the one that it had in the first Corosync.
void KeyMap::refresh(const Snapshot& snapshot) {
  for (std::uint32_t i = 0; i < snapshot.known_count; ++i) {
    const Snapshot::Member& member = snapshot.members[i];
    const auto node = static_cast<std::uint32_t>(member.member.node);
    for (const char* place : {"runtime.members", "runtime.totem.pg.mrp.srp.members"}) {
      const auto set = [&](const char* name, CmapValue value) {
        icmap_.put(fmt::format("{}.{}.{}", place, node, name), std::move(value));
      };
      set("ip", names_.addresses_of(member));
      set("join_count", static_cast<std::uint32_t>(member.joins));
      set("status", std::string(i < snapshot.member_count ? "joined" : "left"));
    }
    icmap_.put(fmt::format("runtime.members.{}.config_version", node),
               node == self_ ? config_version_ : std::uint64_t{0});
  }
  if (names_.votequorum && snapshot.member_count > 0) refresh_votes(snapshot);
  counted_.fill(stats_, snapshot);
}

void KeyMap::refresh_votes(const Snapshot& snapshot) {
  using membership::Verdict;
  const Verdict& verdict = snapshot.verdict;
  const auto set = [&](const char* name, CmapValue value) {
    icmap_.put(fmt::format("runtime.votequorum.{}", name), std::move(value));
  };
  const auto id = [&](std::size_t member) {
    return static_cast<std::uint32_t>(snapshot.members[member].member.node);
  };
  set("lowest_node_id", id(0));
  set("highest_node_id", id(snapshot.member_count - 1));
  set("wait_for_all_status", std::uint8_t{verdict.reason == Verdict::Reason::waiting});
  set("ev_tracking_barrier", verdict.highest_expected);
}

bool KeyMap::admits(uid_t uid, gid_t gid) const {
  const auto says_yes = [this](const char* kind, std::uint32_t number) {
    const CmapValue* value = icmap_.find(fmt::format("uidgid.{}.{}", kind, number));
    return value && *value == CmapValue(std::uint8_t{1});
  };
  return says_yes("uid", uid) || says_yes("gid", gid);
}

}  // namespace gyre::node
