#include "tests/node/config_test.hh"

#include <utility>

namespace gyre::node {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Config, DefaultsOfTheInterfaceForm) {
  const Config config = parse(interface_form());
  EXPECT_EQ(config.file, "f");
  EXPECT_EQ(config.form, Form::interface);
  EXPECT_EQ(config.links[0].transport, TransportKind::udp);
  EXPECT_EQ(config.links[0].bindnetaddr, "10.0.0.0");
  EXPECT_EQ(config.links[0].line, 6);
  EXPECT_EQ(config.links[0].mcastaddr, "239.1.1.1");
  EXPECT_FALSE(config.links[0].broadcast);
  EXPECT_EQ(config.links[0].ttl, 1);
  EXPECT_EQ(config.links[0].mcastport, 5405);
  EXPECT_EQ(config.netmtu, 1500u);
  EXPECT_EQ(config.links[0].ip_version, "ipv4");
  EXPECT_TRUE(config.block_unlisted_ips);
  EXPECT_EQ(config.nodeid, 0u);
  EXPECT_FALSE(config.clear_node_high_bit);
  EXPECT_FALSE(config.protection.on);
  EXPECT_TRUE(config.nodes.empty());
  EXPECT_TRUE(config.timers.open);
  EXPECT_EQ(config.poll, Poll::adaptive);
  EXPECT_EQ(config.state_dir, "");
  EXPECT_TRUE(config.sched_rr);
  EXPECT_EQ(config.priority, "max");
  EXPECT_EQ(config.clients_max, 1024u);
  EXPECT_EQ(config.client_backlog_max, 64u << 20);
  EXPECT_EQ(config.client_stall_max, std::chrono::seconds(10));
  EXPECT_THAT(config.notices, IsEmpty());
}

TEST(Config, DefaultsOfTheNodelistForm) {
  const Config config = parse(nodelist_form(2));
  EXPECT_EQ(config.form, Form::nodelist);
  EXPECT_EQ(config.links[0].transport, TransportKind::udpu);
  EXPECT_EQ(config.links[0].bindnetaddr, "");
  EXPECT_EQ(config.links[0].mcastaddr, "");
  EXPECT_EQ(config.links[0].mcastport, 5405);
  EXPECT_FALSE(config.timers.open);
  ASSERT_EQ(config.nodes.size(), 2u);
  EXPECT_EQ(config.nodes[1].addresses[0], "10.0.0.2");
  EXPECT_EQ(config.nodes[1].nodeid, 0u);
  EXPECT_EQ(config.nodes[1].line, 10);
  EXPECT_THAT(config.notices, IsEmpty());
}

TEST(Config, DefaultsOfLogging) {
  const LoggingConfig log = parse(interface_form()).logging;
  EXPECT_TRUE(log.to_stderr);
  EXPECT_TRUE(log.to_syslog);
  EXPECT_FALSE(log.to_logfile);
  EXPECT_FALSE(log.debug);
  EXPECT_TRUE(log.timestamp);
  EXPECT_TRUE(log.hires);
  EXPECT_EQ(log.logfile, "");
  EXPECT_EQ(log.syslog_facility, "daemon");
  EXPECT_EQ(log.logfile_priority, "info");
  EXPECT_EQ(log.syslog_priority, "info");
}

TEST(Config, EveryHonouredKeyIsRead) {
  const Config config = parse(interface_form(
      "cluster_name: c\nnetmtu: 9000\nnodeid: 7\nclear_node_high_bit: yes\npoll: spin\n"
      "block_unlisted_ips: no\nip_version: ipv4\ntransport: udp",
      "ttl: 9\nmcastport: 5000\nlinknumber: 0",
      "logging {\nto_stderr: no\nto_syslog: no\nto_logfile: yes\nlogfile: /l\ndebug: on\n"
      "timestamp: on\nsyslog_facility: local3\nlogfile_priority: debug\nsyslog_priority: err\n}\n"
      "system {\nstate_dir: /s\nsched_rr: no\npriority: -5\nclients_max: 7\n"
      "client_backlog_max: 65536\n"
      "client_stall_max: 100\n}\n"));
  EXPECT_EQ(config.cluster_name, "c");
  EXPECT_EQ(config.netmtu, 9000u);
  EXPECT_EQ(config.nodeid, 7u);
  EXPECT_TRUE(config.clear_node_high_bit);
  EXPECT_EQ(config.poll, Poll::spin);
  EXPECT_FALSE(config.block_unlisted_ips);
  EXPECT_EQ(config.links[0].ttl, 9);
  EXPECT_EQ(config.links[0].mcastport, 5000);
  EXPECT_FALSE(config.logging.to_stderr);
  EXPECT_FALSE(config.logging.to_syslog);
  EXPECT_TRUE(config.logging.to_logfile);
  EXPECT_EQ(config.logging.logfile, "/l");
  EXPECT_TRUE(config.logging.debug);
  EXPECT_TRUE(config.logging.timestamp);
  EXPECT_FALSE(config.logging.hires);
  EXPECT_EQ(config.logging.syslog_facility, "local3");
  EXPECT_EQ(config.logging.logfile_priority, "debug");
  EXPECT_EQ(config.logging.syslog_priority, "err");
  EXPECT_EQ(config.state_dir, "/s");
  EXPECT_FALSE(config.sched_rr);
  EXPECT_EQ(config.priority, "-5");
  EXPECT_EQ(config.clients_max, 7u);
  EXPECT_EQ(config.client_backlog_max, 65536u);
  EXPECT_EQ(config.client_stall_max, std::chrono::milliseconds(100));
  EXPECT_THAT(config.notices, IsEmpty());
}

TEST(Config, NodelistKeysAreRead) {
  const Config config = parse(
      "totem {\nversion: 2\nsecauth: off\n}\nnodelist {\nnode {\nring0_addr: a\nname: A\n"
      "nodeid: 4294967295\n}\nnode {\nring0_addr: fd00::1\nname: B\nnodeid: 2\n}\n}\n");
  ASSERT_EQ(config.nodes.size(), 2u);
  EXPECT_EQ(config.nodes[0].name, "A");
  EXPECT_EQ(config.nodes[0].nodeid, 4294967295u);
  EXPECT_EQ(config.nodes[1].addresses[0], "fd00::1");
  EXPECT_EQ(config.links[0].ip_version, "ipv6");
}

TEST(Config, MembersOfAnInterfaceAreAList) {
  const Config config = parse(interface_form(
      "transport: udpu", "member {\nmemberaddr: 10.0.0.1\n}\nmember {\nmemberaddr: 10.0.0.2\n}"));
  EXPECT_EQ(config.form, Form::interface);
  EXPECT_EQ(config.links[0].transport, TransportKind::udpu);
  ASSERT_EQ(config.nodes.size(), 2u);
  EXPECT_EQ(config.nodes[1].addresses[0], "10.0.0.2");
  EXPECT_FALSE(config.timers.open);
  EXPECT_EQ(config.keys.at("totem.interface.0.member.1"), "10.0.0.2");
  EXPECT_THAT(config.notices, ElementsAre(HasSubstr("totem.interface.mcastaddr has no effect")));
}

struct ModeCase {
  const char* written;
  LinkMode mode;
};

class ModeOfLinks : public testing::TestWithParam<ModeCase> {};

TEST_P(ModeOfLinks, IsWhatItsVersionMeans) {
  std::string text = nodelist_form(2, GetParam().written);
  for (const char* node : {"10.0.0.1\n", "10.0.0.2\n"})
    text.insert(text.find(node) + std::string_view(node).size(),
                std::string("ring1_addr: 10.1.0.") + node[7] + "\n");
  const Config config = parse(text);
  EXPECT_EQ(config.redundancy.mode, GetParam().mode);
  EXPECT_EQ(config.links.size(), 2u);
  EXPECT_EQ(config.nodes[1].addresses, (std::vector<std::string>{"10.0.0.2", "10.1.0.2"}));
  EXPECT_EQ(config.timers.late_data, config.redundancy.mode == LinkMode::spread
                                         ? std::chrono::milliseconds(47)
                                         : Duration::zero());
  EXPECT_THAT(config.notices, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, ModeOfLinks,
                         testing::Values(ModeCase{"", LinkMode::standby},
                                         ModeCase{"link_mode: passive", LinkMode::standby},
                                         ModeCase{"link_mode: active", LinkMode::active},
                                         ModeCase{"link_mode: rr", LinkMode::spread},
                                         ModeCase{"rrp_mode: active", LinkMode::active},
                                         ModeCase{"rrp_mode: passive", LinkMode::spread}));

TEST(Config, EachLinkHasKeysOfItsOwn) {
  const Config config = parse(
      interface_form("rrp_mode: passive\ncluster_name: ab\nrrp_problem_count_threshold: 5\n"
                     "rrp_problem_count_timeout: 100\nrrp_token_expired_timeout: 20\n"
                     "rrp_autorecovery_check_timeout: 300\n"
                     "interface {\nringnumber: 2\nbindnetaddr: 10.2.0.0\nbroadcast: yes\n"
                     "knet_link_priority: 3\nknet_ping_interval: 200\nknet_ping_timeout: 400\n"
                     "knet_pong_count: 4\n}\n"
                     "interface {\nringnumber: 1\nbindnetaddr: fd00::\n}"));
  ASSERT_EQ(config.links.size(), 3u);
  EXPECT_EQ(config.links[0].mcastaddr, "239.1.1.1");
  EXPECT_EQ(config.links[1].mcastaddr, "ff15::125") << "of the name, and the number of the link";
  EXPECT_EQ(config.links[1].mcastport, 5406);
  EXPECT_EQ(config.links[1].ip_version, "ipv6");
  EXPECT_EQ(config.links[1].priority, 1);
  EXPECT_EQ(config.links[2].mcastport, 5409);
  EXPECT_TRUE(config.links[2].broadcast);
  EXPECT_EQ(config.links[2].priority, 3);
  EXPECT_EQ(config.redundancy.probe_interval, std::chrono::milliseconds(100));
  EXPECT_EQ(config.redundancy.misses, 3u) << "so that one that is lost is no fault";
  EXPECT_EQ(config.redundancy.sound, 4u);
  EXPECT_EQ(config.timers.late_data, std::chrono::milliseconds(20));
}

TEST(Config, LinksAreJudgedByWhatTheFirstCorosyncCalledProblems) {
  const auto two = [](const std::string& totem) {
    return parse(interface_form("rrp_mode: active\ncluster_name: c\n" + totem +
                                "\ninterface {\nringnumber: 1\nbindnetaddr: 10.1.0.0\n}"));
  };
  EXPECT_EQ(two("").redundancy.probe_interval, std::chrono::milliseconds(10));
  EXPECT_EQ(two("").redundancy.misses, 3u);
  EXPECT_EQ(two("").redundancy.sound, 10u);
  const Config config = two("rrp_problem_count_threshold: 5\nrrp_autorecovery_check_timeout: 1000");
  EXPECT_EQ(config.redundancy.misses, 5u);
  EXPECT_EQ(config.redundancy.sound, 100u);
  EXPECT_THAT(config.notices, IsEmpty());
}

TEST(Config, LinksMayBeOfDifferentKinds) {
  std::string text = nodelist_form(
      1, "transport: udpu\ninterface {\nlinknumber: 1\ntransport: udp\nmcastaddr: 239.1.1.1\n}");
  text.insert(text.find("10.0.0.1\n") + 9, "ring1_addr: 10.1.0.1\n");
  const Config config = parse(text);
  EXPECT_EQ(config.links[0].transport, TransportKind::udpu);
  EXPECT_EQ(config.links[1].transport, TransportKind::udp);
  EXPECT_EQ(config.links[1].mcastaddr, "239.1.1.1");
}

struct AddressCase {
  const char *cluster, *bindnetaddr, *mcastaddr;
};

class DerivedAddress : public testing::TestWithParam<AddressCase> {};

// (((c << 1) + l) << 1) + u …, 16 bits.
TEST_P(DerivedAddress, ComesFromTheClusterName) {
  const Config config =
      parse(std::string("totem {\nversion: 2\nsecauth: off\ncluster_name: ") + GetParam().cluster +
            "\ninterface {\nbindnetaddr: " + GetParam().bindnetaddr + "\n}\n}\n");
  EXPECT_EQ(config.links[0].mcastaddr, GetParam().mcastaddr);
}

INSTANTIATE_TEST_SUITE_P(All, DerivedAddress,
                         testing::Values(AddressCase{"a", "10.0.0.0", "239.192.0.97"},
                                         AddressCase{"ab", "10.0.0.0", "239.192.1.37"},
                                         AddressCase{"ab", "fd00::", "ff15::124"}));

TEST(Config, BroadcastStandsForAnAddress) {
  const Config config = parse(interface_form("", "broadcast: yes"));
  EXPECT_TRUE(config.links[0].broadcast);
  EXPECT_EQ(config.links[0].mcastaddr, "255.255.255.255");
  EXPECT_THAT(config.notices, ElementsAre(HasSubstr("mcastaddr has no effect here")));
}

TEST(Config, Version2FilesSayOpenInOtherWords) {
  EXPECT_EQ(error_of("totem {\nversion: 2\ncrypto_cipher: none\ncrypto_hash: none\ninterface {\n"
                     "bindnetaddr: 10.0.0.0\nmcastaddr: 239.1.1.1\n}\n}\n"),
            "");
}

TEST(Config, ANodelistWithoutSecauthRunsOpenAndSaysSo) {
  const Config config =
      parse("totem {\nversion: 2\n}\nnodelist {\nnode {\nring0_addr: 10.0.0.1\n}\n}\n");
  EXPECT_THAT(config.notices, ElementsAre(AllOf(StartsWith("f:1: totem.secauth is not written"),
                                                HasSubstr("neither authenticated nor encrypted"))));
}

TEST(Config, KnetIsReadAsUdpu) {
  const Config config = parse(nodelist_form(2, "transport: knet\nlink_mode: passive"));
  EXPECT_EQ(config.links[0].transport, TransportKind::udpu);
  EXPECT_THAT(config.notices, ElementsAre(StartsWith("f:4: totem.transport: knet is read as udpu"),
                                          StartsWith("f:5: totem.link_mode has no effect here")));
}

TEST(Config, EveryKeyStaysReadableByItsPath) {
  const Config config = parse(
      interface_form("token: 900", "ringnumber: 0",
                     "amf {\nmode: disabled\n}\nmine {\ninner {\nkey: value\n}\n}\n"
                     "logging {\nlogger_subsys {\nsubsys: AMF\ntags: enter|leave\n}\n}\n"
                     "nodelist {\nnode {\nring0_addr: 10.0.0.1\nnodeid: 5\n}\nnode {\n"
                     "ring0_addr: 10.0.0.2\n}\n}\nuidgid {\nuid: hacluster\n}\nuidgid {\ngid: 7\n}"
                     "\ncompatibility: none\n"));
  const std::pair<const char*, const char*> expected[] = {
      {"totem.token", "900"},
      {"totem.interface.0.mcastaddr", "239.1.1.1"},
      {"totem.interface.0.ringnumber", "0"},
      {"amf.mode", "disabled"},
      {"mine.inner.key", "value"},
      {"logging.logger_subsys.AMF.tags", "enter|leave"},
      {"nodelist.node.0.nodeid", "5"},
      {"nodelist.node.1.ring0_addr", "10.0.0.2"},
      {"uidgid.config.uid.hacluster", "1"},
      {"uidgid.config.gid.7", "1"},
      {"compatibility", "none"},
  };
  for (const auto& [path, value] : expected) {
    ASSERT_TRUE(config.keys.contains(path)) << path;
    EXPECT_EQ(config.keys.at(path), value) << path;
  }
}

TEST(Config, TheSecretKeyIsNotReadable) {
  EXPECT_FALSE(parse(interface_form("key: sesame")).keys.contains("totem.key"));
}

TEST(Config, TheLastOfTwoValuesCountsAndIsNamed) {
  EXPECT_EQ(parse(interface_form("netmtu: 2000\nnetmtu: 3000")).netmtu, 3000u);
  const Config config = parse(interface_form() + "totem {\nsecauth: off\nnetmtu: 4000\n}\n" +
                              "totem {\nnetmtu: 5000\n}\n");
  EXPECT_EQ(config.netmtu, 5000u);
  EXPECT_THAT(config.notices,
              ElementsAre("f:13: totem.netmtu is written again in line 16, which counts"));
}

class KeyWithoutEffect : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(KeyWithoutEffect, IsNamedOnce) {
  const auto& [section, line] = GetParam();
  const std::string_view path(section);
  const std::string item(line);
  const std::string key = item.substr(0, item.find(':'));
  const std::string text =
      path == "totem" ? interface_form(item)
      : path == "totem.interface"
          ? interface_form("", item)
          : interface_form("", "",
                           path.empty() ? item : std::string(path) + " {\n" + item + "\n}\n");
  const Config config = parse(text);
  const std::string full = path.empty() ? key : std::string(path) + "." + key;
  EXPECT_THAT(config.notices, ElementsAre(HasSubstr(": " + full + " has no effect here: ")));
}

INSTANTIATE_TEST_SUITE_P(All, KeyWithoutEffect,
                         testing::ValuesIn(std::vector<std::pair<const char*, const char*>>{
                             {"", "compatibility: whitetank"},
                             {"totem", "config_version: 3"},
                             {"totem", "crypto_type: nss"},
                             {"totem", "crypto_model: openssl"},
                             {"totem", "keyfile: /etc/corosync/authkey"},
                             {"totem", "key: sesame"},
                             {"totem", "rrp_problem_count_timeout: 2000"},
                             {"totem", "rrp_problem_count_threshold: 10"},
                             {"totem", "rrp_problem_count_mcast_threshold: 100"},
                             {"totem", "rrp_token_expired_timeout: 47"},
                             {"totem", "rrp_autorecovery_check_timeout: 1000"},
                             {"totem", "link_mode: rr"},
                             {"totem", "threads: 0"},
                             {"totem", "vsftype: none"},
                             {"totem", "ip_dscp: ef"},
                             {"totem", "token_warning: 75"},
                             {"totem", "downcheck: 1000"},
                             {"totem", "heartbeat_failures_allowed: 3"},
                             {"totem", "max_network_delay: 50"},
                             {"totem", "miss_count_const: 5"},
                             {"totem", "cancel_token_hold_on_retransmit: yes"},
                             {"totem", "knet_pmtud_interval: 30"},
                             {"totem", "knet_mtu: 0"},
                             {"totem", "knet_compression_model: zlib"},
                             {"totem", "knet_compression_threshold: 100"},
                             {"totem", "knet_compression_level: 1"},
                             {"totem.interface", "knet_link_priority: 1"},
                             {"totem.interface", "knet_ping_interval: 750"},
                             {"totem.interface", "knet_ping_timeout: 1500"},
                             {"totem.interface", "knet_ping_precision: 2048"},
                             {"totem.interface", "knet_pong_count: 2"},
                             {"totem.interface", "knet_transport: udp"},
                             {"logging", "fileline: off"},
                             {"logging", "function_name: on"},
                             {"logging", "blackbox: on"},
                             {"logging", "tags: enter"},
                             {"system", "qb_ipc_type: shm"},
                             {"system", "move_to_root_cgroup: auto"},
                             {"system", "allow_knet_handle_fallback: no"},
                         }));

class SectionWithoutEffectTest : public testing::TestWithParam<const char*> {};

TEST_P(SectionWithoutEffectTest, IsNamedOnceWithAllThatItHolds) {
  const std::string name = GetParam();
  const Config config =
      parse(interface_form("", "", name + " {\nsome: thing\ninner {\nother: thing\n}\n}\n"));
  EXPECT_THAT(config.notices,
              ElementsAre(StartsWith("f:11: section " + name + " has no effect here: ")));
  EXPECT_EQ(config.keys.at(name + ".inner.other"), "thing");
}

INSTANTIATE_TEST_SUITE_P(All, SectionWithoutEffectTest,
                         testing::Values("resources", "nozzle", "pload", "amf", "event"));

TEST(Config, WhatNobodyKnowsIsNamedToo) {
  const Config config = parse(interface_form("tokn: 5", "colour: red", "mine {\nkey: value\n}\n"));
  EXPECT_THAT(
      config.notices,
      ElementsAre("f:4: totem.tokn is not known: kept in the key map, no effect",
                  "f:8: totem.interface.colour is not known: kept in the key map, no effect",
                  "f:11: section mine is not known: kept in the key map, no effect"));
}

TEST(Config, NoticesForWhatTheNodelistDecides) {
  const Config config = parse(nodelist_form(
      1, "nodeid: 9\ninterface {\nbindnetaddr: 10.0.0.0\nmember {\nmemberaddr: 10.0.0.7\n}\n}"));
  EXPECT_EQ(config.nodeid, 0u);
  EXPECT_EQ(config.nodes.size(), 1u);
  EXPECT_THAT(config.notices,
              ElementsAre(StartsWith("f:4: totem.nodeid has no effect here"),
                          StartsWith("f:6: totem.interface.bindnetaddr has no effect here"),
                          StartsWith("f:8: totem.interface.member has no effect here")));
}

TEST(Config, PayloadFollowsNetmtu) {
  EXPECT_EQ(udp_payload_max(1500, false), 1472u);
  EXPECT_EQ(udp_payload_max(1500, true), 1452u);
  EXPECT_EQ(udp_payload_max(65535, false), 65507u);
  EXPECT_EQ(udp_payload_max(65535, true), 65487u);
}

}  // namespace
}  // namespace gyre::node
