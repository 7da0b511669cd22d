// What stands in the key maps of a daemon, and what programs may do with them.
#include "node/key_map.hh"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace gyre::node {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

constexpr const char* file = R"(totem {
  version: 2
  cluster_name: keys
  config_version: 7
  transport: udpu
  token: 1000
  secauth: off
  key: a-secret
  interface {
    ringnumber: 0
    bindnetaddr: 10.0.0.0
    mcastport: 5405
    ttl: 1
  }
}
nodelist {
  node {
    nodeid: 8
    name: alice
    ring0_addr: 10.0.0.8
    quorum_votes: 1
  }
  node {
    name: bob
    ring0_addr: 10.0.0.9
  }
}
quorum {
  provider: corosync_votequorum
  two_node: 1
  last_man_standing_window: 500
}
logging {
  debug: off
  logger_subsys {
    subsys: QUORUM
    debug: on
  }
}
uidgid {
  uid: 4242
  gid: 33
}
nonsense {
  some: thing
}
)";

constexpr Address somewhere{{std::byte{1}}};

class Maps : public testing::Test {
 protected:
  Maps() {
    local.nodeid = NodeId{167772169};
    local.name = "bob";
    local.places = {{"10.0.0.9", "eth0"}};
    local.position = 1;
    local.peers = {{NodeId{8}, "alice", {"10.0.0.8"}}};
    names.nodes[NodeId{8}] = {"alice", {"10.0.0.8"}};
    names.nodes[local.nodeid] = {"bob", {"10.0.0.9"}};
    names.votequorum = true;
    names.address_text = [](const Address&) { return std::string("10.0.0.77"); };
    snapshot.self = local.nodeid;
    snapshot.member_count = 2;
    snapshot.known_count = 3;
    snapshot.members[0] = {.member = {.node = NodeId{8}, .since = 4}, .joins = 1};
    snapshot.members[1] = {.member = {.node = local.nodeid, .since = 4}, .joins = 1};
    snapshot.members[2] = {.member = {.node = NodeId{77}}, .addresses = {{somewhere}}, .joins = 3};
    snapshot.client_count = 2;
    snapshot.taken = 5'000'000'000;
    snapshot.token = 4'990'000'000;
    snapshot.add("ring", "tokens_sent", 11);
    snapshot.add("ring", "data_sent", 12);
    snapshot.add("node", "gathers_in_a_row", 4);
    snapshot.add("clients", "opened", 5);
    snapshot.add("groups", "count", 6);
    maps.emplace(KeyMap::Setup{.config = config,
                               .local = local,
                               .admission = admission,
                               .names = names,
                               .set_debug = [this](bool on) { debug = on; }});
    topics = maps->topics();
  }

  Answer ask(const std::string& topic, const Words& words) {
    return topics.at(topic)({.snapshot = snapshot, .arguments = words});
  }
  Json json(const std::string& topic, const Words& words) {
    Answer answer = ask(topic, words);
    const auto* text = std::get_if<std::string>(&answer);
    return text ? Json::parse(*text) : Json{{"error", "no text"}};
  }
  // "u32 5", or nothing.
  std::string get(const std::string& key, const std::string& map = "icmap") {
    const Json answer = json("cmap.get", {map, key});
    if (answer.contains("error")) return "";
    EXPECT_EQ(answer["key"], key);
    return fmt::format("{} {}", answer["type"].get<std::string>(),
                       answer["value"].get<std::string>());
  }
  std::string error(const Json& answer) { return answer.value("error", ""); }

  Config config = parse_config(file, "ring.conf");
  LocalNode local;
  Admission admission{config.grants};
  StatusNames names;
  Snapshot snapshot;
  std::optional<bool> debug;
  std::optional<KeyMap> maps;
  Topics topics;
};

TEST_F(Maps, HoldTheConfigurationWithCorosyncsTypes) {
  for (const auto& [key, value] : std::map<std::string, std::string>{
           {"totem.version", "u32 2"},
           {"totem.cluster_name", "str keys"},
           {"totem.config_version", "u64 7"},
           {"totem.token", "u32 1000"},
           {"totem.interface.0.bindnetaddr", "str 10.0.0.0"},
           {"totem.interface.0.mcastport", "u16 5405"},
           {"totem.interface.0.ttl", "u8 1"},
           {"nodelist.local_node_pos", "u32 1"},
           {"nodelist.node.0.nodeid", "u32 8"},
           {"nodelist.node.0.name", "str alice"},
           {"nodelist.node.0.ring0_addr", "str 10.0.0.8"},
           {"nodelist.node.0.quorum_votes", "u32 1"},
           {"nodelist.node.1.nodeid", "u32 167772169"},  // derived
           {"nodelist.node.1.name", "str bob"},
           {"quorum.provider", "str corosync_votequorum"},
           {"quorum.two_node", "u8 1"},
           {"quorum.last_man_standing_window", "u32 500"},
           {"logging.debug", "str off"},
           {"logging.logger_subsys.QUORUM.debug", "str on"},
           {"uidgid.config.uid.4242", "u8 1"},
           {"uidgid.config.gid.33", "u8 1"},
           {"nonsense.some", "str thing"},
           {"runtime.config.totem.token", "u32 1000"},
           {"runtime.config.totem.interface.0.mcastport", "u16 5405"},
           {"internal_configuration.service.2.name", "str corosync_cpg"},
           {"internal_configuration.service.2.ver", "u32 0"},
           {"runtime.config.totem.consensus", "u32 1200"},
           {"runtime.config.totem.token_retransmit", "u32 238"},
           {"runtime.config.totem.hold", "u32 180"},
           {"runtime.config.totem.token_retransmits_before_loss_const", "u32 4"},
           {"runtime.services.cmap.service_id", "u16 0"},
           {"runtime.services.cpg.service_id", "u16 2"},
           {"runtime.force_gather", "str no"},
       })
    EXPECT_EQ(get(key), value) << key;
  for (const char* key : {"totem.key", "nodelist.node.2.nodeid", "quorum.expected_votes"})
    EXPECT_EQ(get(key), "") << key;
}

TEST_F(Maps, TellWhoIsHereUnderTodaysNameAndTheGuides) {
  for (const std::string place : {"runtime.members", "runtime.totem.pg.mrp.srp.members"}) {
    EXPECT_EQ(get(place + ".8.ip"), "str r(0) ip(10.0.0.8) ");
    EXPECT_EQ(get(place + ".8.join_count"), "u32 1");
    EXPECT_EQ(get(place + ".8.status"), "str joined");
    EXPECT_EQ(get(place + ".77.ip"), "str r(0) ip(10.0.0.77) ");
    EXPECT_EQ(get(place + ".77.join_count"), "u32 3");
    EXPECT_EQ(get(place + ".77.status"), "str left");
  }
  EXPECT_EQ(get("runtime.members.8.config_version"), "u64 0");
  EXPECT_EQ(get("runtime.members.167772169.config_version"), "u64 7");
  EXPECT_EQ(json("cmap.list", {"icmap", "runtime.totem.pg.mrp.srp.members.8."})["entries"].size(),
            3u);
  snapshot.member_count = 1;
  EXPECT_EQ(get("runtime.members.167772169.status"), "str left");
}

TEST_F(Maps, TellHowVotesAreCounted) {
  snapshot.verdict.reason = membership::Verdict::Reason::waiting;
  snapshot.verdict.highest_expected = 5;
  for (const auto& [key, value] : std::map<std::string, std::string>{
           {"this_node_id", "u32 167772169"},
           {"lowest_node_id", "u32 8"},
           {"highest_node_id", "u32 167772169"},
           {"two_node", "u8 1"},
           {"atb_type", "u32 0"},
           {"wait_for_all_status", "u8 1"},
           {"ev_barrier", "u32 0"},
           {"ev_tracking_barrier", "u32 5"},
           {"qdevice_master_wins", "u8 0"},
       })
    EXPECT_EQ(get("runtime.votequorum." + key), value) << key;
}

TEST_F(Maps, TellWhatWasCounted) {
  for (const auto& [key, value] : std::map<std::string, std::string>{
           {"stats.srp.orf_token_tx", "u64 11"},
           {"stats.srp.mcast_tx", "u64 12"},
           {"stats.srp.continuous_gather", "u32 4"},
           {"stats.srp.firewall_enabled_or_nic_failure", "u8 1"},
           {"stats.srp.time_since_token_last_received", "u64 10"},
           {"stats.ipcs.global.active", "u64 2"},
           {"stats.ipcs.global.closed", "u64 3"},
           {"stats.gyre.ring.tokens_sent", "u64 11"},
           {"stats.gyre.rotation.count", "u64 0"},
           {"stats.gyre.peer.8.frames_received", "u64 0"},
       })
    EXPECT_EQ(get(key, "stats"), value) << key;
  EXPECT_EQ(get("stats.gyre.peer.167772169.frames_received", "stats"), "");
  EXPECT_EQ(get("stats.srp.mcast_tx"), "");  // not there
}

// By name while it runs, and no longer than it is connected.
TEST_F(Maps, TellOfEachProgramWhatItDid) {
  const auto pid = static_cast<std::uint32_t>(::getpid());
  snapshot.program_count = 2;
  snapshot.programs[0] = {.process = {local.nodeid, pid, 257}, .requests = 4, .events = 9};
  snapshot.programs[1] = {.process = {local.nodeid, 1u << 30, 258}, .waits = 1};
  const std::string one = fmt::format("stats.ipcs.service2.{}.257.", pid);
  const std::string other = fmt::format("stats.ipcs.service2.{}.258.", 1u << 30);
  EXPECT_EQ(get(one + "procname", "stats"), "str key_map_test");
  EXPECT_EQ(get(one + "requests", "stats"), "u64 4");
  EXPECT_EQ(get(one + "dispatched", "stats"), "u64 9");
  EXPECT_EQ(get(one + "flow_control", "stats"), "u32 0");
  EXPECT_EQ(get(other + "procname", "stats"), "");
  EXPECT_EQ(get(other + "flow_control", "stats"), "u32 1");
  json("cmap.set", {"stats", "stats.clear.ipc", "u32", "1"});
  snapshot.programs[0].requests = 6;
  snapshot.program_count = 1;
  EXPECT_EQ(get(one + "requests", "stats"), "u64 2");
  EXPECT_EQ(get(other + "flow_control", "stats"), "") << "it is gone";
}

TEST_F(Maps, CountersAreClearedOnRequest) {
  EXPECT_EQ(json("cmap.set", {"stats", "stats.clear.totem", "u32", "1"}), Json::object());
  EXPECT_EQ(get("stats.srp.mcast_tx", "stats"), "u64 0");
  EXPECT_EQ(get("stats.srp.continuous_gather", "stats"), "u32 4");
  EXPECT_EQ(get("stats.gyre.clients.opened", "stats"), "u64 5");
  snapshot.counters[1].value = 20;
  EXPECT_EQ(get("stats.srp.mcast_tx", "stats"), "u64 8");
  snapshot.counters[4].value = 5;  // one group fewer
  EXPECT_EQ(get("stats.gyre.groups.count", "stats"), "u64 5");
  EXPECT_EQ(get("stats.clear.totem", "stats"), "");
  json("cmap.set", {"stats", "stats.clear.all", "u32", "1"});
  EXPECT_EQ(get("stats.srp.mcast_tx", "stats"), "u64 0");
  EXPECT_EQ(get("stats.gyre.clients.opened", "stats"), "u64 0");
  EXPECT_EQ(get("stats.ipcs.global.closed", "stats"), "u64 0");
  EXPECT_EQ(get("stats.ipcs.global.active", "stats"), "u64 2");
  EXPECT_EQ(json("cmap.set", {"stats", "stats.clear.knet", "u32", "1"}), Json::object());
  EXPECT_EQ(error(json("cmap.set", {"stats", "stats.clear.rain", "u32", "1"})), "CS_ERR_ACCESS");
}

// The newest first, ten at most, and none from before they were cleared.
TEST_F(Maps, TellWhenThisNodeDidNotRun) {
  const auto now = [] {
    return std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
  };
  EXPECT_EQ(get("stats.schedmiss.0.delay", "stats"), "");
  for (std::uint64_t i = 1; i <= 12; ++i)
    snapshot.pauses.add({.end = i * 100'000'000, .length = i * 1'500'000});
  const auto before = now() - 3800;  // it was told at 5 s, and the last one was over at 1.2 s
  const std::string told = get("stats.schedmiss.0.timestamp", "stats");
  ASSERT_TRUE(told.starts_with("u64 ")) << told;
  EXPECT_GE(std::stol(told.substr(4)), before);
  EXPECT_LE(std::stol(told.substr(4)), now() - 3800);
  EXPECT_EQ(get("stats.schedmiss.0.delay", "stats"), "flt 18.000000");
  EXPECT_EQ(get("stats.schedmiss.9.delay", "stats"), "flt 4.500000");
  EXPECT_EQ(get("stats.schedmiss.10.delay", "stats"), "");

  json("cmap.set", {"stats", "stats.clear.schedmiss", "u32", "1"});
  EXPECT_EQ(get("stats.schedmiss.0.delay", "stats"), "");
  EXPECT_EQ(get("stats.schedmiss.0.timestamp", "stats"), "");
  snapshot.pauses.add({.end = 1'300'000'000, .length = 600'000'000});
  EXPECT_EQ(get("stats.schedmiss.0.delay", "stats"), "flt 600.000000");
  EXPECT_EQ(get("stats.schedmiss.1.delay", "stats"), "");
}

TEST_F(Maps, AreListedByPrefix) {
  const Json all = json("cmap.list", {"icmap", "nodelist.node.1"})["entries"];
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0]["key"], "nodelist.node.1.name");
  EXPECT_EQ(all[2]["value"], "10.0.0.9");
  EXPECT_EQ(json("cmap.list", {"icmap", "nope"})["entries"].size(), 0u);
  EXPECT_GT(json("cmap.list", {"icmap", ""})["entries"].size(), 40u);
}

TEST_F(Maps, ProgramsWriteDownWhatIsTheirs) {
  EXPECT_EQ(json("cmap.set", {"icmap", "my.key", "u32", "5"}), Json::object());
  EXPECT_EQ(get("my.key"), "u32 5");
  EXPECT_EQ(json("cmap.set", {"icmap", "my.key", "bin", "00ff"}), Json::object());
  EXPECT_EQ(get("my.key"), "bin 00ff");
  EXPECT_EQ(json("cmap.delete", {"icmap", "my.key"}), Json::object());
  EXPECT_EQ(get("my.key"), "");
}

TEST_F(Maps, HaveRoomForWhatTheDaemonTellsWhateverProgramsWrote) {
  const auto write = [&](std::size_t i, std::size_t size) {
    return error(
        json("cmap.set", {"icmap", fmt::format("my.{}", i), "str", std::string(size, 'x')}));
  };
  std::size_t count = 0;
  for (const std::size_t size : {cmap_value_max, std::size_t{1}})
    while (write(count, size).empty()) ++count;
  EXPECT_EQ(write(count, 1), "CS_ERR_NO_SPACE");

  snapshot.members[2].member.node = NodeId{78};
  EXPECT_EQ(get("runtime.members.78.status"), "str left");
  std::string next = file;
  next.replace(next.find("nonsense"), 8, "more");
  maps->reload(parse_config(next, "ring.conf"), admission);
  EXPECT_EQ(get("more.some"), "str thing");
  EXPECT_EQ(get("nonsense.some"), "");
  EXPECT_EQ(write(count, 1), "CS_ERR_NO_SPACE");
}

TEST_F(Maps, WhatCannotBeDoneIsNamed) {
  struct Case {
    std::string topic;
    Words words;
    const char *error, *reason;
  };
  for (const Case& wrong : {
           Case{"cmap.get", {"icmap", "no.key"}, "CS_ERR_NOT_EXIST", "there is no key no.key"},
           Case{"cmap.delete", {"icmap", "no.key"}, "CS_ERR_NOT_EXIST", "there is no key no.key"},
           Case{"cmap.set",
                {"icmap", "totem.token", "u32", "5"},
                "CS_ERR_ACCESS",
                "totem.token cannot be set: it is what corosync.conf says: change that file"},
           Case{"cmap.delete",
                {"icmap", "totem.token"},
                "CS_ERR_ACCESS",
                "totem.token cannot be deleted: it is what corosync.conf says: change that file"},
           Case{"cmap.set", {"icmap", "x", "u32", "5"}, "CS_ERR_NAME_TOO_LONG", "a key has 3 to"},
           Case{"cmap.set",
                {"icmap", "my.key", "u32", "x"},
                "CS_ERR_INVALID_PARAM",
                "x is not valid u32 type value"},
           Case{"cmap.set",
                {"icmap", "my.key", "u33", "5"},
                "CS_ERR_INVALID_PARAM",
                "Unknown type u33"},
           Case{"cmap.set",
                {"icmap", "my.key", "str", std::string(cmap_value_max + 1, 'x')},
                "CS_ERR_INVALID_PARAM",
                "a value has at most"},
           Case{"cmap.set", {"stats", "my.key", "u32", "5"}, "CS_ERR_ACCESS", "only read"},
           Case{"cmap.delete", {"stats", "stats.srp.mcast_tx"}, "CS_ERR_ACCESS", "only read"},
           Case{"cmap.set",
                {"icmap", "runtime.force_gather", "str", "no"},
                "CS_ERR_INVALID_PARAM",
                "it takes str yes"},
           Case{"cmap.set",
                {"icmap", "logging.debug", "u8", "1"},
                "CS_ERR_INVALID_PARAM",
                "it takes str on, off or trace"},
           Case{"cmap.delete", {"icmap", "logging.debug"}, "CS_ERR_ACCESS", "set it to off"},
           Case{"cmap.set",
                {"icmap", "uidgid.gid.5", "str", "yes"},
                "CS_ERR_INVALID_PARAM",
                "it takes u8 1"},
       }) {
    const Json answer = json(wrong.topic, wrong.words);
    EXPECT_EQ(error(answer), wrong.error) << wrong.words[1];
    EXPECT_NE(answer.value("reason", "").find(wrong.reason), std::string::npos) << answer;
  }
  EXPECT_EQ(get("totem.token"), "u32 1000");
  for (const auto& [topic, words] :
       std::vector<std::pair<std::string, Words>>{{"cmap.get", {}},
                                                  {"cmap.get", {"icmap"}},
                                                  {"cmap.get", {"imap", "totem.token"}},
                                                  {"cmap.list", {"icmap", "a", "b"}},
                                                  {"cmap.list", {"", ""}},
                                                  {"cmap.set", {"icmap", "my.key", "u32"}},
                                                  {"cmap.set", {"nomap", "my.key", "u32", "5"}},
                                                  {"cmap.delete", {"nomap", "my.key"}},
                                                  {"cmap.track", {"icmap", "keys", "x"}},
                                                  {"cmap.track", {"nomap", "key", "x"}}})
    EXPECT_TRUE(std::holds_alternative<Refused>(ask(topic, words))) << topic;
}

TEST_F(Maps, SomeKeysAreCommands) {
  const Answer gather = ask("cmap.set", {"icmap", "runtime.force_gather", "str", "yes"});
  ASSERT_TRUE(std::holds_alternative<Order>(gather));
  EXPECT_EQ(std::get<Order>(gather).command.kind, Command::Kind::gather);
  EXPECT_EQ(get("runtime.force_gather"), "str no");

  using What = membership::wire::Votes::What;
  const Answer wait = ask("cmap.set", {"icmap", "quorum.cancel_wait_for_all", "u8", "1"});
  ASSERT_TRUE(std::holds_alternative<Order>(wait));
  EXPECT_EQ(std::get<Order>(wait).command.kind, Command::Kind::votes);
  EXPECT_EQ(std::get<Order>(wait).command.votes.what, What::cancel_wait_for_all);
  EXPECT_EQ(json("cmap.set", {"icmap", "quorum.cancel_wait_for_all", "u8", "2"})["error"],
            "CS_ERR_INVALID_PARAM");

  EXPECT_EQ(json("cmap.set", {"icmap", "logging.debug", "str", "on"}), Json::object());
  EXPECT_EQ(debug, true);
  EXPECT_EQ(get("logging.debug"), "str on");
  json("cmap.set", {"icmap", "logging.debug", "str", "off"});
  EXPECT_EQ(debug, false);

  EXPECT_FALSE(maps->admits(5, 6));
  json("cmap.set", {"icmap", "uidgid.gid.6", "u8", "1"});
  EXPECT_TRUE(maps->admits(5, 6));
  EXPECT_FALSE(maps->admits(6, 5));
  json("cmap.set", {"icmap", "uidgid.gid.6", "u8", "0"});
  EXPECT_FALSE(maps->admits(5, 6));
  json("cmap.set", {"icmap", "uidgid.uid.5", "u8", "1"});
  EXPECT_TRUE(maps->admits(5, 6));
  json("cmap.delete", {"icmap", "uidgid.uid.5"});
  EXPECT_FALSE(maps->admits(5, 6));
}

TEST_F(Maps, ChangesAreToldToWhoTracksThem) {
  const auto track = [&](const Words& words) {
    Answer answer = ask("cmap.track", words);
    auto stream = std::move(std::get<std::unique_ptr<Stream>>(answer));
    EXPECT_EQ(stream->next(snapshot), "{}");  // it is tracked; what stands there is no news
    EXPECT_FALSE(stream->next(snapshot));
    return stream;
  };
  const auto key = track({"icmap", "key", "my.key"});
  const auto members = track({"icmap", "prefix", "runtime.members"});
  const auto stats = track({"stats", "key", "stats.srp.mcast_tx"});
  EXPECT_EQ(key->every(), std::chrono::milliseconds(0));
  EXPECT_EQ(stats->every(), std::chrono::milliseconds(1500));

  json("cmap.set", {"icmap", "my.key", "u32", "5"});
  json("cmap.set", {"icmap", "my.keys", "u32", "5"});
  json("cmap.set", {"icmap", "my.key", "str", "new"});
  json("cmap.delete", {"icmap", "my.key"});
  const auto told = [&](Stream& stream) { return Json::parse(stream.next(snapshot).value()); };
  EXPECT_EQ(told(*key),
            Json({{"key", "my.key"}, {"type", "u32"}, {"value", "5"}, {"change", "create"}}));
  EXPECT_EQ(told(*key), Json({{"key", "my.key"},
                              {"type", "str"},
                              {"value", "new"},
                              {"change", "modify"},
                              {"old_type", "u32"},
                              {"old_value", "5"}}));
  EXPECT_EQ(told(*key), Json({{"key", "my.key"},
                              {"type", "str"},
                              {"value", "new"},
                              {"change", "delete"},
                              {"old_type", "str"},
                              {"old_value", "new"}}));
  EXPECT_FALSE(key->next(snapshot));

  snapshot.member_count = 1;
  snapshot.counters[1].value = 13;
  EXPECT_EQ(told(*members)["key"], "runtime.members.167772169.status");
  EXPECT_FALSE(members->next(snapshot));
  EXPECT_EQ(told(*stats)["value"], "13");
  EXPECT_FALSE(stats->next(snapshot));
}

}  // namespace
}  // namespace gyre::node
