#include <map>

#include "node/identity.hh"
#include "tests/node/config_test.hh"

namespace gyre::node {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

IpAddress ip(const std::string& text) {
  return parse_ip(text).value();
}

using Names = std::map<std::string, std::vector<std::string>>;

// A machine with a loopback, eth0 and eth1, whose name server knows `names`, both ways.
Host machine(const std::string& name = "alpha", Names names = {}) {
  Host host;
  host.name = name;
  host.addresses = {{"lo", ip("127.0.0.1"), 8},        {"lo", ip("::1"), 128},
                    {"eth0", ip("192.168.42.82"), 24}, {"eth0", ip("192.168.42.90"), 24},
                    {"eth0", ip("fe80::1"), 64},       {"eth0", ip("fd00::82"), 64},
                    {"eth1", ip("10.0.42.100"), 16},   {"eth1", ip("10.0.42.101"), 24}};
  host.resolve = [names](const std::string& wanted) {
    std::vector<IpAddress> result;
    if (const auto found = names.find(wanted); found != names.end())
      for (const std::string& address : found->second) result.push_back(ip(address));
    return result;
  };
  host.name_of = [names](const IpAddress& address) -> std::string {
    for (const auto& [known, addresses] : names)
      for (const std::string& candidate : addresses)
        if (ip(candidate) == address) return known;
    return {};
  };
  return host;
}

Config bound_to(const std::string& address, const std::string& totem = {}) {
  return parse("totem {\nversion: 2\nsecauth: off\ncluster_name: c\n" + totem +
               "\ninterface {\nbindnetaddr: " + address + "\n}\n}\n");
}

// Each node: "ADDRESS [NODEID [NAME]]".
Config nodes(const std::vector<std::vector<std::string>>& list, const std::string& totem = {}) {
  std::string text = "totem {\nversion: 2\nsecauth: off\n" + totem + "\n}\nnodelist {\n";
  for (const auto& node : list) {
    text += "node {\nring0_addr: " + node[0] + "\n";
    if (node.size() > 1 && !node[1].empty()) text += "nodeid: " + node[1] + "\n";
    if (node.size() > 2) text += "name: " + node[2] + "\n";
    text += "}\n";
  }
  return parse(text + "}\n");
}

std::string search_error(const Config& config, const Host& host,
                         std::optional<std::uint32_t> nodeid = std::nullopt) {
  try {
    find_local(config, nodeid, host);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

struct Bound {
  const char *bindnetaddr, *address, *interface;
};

class FindByNetwork : public testing::TestWithParam<Bound> {};

TEST_P(FindByNetwork, TakesTheAddressOfTheInterface) {
  const LocalNode local =
      find_local(bound_to(GetParam().bindnetaddr, "nodeid: 1"), std::nullopt, machine());
  EXPECT_EQ(local.address(), GetParam().address);
  EXPECT_EQ(local.places[0].interface, GetParam().interface);
  EXPECT_EQ(local.name, "alpha");
  EXPECT_TRUE(local.peers.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, FindByNetwork,
    testing::Values(Bound{"192.168.42.0", "192.168.42.82", "eth0"},
                    Bound{"192.168.42.90", "192.168.42.90", "eth0"},
                    Bound{"192.168.42.7", "192.168.42.82", "eth0"},
                    Bound{"10.0.0.0", "10.0.42.100", "eth1"},
                    Bound{"10.0.42.0", "10.0.42.101", "eth1"}, Bound{"fd00::", "fd00::82", "eth0"},
                    Bound{"fd00::82", "fd00::82", "eth0"}, Bound{"::1", "::1", "lo"},
                    Bound{"127.0.0.0", "127.0.0.1", "lo"}, Bound{"127.0.0.1", "127.0.0.1", "lo"},
                    Bound{"127.0.0.2", "127.0.0.2", "lo"}));

TEST(FindByNetwork, TakesAnAddressForEachInterface) {
  const auto two = [](const std::string& second) {
    return parse(
        "totem {\nversion: 2\nsecauth: off\nrrp_mode: active\ncluster_name: c\n"
        "interface {\nbindnetaddr: 192.168.42.0\n}\n"
        "interface {\nringnumber: 1\nbindnetaddr: " +
        second + "\n}\n}\n");
  };
  const LocalNode local = find_local(two("10.0.42.0"), std::nullopt, machine());
  ASSERT_EQ(local.places.size(), 2u);
  EXPECT_EQ(local.places[1].address, "10.0.42.101");
  EXPECT_EQ(local.places[1].interface, "eth1");
  EXPECT_EQ(local.nodeid, NodeId{0xc0a82a52}) << "by the first interface";
  EXPECT_THAT(search_error(two("172.16.0.0"), machine()), StartsWith("f:11: no interface with"));
  EXPECT_THAT(search_error(two("192.168.42.0"), machine()),
              StartsWith("f:11: links 0 and 1 both have 192.168.42.82 here"));
}

TEST(FindInNodelist, LooksAtTheAddressesOfAllLinks) {
  const auto list = [](const std::string& second) {
    return parse(
        "totem {\nversion: 2\nsecauth: off\n}\nnodelist {\n"
        "node {\nring0_addr: 192.168.42.83\nring1_addr: 10.0.42.9\nnodeid: 1\n}\n"
        "node {\nring0_addr: 192.168.42.82\nring1_addr: " +
        second + "\nnodeid: 2\n}\n}\n");
  };
  const LocalNode local = find_local(list("10.0.42.100"), std::nullopt, machine());
  EXPECT_EQ(local.nodeid, NodeId{2});
  EXPECT_EQ(local.places[1].address, "10.0.42.100");
  EXPECT_EQ(local.places[1].interface, "eth1");
  ASSERT_EQ(local.peers.size(), 1u);
  EXPECT_EQ(local.peers[0].addresses, (std::vector<std::string>{"192.168.42.83", "10.0.42.9"}));
  EXPECT_THAT(search_error(list("10.0.42.7"), machine()), HasSubstr("no interface has 10.0.42.7"));
  EXPECT_THAT(search_error(list("192.168.42.83"), machine(), 2), HasSubstr("no interface has"));
}

TEST(FindByNetworkErrors, NameTheLineAndWhatThereIs) {
  EXPECT_THAT(search_error(bound_to("172.16.0.0"), machine()),
              AllOf(StartsWith("f:7: no interface with an address in 172.16.0.0; there is lo "
                               "127.0.0.1/8, "),
                    HasSubstr("eth0 192.168.42.82/24")));
  Host bare = machine();
  bare.addresses.clear();
  EXPECT_THAT(search_error(bound_to("10.0.0.0"), bare), HasSubstr("there is no address at all"));
}

struct Id {
  const char *address, *totem;
  std::uint32_t id;
};

class DerivedId : public testing::TestWithParam<Id> {};

TEST_P(DerivedId, IsTheAddressUnlessWritten) {
  const LocalNode local =
      find_local(bound_to(GetParam().address, GetParam().totem), std::nullopt, machine());
  EXPECT_EQ(local.nodeid, NodeId{GetParam().id});
}

INSTANTIATE_TEST_SUITE_P(
    All, DerivedId,
    testing::Values(Id{"192.168.42.82", "", 0xC0A82A52},
                    Id{"192.168.42.82", "clear_node_high_bit: yes", 0x40A82A52},
                    Id{"10.0.42.101", "", 0x0A002A65}, Id{"127.0.0.3", "", 0x7F000003},
                    Id{"192.168.42.82", "nodeid: 12", 12}, Id{"fd00::", "nodeid: 13", 13}));

TEST(FindByNetwork, TheCommandLineNamesTheId) {
  EXPECT_EQ(find_local(bound_to("127.0.0.1", "nodeid: 3"), 9, machine()).nodeid, NodeId{9});
}

TEST(FindByNetworkErrors, AnIPv6AddressMakesNoId) {
  EXPECT_THAT(search_error(bound_to("fd00::"), machine()),
              StartsWith("f:7: no nodeid, and the IPv6 address fd00::82 makes none: write nodeid"));
}

Config members(const std::vector<std::string>& list) {
  std::string text =
      "totem {\nversion: 2\nsecauth: off\ntransport: udpu\ninterface {\n"
      "bindnetaddr: 192.168.42.0\n";
  for (const std::string& address : list) text += "member {\nmemberaddr: " + address + "\n}\n";
  return parse(text + "}\n}\n");
}

TEST(FindAmongMembers, TheOthersArePeers) {
  const LocalNode local =
      find_local(members({"192.168.42.82", "192.168.42.83"}), std::nullopt, machine());
  EXPECT_EQ(local.nodeid, NodeId{0xC0A82A52});
  ASSERT_EQ(local.peers.size(), 1u);
  EXPECT_EQ(local.peers[0].address(), "192.168.42.83");
  EXPECT_EQ(local.peers[0].nodeid, NodeId{0xC0A82A53});
  EXPECT_EQ(search_error(members({"192.168.42.83"}), machine(), 0xC0A82A52), "");
  EXPECT_THAT(search_error(members({"192.168.42.83"}), machine(), 4),
              StartsWith("f:6: --nodeid 4 beside member{}"));
}

struct Listed {
  const char* why;
  std::vector<std::vector<std::string>> list;
  std::string uname;
  Names names;
  std::uint32_t id;
};

class FindInNodelist : public testing::TestWithParam<Listed> {};

TEST_P(FindInNodelist, FindsTheOneThatIsThisMachine) {
  const Listed& listed = GetParam();
  SCOPED_TRACE(listed.why);
  const Config config = nodes(listed.list);
  const LocalNode local = find_local(config, std::nullopt, machine(listed.uname, listed.names));
  EXPECT_EQ(local.nodeid, NodeId{listed.id});
  const std::uint32_t written = config.nodes.at(local.position).nodeid;
  EXPECT_TRUE(written == 0 || written == listed.id);
  EXPECT_EQ(local.peers.size(), listed.list.size() - 1);
}

INSTANTIATE_TEST_SUITE_P(
    All, FindInNodelist,
    testing::Values(
        Listed{
            "name", {{"192.168.42.83", "1", "b"}, {"192.168.42.82", "2", "alpha"}}, "alpha", {}, 2},
        Listed{"ring0_addr",
               {{"b", "1"}, {"alpha", "2"}},
               "alpha",
               {{"b", {"192.168.42.83"}}, {"alpha", {"192.168.42.82"}}},
               2},
        Listed{"uname without its domain",
               {{"192.168.42.83", "1", "b"}, {"192.168.42.82", "2", "alpha"}},
               "alpha.example.org",
               {},
               2},
        Listed{"uname without a part of it",
               {{"192.168.42.83", "1", "b"}, {"192.168.42.82", "2", "alpha.example"}},
               "alpha.example.org",
               {},
               2},
        Listed{
            "name without its domain",
            {{"192.168.42.83", "1", "b.example.org"}, {"192.168.42.82", "2", "alpha.example.org"}},
            "alpha",
            {},
            2},
        Listed{"numeric address", {{"192.168.42.83", "1"}, {"192.168.42.82", "2"}}, "other", {}, 2},
        Listed{"reverse name",
               {{"192.168.42.83", "1", "b"}, {"ring-a", "2", "a"}},
               "other",
               {{"a.example.org", {"192.168.42.82"}}, {"ring-a", {"10.0.42.100", "192.168.42.9"}}},
               2},
        Listed{"resolved name",
               {{"ring-b", "1"}, {"ring-a", "2"}},
               "other",
               {{"ring-a", {"10.0.42.100"}}, {"ring-b", {"10.0.42.9"}}},
               2},
        Listed{"id from the address",
               {{"192.168.42.83"}, {"192.168.42.82"}},
               "other",
               {},
               0xC0A82A52}));

TEST(FindInNodelist, NamesAndAddressesAreThoseOfTheList) {
  const LocalNode local = find_local(
      nodes({{"10.0.42.100", "1", "a"}, {"peer", "2"}, {"10.0.42.7", "3", "c"}, {"10.0.42.8"}}),
      std::nullopt, machine("other", {{"peer", {"10.0.42.9"}}}));
  EXPECT_EQ(local.name, "a");
  EXPECT_EQ(local.address(), "10.0.42.100");
  EXPECT_EQ(local.places[0].interface, "eth1");
  ASSERT_EQ(local.peers.size(), 3u);
  EXPECT_EQ(local.peers[0].name, "peer");
  EXPECT_EQ(local.peers[0].address(), "10.0.42.9");
  EXPECT_EQ(local.peers[1].name, "c");
  EXPECT_EQ(local.peers[2].name, "");
  EXPECT_EQ(local.peers[2].nodeid, NodeId{0x0A002A08});
  EXPECT_EQ(find_local(nodes({{"10.0.42.100"}}), std::nullopt, machine("x")).name, "x");
}

TEST(FindInNodelist, OnLoopbackTheCommandLineSaysWhich) {
  const Config config = nodes({{"127.0.0.1", "1"}, {"127.0.0.2", "2"}, {"127.0.0.3"}});
  EXPECT_THAT(search_error(config, machine()),
              StartsWith("f:11: both 127.0.0.1 and 127.0.0.2 are addresses of this machine: say "
                         "which with --nodeid"));
  const LocalNode second = find_local(config, 2, machine());
  EXPECT_EQ(second.address(), "127.0.0.2");
  EXPECT_EQ(second.places[0].interface, "lo");
  EXPECT_EQ(second.peers.size(), 2u);
  EXPECT_EQ(find_local(config, 0x7F000003, machine()).address(), "127.0.0.3");
  EXPECT_EQ(search_error(config, machine(), 4), "f:7: no node has --nodeid 4");
}

TEST(FindInNodelist, TheFamilyFollowsIpVersion) {
  const Host host = machine("alpha", {{"alpha", {"192.168.42.82", "fd00::82"}}});
  const auto address = [&](const char* version) {
    return find_local(nodes({{"alpha", "1"}}, std::string("ip_version: ") + version), std::nullopt,
                      host)
        .address();
  };
  EXPECT_EQ(address("ipv4"), "192.168.42.82");
  EXPECT_EQ(address("ipv6"), "fd00::82");
  EXPECT_EQ(address("ipv4-6"), "192.168.42.82");
  EXPECT_EQ(address("ipv6-4"), "fd00::82");
}

TEST(FindInNodelist, AnAddressThatOthersReachComesBeforeLoopback) {
  const Host host = machine("alpha", {{"alpha", {"127.0.1.1", "10.0.42.100"}}});
  EXPECT_EQ(find_local(nodes({{"alpha", "1"}}), std::nullopt, host).address(), "10.0.42.100");
}

TEST(FindLocalErrors, NoNodeHasTheIdZero) {
  EXPECT_EQ(search_error(nodes({{"10.0.42.100"}}), machine(), 0),
            "f: --nodeid 0: ids begin with 1");
  EXPECT_EQ(search_error(bound_to("127.0.0.1"), machine(), 0), "f: --nodeid 0: ids begin with 1");
}

struct ListError {
  std::vector<std::vector<std::string>> list;
  Names names;
  const char* error;
};

class FindInNodelistErrors : public testing::TestWithParam<ListError> {};

TEST_P(FindInNodelistErrors, NameTheLine) {
  EXPECT_THAT(search_error(nodes(GetParam().list), machine("alpha", GetParam().names)),
              StartsWith(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, FindInNodelistErrors,
    testing::Values(
        ListError{{{"10.9.0.1", "1"}, {"10.9.0.2", "2"}},
                  {},
                  "f:7: no node of the nodelist is this machine: its name is alpha, there is lo"},
        ListError{
            {{"10.9.0.1", "1", "alpha"}},
            {},
            "f:7: this machine is the node alpha, but no interface has 10.9.0.1; there is lo"},
        ListError{{{"alpha", "1"}, {"beta", "2"}},
                  {{"alpha", {"10.0.42.100"}}},
                  "f:11: beta is neither an address nor a name that resolves to one (ipv6-4)"},
        ListError{{{"alpha", "1"}, {"beta", "2"}},
                  {{"alpha", {"127.0.1.1"}}, {"beta", {"10.0.42.9"}}},
                  "f:7: alpha means 127.0.1.1 here, where no other node can reach it"},
        ListError{{{"alpha", "1"}, {"beta", "2"}},
                  {{"alpha", {"10.0.42.100"}}, {"beta", {"fd00::9"}}},
                  "f:11: fd00::9 and our own 10.0.42.100: one is IPv4 and one is IPv6"},
        ListError{{{"fd00::82", "1"}, {"fd00::83"}},
                  {},
                  "f:11: no nodeid, and the IPv6 address fd00::83 makes none: write nodeid"},
        ListError{{{"10.0.42.100", "167782923"}, {"10.0.42.11"}},
                  {},
                  "f:11: Nodeid 167782923 appears twice"},
        ListError{{{"10.0.42.100", "1"}, {"b", "2"}, {"c", "3"}},
                  {{"b", {"10.0.42.9"}}, {"c", {"10.0.42.9"}}},
                  "f:15: address 10.0.42.9 appears twice"}));

TEST(FindInNodelist, AnEmptyIdNeedsTheHighBit) {
  EXPECT_THAT(search_error(nodes({{"10.0.42.100", "1"}, {"128.0.0.0"}}, "clear_node_high_bit: yes"),
                           machine()),
              StartsWith("f:11: 128.0.0.0 makes nodeid 0: write nodeid"));
}

TEST(FindInNodelist, TheGroupIsOfTheSameFamily) {
  EXPECT_THAT(search_error(nodes({{"alpha", "1"}},
                                 "transport: udp\nip_version: ipv6-4\ninterface {\n"
                                 "mcastaddr: ff15::1\n}"),
                           machine("alpha", {{"alpha", {"192.168.42.82"}}})),
              HasSubstr("192.168.42.82 cannot send to ff15::1"));
}

TEST(ThisHost, HasALoopback) {
  const Host host = this_host("f");
  EXPECT_FALSE(host.name.empty());
  const LocalNode local = find_local(bound_to("127.0.0.5"));
  EXPECT_EQ(local.address(), "127.0.0.5");
  EXPECT_EQ(local.places[0].interface, "lo");
  EXPECT_EQ(local.nodeid, NodeId{0x7F000005});
  const auto addresses = host.resolve("127.0.0.1");
  ASSERT_EQ(addresses.size(), 1u);
  EXPECT_EQ(addresses[0], ip("127.0.0.1"));
}

TEST(IpAddress, NetworksAreComparedByTheirPrefix) {
  EXPECT_TRUE(same_network(ip("10.1.2.3"), ip("10.1.2.200"), 24));
  EXPECT_TRUE(same_network(ip("10.1.2.3"), ip("10.1.3.3"), 23));
  EXPECT_FALSE(same_network(ip("10.1.2.3"), ip("10.1.4.3"), 23));
  EXPECT_FALSE(same_network(ip("10.1.2.3"), ip("10.1.2.4"), 32));
  EXPECT_TRUE(same_network(ip("fd00::1"), ip("fd00:0:0:0:ff::"), 64));
  EXPECT_FALSE(same_network(ip("fd00::1"), ip("fd00:0:0:1::1"), 64));
  EXPECT_FALSE(same_network(ip("0.0.0.0"), ip("::"), 0));
  EXPECT_EQ(text(network_of(ip("192.168.42.82"), 24)), "192.168.42.0");
}

}  // namespace
}  // namespace gyre::node
