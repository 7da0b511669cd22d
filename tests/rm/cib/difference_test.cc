#include "rm/cib/difference.hh"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace gyre::rm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Document loaded(std::string_view text) {
  auto result = Document::load(text);
  EXPECT_TRUE(std::holds_alternative<Document>(result)) << text << '\n'
                                                        << std::get<Fault>(result).text();
  return std::get<Document>(std::move(result));
}

// A document of this version, with these things in its parts.
std::string cib(int epoch, int updates, const std::string& resources,
                const std::string& status = "") {
  return "<cib admin_epoch='0' epoch='" + std::to_string(epoch) + "' num_updates='" +
         std::to_string(updates) + "'><configuration><resources>" + resources +
         "</resources></configuration><status>" + status + "</status></cib>";
}

std::vector<std::string> words(const std::vector<Change>& changes) {
  constexpr const char* kinds[] = {"create", "modify", "move", "remove"};
  std::vector<std::string> all;
  for (const auto& change : changes) {
    all.push_back(kinds[static_cast<int>(change.kind)] + (' ' + to_text(change.path)));
    if (change.kind == Change::Kind::create || change.kind == Change::Kind::move)
      all.back() += " at " + std::to_string(change.position);
    for (const auto& [name, value] : change.attributes)
      all.back() += ' ' + name + (value ? '=' + *value : "!");
  }
  return all;
}

TEST(Difference, NamesWhatChanged) {
  const auto from = loaded(cib(1, 5, "<a id='1' x='1' y='2'/><a id='2'/><a id='3'/><b id='4'/>"));
  const auto to =
      loaded(cib(2, 0, "<a id='3'/><a id='1' x='2' z='3'><c/></a><a id='5'/><a id='2'/>"));
  const std::string in = "configuration/resources/";
  EXPECT_THAT(
      words(difference(from, to).configuration),
      ElementsAre("remove " + in + "b[@id='4']", "move " + in + "a[@id='3'] at 0",
                  "modify " + in + "a[@id='1'] x=2 z=3 y!", "create " + in + "a[@id='1']/c at 0",
                  "create " + in + "a[@id='5'] at 2"));
  EXPECT_TRUE(difference(from, to).status.empty());
}

void expect_there(const std::string& from, const std::string& to) {
  auto document = loaded(from);
  auto wanted = loaded(to);
  wanted.set_version(wanted.version());  // in full
  const auto found = difference(document, wanted);
  EXPECT_EQ(patch(document, found), std::nullopt) << from << '\n' << to;
  EXPECT_EQ(document.text(), wanted.text()) << from;
}

TEST(Difference, LeadsThere) {
  expect_there(cib(1, 0, "<a/>"), cib(1, 1, "<a/>", "<n id='1'/>"));
  expect_there(cib(1, 0, "<a>text</a>"), cib(2, 0, "<a>other</a>"));
  expect_there(cib(1, 0, "<a/><b/><a id='1'/>"), cib(2, 0, "<a/><a/><b/>"));
  expect_there(cib(1, 0, "<a/><a/>"), cib(2, 0, "<a/>"));
  expect_there(cib(1, 0, "<a><b x='1'/><b/></a>"), cib(2, 0, "<a><b x='2'/><b/></a>"));
  expect_there("<cib epoch='1'/>",
               "<cib epoch='2'><configuration><a/></configuration><status/></cib>");
  expect_there("<cib epoch='1'><configuration/><status/></cib>", "<cib epoch='2'/>");
  expect_there("<cib epoch='1' x='1'/>",
               "<cib epoch='1' y='&quot;&#10;' admin_epoch='0' num_updates='1'/>");
  expect_there(cib(1, 0, "<a/>"), cib(1, 0, "<a/>"));
}

// Elements in any order, with attributes, children, and now and then a name that comes twice.
std::string random_elements(std::mt19937& dice, int depth) {
  std::vector<int> ids(dice() % 6);
  std::ranges::generate(ids, [&] { return static_cast<int>(dice() % 9); });
  std::string all;
  for (const int id : ids) {
    all += "<a";
    if (id < 8) all += " id='" + std::to_string(id) + "'";
    if (dice() % 2) all += " x='" + std::to_string(dice() % 3) + "'";
    all += '>' + (depth > 0 ? random_elements(dice, depth - 1) : "") + "</a>";
  }
  return all;
}

TEST(Difference, MovesAsLittleAsCanBe) {
  const auto moved = [](const char* from, const char* to) {
    return words(difference(loaded(cib(1, 0, from)), loaded(cib(2, 0, to))).configuration);
  };
  EXPECT_THAT(
      moved("<a/><b/><c/>", "<b/><x/><c/><a/>"),
      ElementsAre("create configuration/resources/x at 1", "move configuration/resources/a at 3"));
  EXPECT_THAT(moved("<a/><b/><c/>", "<c/><a/><b/>"),
              ElementsAre("move configuration/resources/c at 0"));
}

TEST(Difference, LeadsThereFromAnywhere) {
  std::mt19937 dice(5);
  for (int i = 0; i < 3000; ++i) {
    const auto from = cib(1, 7, random_elements(dice, 2), random_elements(dice, 1));
    expect_there(from, cib(2, 0, random_elements(dice, 2), random_elements(dice, 1)));
  }
}

TEST(Patch, OfTheConfigurationIsNotStaleBecauseOfTheStatus) {
  const auto change = difference(loaded(cib(1, 0, "<a/>")), loaded(cib(2, 0, "<b/>")));
  auto document = loaded(cib(1, 9, "<a/>", "<n id='1'/>"));
  EXPECT_EQ(patch(document, change), std::nullopt);
  EXPECT_EQ(document.text(), loaded(cib(2, 0, "<b/>", "<n id='1'/>")).text());
  EXPECT_THAT(*patch(document, change), HasSubstr("made for version 0.1.0, and this is 0.2.0"));
}

TEST(Patch, OfTheStatusIsStaleIfAnythingChanged) {
  const auto change = difference(loaded(cib(1, 0, "")), loaded(cib(1, 1, "", "<n id='1'/>")));
  auto document = loaded(cib(1, 1, ""));
  EXPECT_THAT(*patch(document, change), HasSubstr("made for version 0.1.0, and this is 0.1.1"));
}

TEST(Patch, RaisesTheVersion) {
  const auto refused = [](const std::string& from, const std::string& to) {
    auto document = loaded(from);
    return patch(document, difference(document, loaded(to))).value_or("");
  };
  EXPECT_EQ(refused(cib(1, 0, "<a/>"), cib(1, 1, "<b/>")),
            "from version 0.1.0 to 0.1.1 does not raise it");
  EXPECT_THAT(refused(cib(2, 0, "<a/>"), cib(1, 0, "<b/>")), HasSubstr("does not raise it"));
  EXPECT_THAT(refused(cib(1, 1, "", "<a/>"), cib(1, 1, "", "<b/>")), HasSubstr("not raise it"));
}

TEST(Patch, IsDoneWholeOrNotAtAll) {
  using Kind = Change::Kind;
  const auto text = cib(1, 0, "<a id='1' x='1' y='2'/><a id='2'/>te<a id='3'><b/></a>", "<n/>");
  const Path resources = {{"configuration", ""}, {"resources", ""}};
  const auto at = [&](const char* id) {
    Path path = resources;
    path.push_back({"a", id});
    return path;
  };
  const std::vector<Change> good = {
      {Kind::modify, at("1"), 0, {}, {{"x", std::nullopt}, {"y", "3"}, {"z", "4"}}},
      {Kind::remove, at("3"), 0, {}, {}},
      {Kind::create, at("4"), 0, "<a id='4'/>", {}},
      {Kind::move, at("1"), 1, {}, {}},
      {Kind::remove, at("2"), 0, {}, {}},
  };
  const std::pair<Change, const char*> bad[] = {
      {{Kind::remove, at("3"), 0, {}, {}}, "there is no configuration/resources/a[@id='3']"},
      {{Kind::create, at("1"), 0, "<a id='1'/>", {}},
       "configuration/resources/a[@id='1'] is there already"},
      {{Kind::create, at("5"), 0, "<a id='6'/>", {}}, "the element is another"},
      {{Kind::create, at("5"), 0, "<a id='5'>", {}}, "line 1: the document ends in <a>"},
      {{Kind::create, at("5"), 3, "<a id='5'/>", {}}, "there is no position 3"},
      {{Kind::move, at("1"), 0, {}, {}}, "configuration/resources/a[@id='1'] is there already"},
      {{Kind::modify, at("1"), 0, {}, {{"id", "7"}}}, "<a>: an id does not change"},
      {{Kind::modify, at("1"), 0, {}, {{"q", std::nullopt}}}, "<a> has no attribute \"q\""},
      {{Kind::remove, {}, 0, {}, {}}, "\"\" is not in the configuration"},
      {{Kind::remove, {{"status", ""}}, 0, {}, {}}, "\"status\" is not in the configuration"},
  };
  for (const auto& [change, why] : bad) {
    auto document = loaded(text);
    Difference made{{0, 1, 0}, {0, 2, 0}, {{"h", "1"}}, good, {}};
    made.configuration.push_back(change);
    const auto refused = patch(document, made);
    ASSERT_TRUE(refused);
    EXPECT_THAT(*refused, HasSubstr(why));
    EXPECT_EQ(document.text(), loaded(text).text()) << why;
    made.configuration.pop_back();
    EXPECT_EQ(patch(document, made), std::nullopt);
    EXPECT_EQ(document.version(), (Version{0, 2, 0}));
  }
}

}  // namespace
}  // namespace gyre::rm
