// What is refused, and that the refusal names the line and the reason.
#include "node/config_lines.hh"
#include "tests/guide/guide_file.hh"
#include "tests/node/config_test.hh"
#include "tests/node/temporary.hh"

namespace gyre::node {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct Refusal {
  std::string text;
  int line;
  const char* reason;
};

class ConfigRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(ConfigRefusal, NamesLineAndReason) {
  const Refusal& refusal = GetParam();
  const std::string at = place("f", refusal.line) + ": ";
  EXPECT_THAT(error_of(refusal.text), AllOf(StartsWith(at), HasSubstr(refusal.reason)));
}

std::string node_section(const std::string& inside) {
  return "node {\n" + inside + "\n}\n";
}

std::string nodelist(const std::string& nodes, const std::string& totem = {}) {
  return "totem {\nversion: 2\nsecauth: off\n" + totem + "}\nnodelist {\n" + nodes + "}\n";
}

// The second one begins in the line after the first one's, and without an address.
std::string two_interfaces(const std::string& totem, const std::string& second) {
  return "totem {\nversion: 2\nsecauth: off\n" + totem + (totem.empty() ? "" : "\n") +
         "interface {\nbindnetaddr: 10.0.0.0\nmcastaddr: 239.1.1.1\n}\n"
         "interface {\nbindnetaddr: 10.1.0.0\nmcastaddr: 239.1.1.2\n" +
         second + "\n}\n}\n";
}

INSTANTIATE_TEST_SUITE_P(
    Structure, ConfigRefusal,
    testing::Values(
        Refusal{"", 0, "can only parse version 2 configurations."},
        Refusal{"\ntotem {\n}\n", 2, "can only parse version 2 configurations."},
        Refusal{"totem {\nversion: 1\n}\n", 2, "can only parse version 2 configurations."},
        Refusal{"totem {\nversion: 2\nsecauth: off\n}\n", 1, "neither an interface{} nor"},
        Refusal{interface_form("", "ringnumber: 1"), 5, "there is no 0"},
        Refusal{two_interfaces("rrp_mode: active", "ringnumber: 2"), 5, "there is no 1"},
        Refusal{interface_form("", "ringnumber: 0\nlinknumber: 1"), 8, "are one thing"},
        Refusal{interface_form("interface {\nbindnetaddr: 10.1.0.0\n}"), 7,
                "interface number 0 appears twice, first in line 4"},
        Refusal{two_interfaces("", "ringnumber: 1"), 8,
                "2 is too many configured interfaces for the rrp_mode setting none; write"},
        Refusal{two_interfaces("rrp_mode: none", "ringnumber: 1"), 9, "too many configured"},
        Refusal{two_interfaces("rrp_mode: none\nlink_mode: active", "ringnumber: 1"), 10,
                "too many configured"},
        Refusal{two_interfaces("rrp_mode: passive\nlink_mode: active", "ringnumber: 1"), 5,
                "link_mode: active beside rrp_mode: passive, which is link_mode: rr"},
        Refusal{two_interfaces("rrp_mode: active\ntransport: udpu",
                               "ringnumber: 1\nmember {\nmemberaddr: 10.1.0.1\n}"),
                15, "which of their addresses are one node's is not said"},
        Refusal{nodelist(node_section("name: a")), 6, "a node without ring0_addr"},
        Refusal{nodelist(node_section("ring0_addr: a\nnodeid: 4") +
                         node_section("ring0_addr: b\nnodeid: 4")),
                10, "Nodeid 4 appears twice"},
        Refusal{nodelist(node_section("ring0_addr: a\nname: n") +
                         node_section("ring0_addr: b\nname: n")),
                10, "name n appears twice"},
        Refusal{nodelist(node_section("ring0_addr: a") + node_section("ring0_addr: a")), 9,
                "ring0_addr a appears twice"},
        Refusal{nodelist(node_section("ring0_addr: a\nring1_addr: x") +
                         node_section("ring0_addr: b\nring1_addr: x")),
                10, "ring1_addr x appears twice"},
        Refusal{
            nodelist(node_section("ring0_addr: a\nring1_addr: x") + node_section("ring0_addr: b")),
            10,
            "Not all nodes have the same number of links: there is no ring1_addr here, one "
            "in line 6"},
        Refusal{
            nodelist(node_section("ring0_addr: a") + node_section("ring0_addr: b\nring1_addr: x")),
            11,
            "Not all nodes have the same number of links: there is a ring1_addr here, none "
            "in line 6"},
        Refusal{nodelist(node_section("ring0_addr: a\nring2_addr: x")), 8,
                "ring2_addr without ring1_addr"},
        Refusal{nodelist(node_section("ring0_addr: a"), "interface {\nlinknumber: 1\n}\n"), 4,
                "interface 1: no node has a ring1_addr"},
        Refusal{nodelist(node_section("ring0_addr: a\nring1_addr: x"), "rrp_mode: none\n"), 4,
                "2 is too many configured interfaces"},
        Refusal{nodelist_form(129), 391, "more than 128 nodes"},
        Refusal{interface_form("", "",
                               "logging {\nlogger_subsys {\nsubsys: " + std::string(240, 'x') +
                                   "\n}\n}\n"),
                12, "key path too long"}));

INSTANTIATE_TEST_SUITE_P(
    NotBuilt, ConfigRefusal,
    testing::Values(
        Refusal{nodelist_form(2, "crypto_cipher: aes256\nsecauth: off"), 4, "totem.crypto_cipher"},
        Refusal{interface_form("crypto_cipher: none\ncrypto_hash: sha1"), 5, "totem.crypto_hash"},
        Refusal{interface_form("transport: dpdk"), 4, "dpdk is not in this version"},
        Refusal{two_interfaces("rrp_mode: active", "ringnumber: 1\ntransport: ib"), 13,
                "ib is not in this version"},
        Refusal{two_interfaces("rrp_mode: active", "ringnumber: 1\ntransport: udpu"), 13,
                "nobody to send the first join to"},
        Refusal{interface_form("transport: ib"), 4, "ib is not in this version"},
        Refusal{interface_form("transport: iba"), 4, "iba is not in this version"},
        Refusal{interface_form("transport: udpu"), 4, "nobody to send the first join to"},
        Refusal{interface_form("transport: knet"), 4, "nobody to send the first join to"}));

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigRefusal,
    testing::Values(
        Refusal{interface_form("netmtu: 999"), 4,
                "Value of key \"totem.netmtu\" is expected to be integer in range (1000..65535), "
                "but \"999\" was given"},
        Refusal{interface_form("netmtu: 65536"), 4, "(1000..65535)"},
        Refusal{interface_form("netmtu: 1500x"), 4, "but \"1500x\" was given"},
        Refusal{interface_form("netmtu: -1"), 4, "but \"-1\" was given"},
        Refusal{interface_form("netmtu:"), 4, "but \"\" was given"},
        Refusal{interface_form("netmtu: 99999999999999999999999"), 4, "integer in range"},
        Refusal{interface_form("nodeid: 0"), 4, "(1..4294967295)"},
        Refusal{interface_form("threads: many"), 4, "integer in range"},
        Refusal{interface_form("transport: tcp"), 4,
                "expected to be one of (udp|udpu|knet|iba|ib|dpdk), but \"tcp\" was given"},
        Refusal{interface_form("secauth: yes"), 4, "one of (on|off)"},
        Refusal{interface_form("crypto_cipher: rot13"), 4, "one of (none|aes128"},
        Refusal{interface_form("rrp_mode: both"), 4, "one of (none|active|passive)"},
        Refusal{interface_form("vsftype: both"), 4, "one of (ykd|none)"},
        Refusal{interface_form("poll: often"), 4, "one of (adaptive|spin|wait)"},
        Refusal{interface_form("poll: s"), 4, "one of (adaptive|spin|wait)"},
        Refusal{interface_form("poll:"), 4, "one of (adaptive|spin|wait)"},
        Refusal{interface_form("cluster_name:"), 4, "cluster_name is empty"},
        Refusal{interface_form("", "mcastport: 1"), 8, "(2..65535)"},
        Refusal{interface_form("", "ttl: 256"), 8, "(0..255)"},
        Refusal{interface_form("", "ringnumber: 8"), 8, "(0..7)"},
        Refusal{two_interfaces("rrp_mode: active", "ringnumber: 1\nknet_ping_interval: 200"), 13,
                "go together"},
        Refusal{two_interfaces("rrp_mode: active\ninterface {\nringnumber: 2\nbindnetaddr: "
                               "10.2.0.0\nmcastaddr: 239.1.1.3\nknet_pong_count: 2\n}",
                               "ringnumber: 1\nknet_pong_count: 3"),
                9, "knet_pong_count differs from that of line 19"},
        Refusal{two_interfaces("rrp_mode: active",
                               "ringnumber: 1\nknet_ping_interval: 20\nknet_ping_timeout: 19"),
                14, "knet_ping_timeout (19 ms) is less than knet_ping_interval (20 ms)"},
        Refusal{interface_form("", "broadcast: on"), 8, "one of (yes|no)"},
        Refusal{nodelist(node_section("ring0_addr: a\nnodeid: 0")), 8, "(1..4294967295)"},
        Refusal{interface_form("", "", "quorum {\ntwo_node: 256\n}\n"), 12, "(0..255)"},
        Refusal{interface_form("", "", "logging {\ndebug: loud\n}\n"), 12, "one of (on|off|trace)"},
        Refusal{interface_form("", "", "logging {\nsyslog_facility: x\n}\n"), 12, "(daemon|"},
        Refusal{interface_form("", "", "logging {\nto_logfile: yes\n}\n"), 12, "needs a logfile"},
        Refusal{interface_form("", "", "system {\nstate_dir: var\n}\n"), 12, "begin with '/'"},
        Refusal{interface_form("", "", "system {\npriority: mid\n}\n"), 12, "max, min or integer"},
        Refusal{interface_form("", "", "system {\npriority: 100\n}\n"), 12, "(-20..99)"}));

std::string bound_to(const std::string& address, const std::string& interface = {},
                     const std::string& totem = {}) {
  return "totem {\nversion: 2\nsecauth: off\n" + totem + "interface {\nbindnetaddr: " + address +
         "\n" + interface + "}\n}\n";
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, ConfigRefusal,
    testing::Values(
        Refusal{"totem {\nversion: 2\nsecauth: off\ninterface {\nttl: 1\n}\n}\n", 4,
                "No bindnetaddr"},
        Refusal{bound_to("eth0"), 5, "\"eth0\" is no IPv4 or IPv6 address"},
        Refusal{bound_to("10.0.0.256"), 5, "is no IPv4 or IPv6 address"},
        Refusal{bound_to("239.1.1.1"), 5, "is a multicast address"},
        Refusal{bound_to("fe80::1"), 5, "is link-local"},
        Refusal{bound_to("10.0.0.0"), 4, "No multicast address"},
        Refusal{bound_to("10.0.0.0", "mcastaddr: 10.0.0.1\n"), 6, "is no multicast address"},
        Refusal{bound_to("10.0.0.0", "mcastaddr: all\n"), 6, "is no multicast address"},
        Refusal{bound_to("10.0.0.0", "mcastaddr: ff15::1\n"), 6, "not of the family"},
        Refusal{bound_to("fd00::", "mcastaddr: 239.1.1.1\n"), 6, "not of the family"},
        Refusal{bound_to("fd00::", "broadcast: yes\n"), 6, "IPv6 has none"},
        Refusal{bound_to("fd00::", "mcastaddr: ff15::1\n", "ip_version: ipv4\n"), 4,
                "ip_version is ipv4, but the addresses are ipv6"},
        Refusal{
            nodelist(node_section("ring0_addr: 10.0.0.1") + node_section("ring0_addr: fd00::1")),
            10, "not of the same family"},
        Refusal{nodelist(node_section("ring0_addr: a"), "transport: udp\n"), 1,
                "No multicast address"},
        Refusal{bound_to("10.0.0.0", "member {\nmemberaddr: b\n}\n", "transport: udpu\n"), 8,
                "is no IPv4 or IPv6 address"},
        Refusal{bound_to("10.0.0.0", "member {\nmemberaddr: 10.0.0.1\n}\n",
                         "transport: udpu\nnodeid: 4\n"),
                5, "the others could not know it"}));

TEST(MetricsAddress, IsLoopbackUnlessSomethingElseIsWritten) {
  const auto metrics = [](const std::string& value) {
    return parse(interface_form("", "", "system {\nmetrics: " + value + "\n}\n"));
  };
  EXPECT_EQ(parse(interface_form()).metrics.address, "");
  EXPECT_EQ(metrics("9464").metrics.address, "127.0.0.1");
  EXPECT_EQ(metrics("9464").metrics.port, 9464);
  EXPECT_EQ(metrics("[::1]:9464").metrics.address, "::1");
  EXPECT_TRUE(metrics("127.0.0.5:1").notices.empty());
  const Config open = metrics("10.0.0.1:9464");
  EXPECT_EQ(open.metrics.address, "10.0.0.1");
  EXPECT_EQ(open.notices.size(), 1u) << "who can read them";
  for (const char* wrong : {"", "many", "0", "65536", "localhost:1", "10.0.0.1:", ":1", "::1",
                            "224.0.0.1:1", "[::1]", "1 2"})
    EXPECT_THAT(
        error_of(interface_form("", "", std::string("system {\nmetrics: ") + wrong + "\n}\n")),
        StartsWith("f:12: Value of key \"system.metrics\" is expected to be PORT"))
        << wrong;
}

TEST(Guide, IsAcceptedAsItIs) {
  const Config config = parse(test::guide_file());
  EXPECT_TRUE(config.protection.on);
  EXPECT_EQ(config.redundancy.mode, LinkMode::active);
  ASSERT_EQ(config.links.size(), 2u);
  EXPECT_EQ(config.links[1].bindnetaddr, "10.0.42.0");
  EXPECT_EQ(config.links[1].mcastaddr, "239.255.42.2");
  EXPECT_EQ(config.links[1].mcastport, 5405);
  EXPECT_EQ(config.timers.late_data, Duration::zero());
}

TEST(Guide, IsAcceptedWithOneInterfaceInTheOpen) {
  const Config config = parse(test::short_guide_file());
  EXPECT_EQ(config.links[0].transport, TransportKind::udp);
  EXPECT_EQ(config.links[0].bindnetaddr, "192.168.42.0");
  EXPECT_EQ(config.links[0].mcastaddr, "239.255.42.1");
  EXPECT_EQ(config.timers.token_loss, std::chrono::seconds(10));
  EXPECT_EQ(config.timers.token_retransmit, std::chrono::milliseconds(980));
  EXPECT_EQ(config.timers.consensus, std::chrono::seconds(12));
  EXPECT_TRUE(config.logging.timestamp);
  EXPECT_FALSE(config.logging.hires);
  EXPECT_EQ(config.keys.at("service.0.name"), "pacemaker");
  EXPECT_EQ(config.notices.size(),
            8u);  // vsftype threads rrp_mode amf aisexec.user aisexec.group fileline AMF
}

std::string read_error(const std::string& path) {
  try {
    read_config(path);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(ReadConfig, ReadsAFileAndNamesIt) {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "corosync.conf";
  test::write_file(path, interface_form());
  EXPECT_EQ(read_config(path).file, path);
  test::write_file(path, "totem {\nversion: 3\n}\n");
  EXPECT_THAT(read_error(path), StartsWith(path + ":2: "));
}

TEST(ReadConfig, LineEndsMayBeThoseOfWindows) {
  std::string text;
  for (const char c : interface_form("netmtu: 2000"))
    text += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(parse(text).netmtu, 2000u);
}

TEST(ReadConfig, RefusesWhatIsNoFileOfReasonableSize) {
  const test::TemporaryDirectory directory;
  EXPECT_EQ(read_error(directory / "missing"),
            directory / "missing" + ": cannot be read: No such file or directory");
  EXPECT_EQ(read_error(directory.path()), directory.path() + ": cannot be read: Is a directory");
  const std::string path = directory / "big";
  test::write_file(path, interface_form() + std::string(10 << 20, '\n'));
  EXPECT_EQ(read_error(path), path + ": longer than 1048576 bytes: no configuration file");
  test::write_file(path, std::string((1 << 20) - 4096, '\n') + interface_form());
  EXPECT_EQ(read_error(path), "");
}

}  // namespace
}  // namespace gyre::node
