// The key map itself, its values as they are written, and which keys a program may write.
#include "node/cmap.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "node/cmap_rules.hh"

namespace gyre::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const CmapValue one = std::uint32_t{1}, two = std::uint32_t{2}, text = std::string("text");

std::vector<std::string> keys(const Cmap& map, std::string_view prefix = "") {
  std::vector<std::string> all;
  map.each(prefix, [&](const std::string& key, const CmapValue&) { all.push_back(key); });
  return all;
}

TEST(Cmap, KeepsValuesByNameAndType) {
  Cmap map;
  EXPECT_EQ(map.find("some.key"), nullptr);
  EXPECT_EQ(map.set("some.key", one), CmapStatus::ok);
  EXPECT_EQ(*map.find("some.key"), one);
  EXPECT_EQ(map.set("some.key", text), CmapStatus::ok);
  EXPECT_EQ(*map.find("some.key"), text);
  EXPECT_EQ(map.find("some.ke"), nullptr);
  EXPECT_EQ(map.remove("some.ke"), CmapStatus::missing);
  EXPECT_EQ(map.remove("some.key"), CmapStatus::ok);
  EXPECT_EQ(map.remove("some.key"), CmapStatus::missing);
  EXPECT_EQ(map.size(), 0u);
}

TEST(Cmap, KeysHaveTheirCharactersAndTheirLength) {
  Cmap map;
  for (const std::string& good : {std::string("abc"), std::string("A.b_c-d/e:f.9"),
                                  std::string(255, 'k'), std::string("...")})
    EXPECT_EQ(map.set(good, one), CmapStatus::ok) << good;
  for (const std::string& bad :
       {std::string(), std::string("ab"), std::string(256, 'k'), std::string("a b"),
        std::string("a\0b", 3), std::string("k\xc3\xa4se"), std::string("a=b"), std::string("a%b")})
    EXPECT_EQ(map.set(bad, one), CmapStatus::bad_key) << bad;
  EXPECT_EQ(map.size(), 4u);
}

TEST(Cmap, ListsAlphabeticallyAndByPrefixWithoutADot) {
  Cmap map;
  for (const char* key : {"totem.token", "nodelist.node.10.nodeid", "nodelist.node.2.nodeid",
                          "nodelists", "Zebra", "nodelist.local_node_pos"})
    map.set(key, one);
  EXPECT_THAT(keys(map), ElementsAre("Zebra", "nodelist.local_node_pos", "nodelist.node.10.nodeid",
                                     "nodelist.node.2.nodeid", "nodelists", "totem.token"));
  EXPECT_THAT(keys(map, "nodelist"),
              ElementsAre("nodelist.local_node_pos", "nodelist.node.10.nodeid",
                          "nodelist.node.2.nodeid", "nodelists"));
  EXPECT_THAT(keys(map, "nodelist.node.1"), ElementsAre("nodelist.node.10.nodeid"));
  EXPECT_THAT(keys(map, "totem.tokens"), IsEmpty());
  EXPECT_THAT(keys(map, "zz"), IsEmpty());
}

TEST(Cmap, IsBoundedInNumberAndSize) {
  Cmap map({.keys = 3, .bytes = 100});
  EXPECT_EQ(map.set("one", std::string(40, 'x')), CmapStatus::ok);
  EXPECT_EQ(map.set("two", std::string(40, 'x')), CmapStatus::ok);
  EXPECT_EQ(map.set("big", std::string(12, 'x')), CmapStatus::full);
  EXPECT_EQ(map.set("big", std::string(11, 'x')), CmapStatus::ok);
  EXPECT_EQ(map.set("one", std::string(41, 'x')), CmapStatus::full);
  EXPECT_EQ(*map.find("one"), CmapValue(std::string(40, 'x')));
  EXPECT_EQ(map.set("one", std::string(1, 'x')), CmapStatus::ok);
  EXPECT_EQ(map.set("four", std::string()), CmapStatus::full);  // keys
  EXPECT_EQ(map.remove("two"), CmapStatus::ok);
  EXPECT_EQ(map.set("four", std::string(60, 'x')), CmapStatus::ok);
  EXPECT_EQ(keys(map).size(), 3u);

  // The daemon's own keys take their room, and find it whatever programs wrote.
  EXPECT_EQ(map.put("our.key", std::string(50, 'x')), CmapStatus::ok);
  EXPECT_EQ(map.put("our.key", std::string(70, 'x')), CmapStatus::ok);
  EXPECT_EQ(map.put("our key", one), CmapStatus::bad_key);
  EXPECT_EQ(map.put("our.key", CmapBytes{}), CmapStatus::bad_value);
  EXPECT_EQ(map.set("four", std::string(61, 'x')), CmapStatus::full);
  EXPECT_EQ(map.set("four", std::string(59, 'x')), CmapStatus::ok);

  Cmap wide;
  EXPECT_EQ(wide.set("long", std::string(cmap_value_max, 'x')), CmapStatus::ok);
  EXPECT_EQ(wide.set("long", std::string(cmap_value_max + 1, 'x')), CmapStatus::bad_value);
  EXPECT_EQ(wide.set("long", CmapBytes{std::string(cmap_value_max + 1, 'x')}),
            CmapStatus::bad_value);
  EXPECT_EQ(wide.set("long", CmapBytes{}), CmapStatus::bad_value);
  EXPECT_EQ(wide.find("long")->index(), CmapValue(std::string()).index());
}

// A change as "key before after".
struct Tracked {
  std::vector<std::string> changes;
  Cmap::Tracker tracker() {
    return [this](const Cmap::Change& change) {
      const auto word = [](const CmapValue* value) {
        return value ? std::string(cmap_type(*value)) + cmap_text(*value) : "-";
      };
      changes.push_back(std::string(change.key) + " " + word(change.before) + " " +
                        word(change.after));
    };
  }
};

TEST(Cmap, TellsOfEachChangeOfAKeyOrAPrefix) {
  Cmap map;
  Tracked key, prefix, all;
  auto tracking = map.track("app.key", false, key.tracker());
  const auto prefixes = map.track("app", true, prefix.tracker());
  const auto everything = map.track("", true, all.tracker());
  map.set("app.key", one);
  map.set("app.key", one);  // no change
  map.set("app.key", two);
  map.set("app.key", text);
  map.set("app.keys", one);
  map.remove("app.key");
  map.remove("app.key");
  map.set("app.key", one);  // tracked beyond its end
  EXPECT_THAT(key.changes,
              ElementsAre("app.key - u321", "app.key u321 u322", "app.key u322 strtext",
                          "app.key strtext -", "app.key - u321"));
  EXPECT_EQ(prefix.changes.size(), 6u);
  EXPECT_EQ(prefix.changes, all.changes);
  map.set("other", one);
  EXPECT_EQ(prefix.changes.size(), 6u);
  EXPECT_EQ(all.changes.size(), 7u);

  tracking.reset();
  map.remove("app.key");
  EXPECT_EQ(key.changes.size(), 5u);
  EXPECT_EQ(prefix.changes.size(), 7u);
}

TEST(Cmap, WhoTracksMayOutliveTheMap) {
  Tracked tracked;
  std::shared_ptr<void> tracking;
  {
    Cmap map;
    tracking = map.track("key", true, tracked.tracker());
  }
  tracking.reset();
  EXPECT_THAT(tracked.changes, IsEmpty());
}

// ---- values ----

TEST(CmapValues, AreReadAndWrittenAlike) {
  struct Case {
    const char *type, *text;
  };
  for (const Case& value :
       {Case{"i8", "-128"}, Case{"u8", "255"}, Case{"i16", "-32768"}, Case{"u16", "65535"},
        Case{"i32", "-2147483648"}, Case{"u32", "4294967295"}, Case{"i64", "-9223372036854775808"},
        Case{"u64", "18446744073709551615"}, Case{"flt", "1.500000"}, Case{"dbl", "-2.250000"},
        Case{"str", ""}, Case{"str", " two words "}, Case{"bin", "00ff7a"}, Case{"dbl", "inf"}}) {
    const CmapReading reading = read_cmap_value(value.type, value.text);
    ASSERT_TRUE(reading.value) << value.type << " " << reading.complaint;
    EXPECT_EQ(cmap_type(*reading.value), value.type);
    EXPECT_EQ(cmap_text(*reading.value), value.text);
  }
  EXPECT_EQ(cmap_text(*read_cmap_value("u32", "+010").value), "10");
  EXPECT_EQ(cmap_text(*read_cmap_value("flt", "1e3").value), "1000.000000");
  // The numbers of libcmap.
  EXPECT_EQ(CmapValue(std::int8_t{}).index() + 1, 1u);
  EXPECT_EQ(CmapValue(std::uint64_t{}).index() + 1, 8u);
  EXPECT_EQ(CmapValue(0.0).index() + 1, 10u);
  EXPECT_EQ(CmapValue(CmapBytes{}).index() + 1, 12u);
}

// In the words of corosync-cmapctl; nothing is half-read.
TEST(CmapValues, WhatIsNoValueIsNamed) {
  struct Case {
    const char *type, *text, *complaint;
  };
  for (const Case& value :
       {Case{"u8", "256", "256 is not valid u8 integer"},
        Case{"i8", "-129", "-129 is not valid i8 integer"},
        Case{"u64", "18446744073709551616", "18446744073709551616 is not valid u64 integer"},
        Case{"u32", "-1", "-1 is not valid u32 integer"},
        Case{"u32", "-x", "-x is not valid u32 type value"},
        Case{"u32", "abc", "abc is not valid u32 type value"},
        Case{"u32", "5abc", "5abc is not valid u32 type value"},
        Case{"u32", "0x10", "0x10 is not valid u32 type value"},
        Case{"u32", " 5", " 5 is not valid u32 type value"},
        Case{"u32", "", " is not valid u32 type value"},
        Case{"u32", "+", "+ is not valid u32 type value"},
        Case{"i32", "+-5", "+-5 is not valid i32 type value"},
        Case{"dbl", "1.5.", "1.5. is not valid dbl type value"},
        Case{"dbl", "1e999", "1e999 is not valid dbl number"},
        Case{"bin", "0", "0 is not valid bin type value"},
        Case{"bin", "0g", "0g is not valid bin type value"},
        Case{"bin", "-1", "-1 is not valid bin type value"}, Case{"u128", "1", "Unknown type u128"},
        Case{"", "1", "Unknown type "}}) {
    const CmapReading reading = read_cmap_value(value.type, value.text);
    EXPECT_FALSE(reading.value) << value.type << " " << value.text;
    EXPECT_EQ(reading.complaint, value.complaint);
  }
}

// ---- rules ----

TEST(CmapRules, WhatTheDaemonIsToldByItsFileIsReadOnly) {
  for (const char* key : {"totem.version",
                          "totem.token",
                          "totem.interface.0.mcastport",
                          "nodelist.node.0.nodeid",
                          "nodelist.local_node_pos",
                          "runtime.config.totem.token",
                          "runtime.members.1.status",
                          "runtime.services.cpg.service_id",
                          "runtime.totem.pg.mrp.srp.members.1.ip",
                          "system.priority",
                          "uidgid.config.uid.0",
                          "internal_configuration.service.0.name",
                          "config.reload_in_progress",
                          "logging.to_syslog",
                          "quorum.two_node",
                          "stats.srp.mcast_tx",
                          "resources.watchdog_timeout",
                          "runtime.blackbox.dump_state",
                          "cfg.shutdown_timeout",
                          "uidgid.other"}) {
    EXPECT_EQ(cmap_rule(key).use, CmapUse::read_only) << key;
    EXPECT_FALSE(cmap_rule(key).reason.empty()) << key;
  }
  EXPECT_EQ(cmap_rule("runtime.force_gather").use, CmapUse::gather);
  EXPECT_EQ(cmap_rule("logging.debug").use, CmapUse::debug);
  EXPECT_EQ(cmap_rule("uidgid.gid.33").use, CmapUse::admit);
  EXPECT_EQ(cmap_rule("uidgid.uid.33").use, CmapUse::admit);
  for (const char* key : {"my.key", "totems", "totem", "logging.debugger.x", "user.totem.token"})
    EXPECT_EQ(cmap_rule(key).use,
              key == std::string("logging.debugger.x") ? CmapUse::read_only : CmapUse::free)
        << key;
}

}  // namespace
}  // namespace gyre::node
