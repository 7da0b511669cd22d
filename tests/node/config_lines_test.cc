#include "node/config_lines.hh"

#include <random>

#include "tests/node/config_test.hh"

namespace gyre::node {
namespace {

std::string split_error(const std::string& text) {
  try {
    split_lines(text, "f");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(ConfigLines, SectionsNestAndItemsBelongToThem) {
  const Lines lines = split_lines("a {\n  b {\n    k: v\n  }\n  l: w\n}\nm: x\n", "f");
  ASSERT_EQ(lines.sections.size(), 3u);
  EXPECT_EQ(lines.sections[1].path, "a");
  EXPECT_EQ(lines.sections[2].path, "a.b");
  EXPECT_EQ(lines.sections[2].line, 2);
  ASSERT_EQ(lines.items.size(), 3u);
  EXPECT_EQ(lines.items[0].section, 2u);
  EXPECT_EQ(lines.items[1].section, 1u);
  EXPECT_EQ(lines.items[2].section, 0u);
  EXPECT_EQ(lines.items[1].line, 5);
}

struct ItemCase {
  const char *line, *key, *value;
};

class ConfigItem : public testing::TestWithParam<ItemCase> {};

TEST_P(ConfigItem, IsSplitAtTheFirstColon) {
  const Lines lines = split_lines(GetParam().line, "f");
  ASSERT_EQ(lines.items.size(), 1u);
  EXPECT_EQ(lines.items[0].key, GetParam().key);
  EXPECT_EQ(lines.items[0].value, GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(All, ConfigItem,
                         testing::Values(ItemCase{"k: v", "k", "v"},
                                         ItemCase{"\t k \t:\t v \t", "k", "v"},
                                         ItemCase{"k:v\r\n", "k", "v"}, ItemCase{"k:", "k", ""},
                                         ItemCase{"k: v # no comment", "k", "v # no comment"},
                                         ItemCase{"k: fd00::1", "k", "fd00::1"},
                                         ItemCase{"k: a}", "k", "a}"},
                                         ItemCase{"# k: w\n  # {\nk: v", "k", "v"},
                                         ItemCase{"\n\r\n \t\nk: v", "k", "v"},
                                         ItemCase{"k: caf\xc3\xa9", "k", "caf\xc3\xa9"}));

TEST(ConfigLines, SeveralBracketsMayCloseOnOneLine) {
  EXPECT_EQ(split_error("a {\nb {\nc {\n}}\n } \n"), "");
  EXPECT_EQ(split_error("a {\nb {\n} }\n"), "");
}

TEST(ConfigLines, ALineMayHave512Bytes) {
  EXPECT_EQ(split_error("k: " + std::string(509, 'x') + "\n"), "");
  EXPECT_EQ(split_error("k: " + std::string(510, 'x')),
            "f:1: Line too long: 513 bytes, at most 512");
  EXPECT_EQ(split_error("\n#" + std::string(599, 'x')),
            "f:2: Line too long: 600 bytes, at most 512");
}

TEST(ConfigLines, AKeyPathMayHave255Bytes) {
  const std::string section(200, 's');
  EXPECT_EQ(split_error(section + " {\n" + std::string(54, 'k') + ": v\n}\n"), "");
  EXPECT_EQ(split_error(section + " {\n" + std::string(55, 'k') + ": v\n}\n"),
            "f:2: key path of 256 bytes, at most 255");
  EXPECT_EQ(split_error(section + " {\n" + std::string(55, 'k') + " {\n}\n}\n"),
            "f:2: key path of 256 bytes, at most 255");
}

struct ErrorCase {
  const char *text, *error;
};

class ConfigLineError : public testing::TestWithParam<ErrorCase> {};

TEST_P(ConfigLineError, NamesTheLine) {
  EXPECT_EQ(split_error(GetParam().text), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    All, ConfigLineError,
    testing::Values(
        ErrorCase{"\na { b\n}", "f:2: Extra characters after opening bracket '{'"},
        ErrorCase{"a { k: v }\n", "f:1: Extra characters after opening bracket '{'"},
        ErrorCase{"a {\n} b\n", "f:2: Extra characters before or after closing bracket '}'"},
        ErrorCase{"a {\nb }\n", "f:2: Extra characters before or after closing bracket '}'"},
        ErrorCase{"k: v\n}\n", "f:2: Unexpected closing brace"},
        ErrorCase{"a {\n}}\n", "f:2: Unexpected closing brace"},
        ErrorCase{"\na {\nb {\n}\n", "f:2: Missing closing brace of section a"},
        ErrorCase{"hello\n", "f:1: Line is not opening or closing section or key value"},
        ErrorCase{"{\n}\n", "f:1: no name before '{' or ':'"},
        ErrorCase{": v\n", "f:1: no name before '{' or ':'"},
        ErrorCase{"k\x01: v\n", "f:1: a byte that is no text: 0x01"},
        ErrorCase{"k: v\x7fw\n", "f:1: a byte that is no text: 0x7f"},
        ErrorCase{"a b: v\n",
                  "f:1: \"a b\" is no name: letters, digits, '_', '-' and '/' make one"},
        ErrorCase{"totem.token: 9\n",
                  "f:1: \"totem.token\" is no name: letters, digits, '_', '-' and '/' make one"}));

// Whatever the bytes, the answer is a Config or a ConfigError.
TEST(ConfigLines, NoiseIsRefusedAndNothingElseHappens) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string noise(random() % 300, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    error_of(noise);
  }
}

TEST(ConfigLines, DamagedFilesAreReadOrRefused) {
  const std::string whole =
      interface_form("token: 1000\nrrp_mode: none", "ttl: 3\nringnumber: 0",
                     "logging {\nlogger_subsys {\nsubsys: X\n}}\nnodelist {\nnode {\nname: a\n}}");
  const std::string spice = "{}:\n\r# .0\x80-";
  std::mt19937 random(2);
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string text = whole;
    for (auto damage = random() % 4 + 1; damage > 0; --damage) {
      const std::size_t at = random() % text.size();
      if (random() % 2)
        text[at] = spice[random() % spice.size()];
      else
        text.erase(at, random() % 8);
    }
    const std::string error = error_of(text);
    if (error.empty()) continue;
    ++refused;
    EXPECT_TRUE(error.starts_with("f:")) << error;
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace gyre::node
