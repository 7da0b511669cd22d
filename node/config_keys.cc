#include "node/config_keys.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gyre::node {
namespace {

constexpr std::uint64_t u8 = 0xff, u32 = 0xffff'ffff, u64 = ~std::uint64_t{0};
constexpr std::string_view yes_no = "yes|no", on_off = "on|off";
constexpr std::string_view priorities = "emerg|alert|crit|err|warning|notice|info|debug";
constexpr std::string_view facilities =
    "daemon|auth|authpriv|cron|ftp|kern|lpr|mail|news|syslog|user|uucp|"
    "local0|local1|local2|local3|local4|local5|local6|local7";

// Reasons that several keys share.
constexpr std::string_view one_library = "libsodium does it";
constexpr std::string_view by_probes = "a link is judged by probes that do not come in a row";
constexpr std::string_view no_knet = "kronosnet is not used; udpu takes its place";
constexpr std::string_view plain_log = "log lines do not carry the place in the source";

constexpr Key text(std::string_view section, std::string_view name, std::string_view why = {}) {
  return {section, name, Key::Kind::text, 0, 0, {}, why};
}
constexpr Key number(std::string_view section, std::string_view name, std::uint64_t min,
                     std::uint64_t max, std::string_view why = {}) {
  return {section, name, Key::Kind::number, min, max, {}, why};
}
constexpr Key word(std::string_view section, std::string_view name, std::string_view words,
                   std::string_view why = {}) {
  return {section, name, Key::Kind::word, 0, 0, words, why};
}

constexpr Key keys[] = {
    text("", "compatibility", "there is one wire format"),

    text("totem", "version"),
    word("totem", "transport", "udp|udpu|knet|iba|ib|dpdk"),
    text("totem", "cluster_name"),
    number("totem", "config_version", 0, u64, "the nodes' files are not compared"),
    number("totem", "nodeid", 1, u32),
    word("totem", "clear_node_high_bit", yes_no),
    word("totem", "poll", "adaptive|spin|wait"),

    word("totem", "secauth", on_off),
    word("totem", "crypto_type", "nss|sober", one_library),
    word("totem", "crypto_model", "nss|openssl|gcrypt", one_library),
    word("totem", "crypto_cipher", "none|aes128|aes192|aes256|3des|aes256gcm|chacha20poly1305"),
    word("totem", "crypto_hash", "none|md5|sha1|sha256|sha384|sha512"),
    text("totem", "keyfile"),
    text("totem", "key"),

    word("totem", "rrp_mode", "none|active|passive"),
    number("totem", "rrp_problem_count_timeout", 0, u32, by_probes),
    number("totem", "rrp_problem_count_threshold", 2, u32),
    number("totem", "rrp_problem_count_mcast_threshold", 0, u32, by_probes),
    number("totem", "rrp_token_expired_timeout", 1, u32),
    number("totem", "rrp_autorecovery_check_timeout", 30, u32),
    word("totem", "link_mode", "passive|active|rr"),

    number("totem", "threads", 0, u32, "one thread moves all frames"),
    word("totem", "vsftype", "ykd|none", "no filter holds views back: every view is delivered"),
    number("totem", "netmtu", 1000, 65535),
    word("totem", "ip_version", "ipv4|ipv6|ipv4-6|ipv6-4"),
    text("totem", "ip_dscp", "packets are not marked"),
    word("totem", "block_unlisted_ips", yes_no),

    number("totem", "token", 30, u32),
    number("totem", "token_coefficient", 0, 1'000'000),
    number("totem", "token_warning", 0, 100, "no warning comes before the token is lost"),
    number("totem", "token_retransmits_before_loss_const", 1, u32),
    number("totem", "token_retransmit", 30, u32),
    number("totem", "hold", 14, u32),
    number("totem", "join", 30, u32),
    number("totem", "send_join", 0, u32),
    number("totem", "consensus", 30, u32),
    number("totem", "merge", 30, u32),
    number("totem", "downcheck", 0, u32, "a link that is down is found by the lost token"),
    number("totem", "fail_recv_const", 1, u32),
    number("totem", "seqno_unchanged_const", 1, u32),
    number("totem", "heartbeat_failures_allowed", 0, u32, "only a lost token ends a ring"),
    number("totem", "max_network_delay", 0, u32, "it was a part of the heartbeat's timeout"),
    number("totem", "window_size", 1, 16384),
    number("totem", "max_messages", 1, 16384),
    number("totem", "miss_count_const", 0, u32, "a hole is asked for one rotation later"),
    word("totem", "cancel_token_hold_on_retransmit", yes_no,
         "a token that asks for retransmission is never held"),

    number("totem", "knet_pmtud_interval", 0, u32, no_knet),
    number("totem", "knet_mtu", 0, u32, no_knet),
    text("totem", "knet_compression_model", no_knet),
    number("totem", "knet_compression_threshold", 0, u32, no_knet),
    number("totem", "knet_compression_level", 0, u32, no_knet),

    number("totem.interface", "ringnumber", 0, 7),
    number("totem.interface", "linknumber", 0, 7),
    word("totem.interface", "transport", "udp|udpu|knet|iba|ib|dpdk"),
    text("totem.interface", "bindnetaddr"),
    text("totem.interface", "mcastaddr"),
    word("totem.interface", "broadcast", yes_no),
    number("totem.interface", "ttl", 0, 255),
    number("totem.interface", "mcastport", 2, 65535),
    text("totem.interface.member", "memberaddr"),
    number("totem.interface", "knet_link_priority", 0, 255),
    number("totem.interface", "knet_ping_interval", 1, 60'000),
    number("totem.interface", "knet_ping_timeout", 2, 600'000),
    number("totem.interface", "knet_ping_precision", 0, u32, "round trips are shown, not weighed"),
    number("totem.interface", "knet_pong_count", 1, 127),
    text("totem.interface", "knet_transport", no_knet),

    text("nodelist.node", "ring0_addr"),
    text("nodelist.node", "ring1_addr"),
    text("nodelist.node", "ring2_addr"),
    text("nodelist.node", "ring3_addr"),
    text("nodelist.node", "ring4_addr"),
    text("nodelist.node", "ring5_addr"),
    text("nodelist.node", "ring6_addr"),
    text("nodelist.node", "ring7_addr"),
    number("nodelist.node", "nodeid", 1, u32),
    text("nodelist.node", "name"),
    number("nodelist.node", "quorum_votes", 0, u32),

    word("quorum", "provider", "corosync_votequorum|corosync_ykd"),
    number("quorum", "expected_votes", 0, u32),
    number("quorum", "votes", 0, u32),
    number("quorum", "two_node", 0, u8),
    number("quorum", "wait_for_all", 0, u8),
    number("quorum", "last_man_standing", 0, u8),
    number("quorum", "last_man_standing_window", 0, u32),
    number("quorum", "auto_tie_breaker", 0, u8),
    text("quorum", "auto_tie_breaker_node"),
    number("quorum", "allow_downscale", 0, u8),
    number("quorum", "expected_votes_tracking", 0, u8),
    number("quorum", "leaving_timeout", 0, u32, "nothing ever read it"),
    number("quorum", "cancel_wait_for_all", 0, u8, "it is a command, not a setting"),
    word("quorum.device", "model", "net"),
    number("quorum.device", "timeout", 0, u32),
    number("quorum.device", "sync_timeout", 0, u32,
           "a view does not wait for the device: it begins without its vote"),
    number("quorum.device", "votes", 0, u32),
    number("quorum.device", "master_wins", 0, u8),

    text("uidgid", "uid"),
    text("uidgid", "gid"),
    text("aisexec", "user"),
    text("aisexec", "group"),
    text("service", "name"),
    number("service", "ver", 0, 1),

    word("logging", "to_stderr", yes_no),
    word("logging", "to_syslog", yes_no),
    word("logging", "to_logfile", yes_no),
    text("logging", "logfile"),
    word("logging", "logfile_priority", priorities),
    word("logging", "syslog_priority", priorities),
    word("logging", "syslog_facility", facilities),
    word("logging", "debug", "on|off|trace"),
    word("logging", "timestamp", "on|off|hires"),
    word("logging", "fileline", on_off, plain_log),
    word("logging", "function_name", on_off, plain_log),
    word("logging", "blackbox", on_off, "no flight recorder is kept"),
    text("logging", "tags", "the trace of the first Corosync is gone"),

    text("system", "state_dir"),
    word("system", "sched_rr", yes_no),
    text("system", "priority"),
    text("system", "metrics"),
    number("system", "clients_max", 1, 16384),
    number("system", "client_backlog_max", 65536, 1 << 30),
    number("system", "client_stall_max", 100, 3'600'000),
    word("system", "qb_ipc_type", "native|shm|socket", "clients share memory with the daemon"),
    word("system", "move_to_root_cgroup", "auto|yes|no", "the daemon stays in its control group"),
    word("system", "allow_knet_handle_fallback", yes_no, no_knet),
};

constexpr SectionWithoutEffect sections_without_effect[] = {
    {"quorum.device.net", "no device is asked: a program registers as one"},
    {"quorum.device.heuristics", "no device is asked: a program registers as one"},
    {"logging.logger_subsys", "one level holds for the whole daemon, that of logging{}"},
    {"logging.logging_daemon", "one level holds for the whole daemon, that of logging{}"},
    {"resources", "no watchdog is fed and no resource is watched"},
    {"nozzle", "no network device is made"},
    {"pload", "`gyre bench throughput` makes load"},
    {"amf", "the availability management framework is gone"},
    {"event", "the event service is gone"},
};

std::string_view next_word(std::string_view& words) {
  const std::size_t end = std::min(words.find('|'), words.size());
  const std::string_view first = words.substr(0, end);
  words.remove_prefix(std::min(end + 1, words.size()));
  return first;
}

bool is_one_of(std::string_view value, std::string_view words) {
  while (!words.empty())
    if (next_word(words) == value) return true;
  return false;
}

bool is_number(std::string_view value, std::uint64_t min, std::uint64_t max) {
  std::uint64_t result = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  return error == std::errc{} && end == value.data() + value.size() && result >= min &&
         result <= max;
}

}  // namespace

const Key* find_key(std::string_view section, std::string_view name) {
  const auto key = std::find_if(std::begin(keys), std::end(keys), [&](const Key& candidate) {
    return candidate.section == section && candidate.name == name;
  });
  return key == std::end(keys) ? nullptr : key;
}

const Key* key_of(std::string_view path) {
  const auto is_digits = [](std::string_view word) {
    return !word.empty() && word.find_first_not_of("0123456789") == word.npos;
  };
  std::string section;
  while (true) {
    const std::size_t dot = path.find('.');
    if (dot == path.npos) return find_key(section, path);
    const std::string_view word = path.substr(0, dot);
    if (!is_digits(word)) (section += section.empty() ? "" : ".") += word;
    path.remove_prefix(dot + 1);
  }
}

// As Corosync has them: its readers ask for one type and take no other.
std::string_view cmap_type_of(const Key* key) {
  if (!key) return "str";
  if (key->name == "version") return "u32";
  if (key->kind != Key::Kind::number || key->name == "ringnumber" || key->name == "linknumber")
    return "str";
  if (key->name == "mcastport") return "u16";
  return key->max == u8 ? "u8" : key->max == u64 ? "u64" : "u32";
}

const SectionWithoutEffect* find_section_without_effect(std::string_view path) {
  for (const SectionWithoutEffect& section : sections_without_effect)
    if (section.path == path) return &section;
  return nullptr;
}

bool is_known_section(std::string_view path) {
  return path == "nodelist" || find_section_without_effect(path) ||
         std::any_of(std::begin(keys), std::end(keys),
                     [&](const Key& key) { return key.section == path; });
}

std::string complaint(const Key& key, std::string_view value) {
  const auto say = [&](const std::string& expected) {
    return fmt::format("Value of key \"{}{}{}\" is expected to be {}, but \"{}\" was given",
                       key.section, key.section.empty() ? "" : ".", key.name, expected, value);
  };
  if (key.kind == Key::Kind::number && !is_number(value, key.min, key.max))
    return say(fmt::format("integer in range ({}..{})", key.min, key.max));
  if (key.kind == Key::Kind::word && !is_one_of(value, key.words))
    return say(fmt::format("one of ({})", key.words));
  return {};
}

}  // namespace gyre::node
