#include "rm/cib/document.hh"

#include <gmock/gmock.h>

namespace gyre::rm {
namespace {

Document loaded(std::string_view text) {
  auto result = Document::load(text);
  EXPECT_TRUE(std::holds_alternative<Document>(result)) << std::get<Fault>(result).text();
  return std::get<Document>(std::move(result));
}

TEST(Document, KnowsItsPartsVersionAndLines) {
  const auto document = loaded(
      "<cib admin_epoch='1' epoch='2' num_updates='3'>\n <configuration>\n  <a b='&lt;\n\n'/>\n"
      "  <c/> </configuration>\n <status/></cib>");
  EXPECT_EQ(document.version(), (Version{1, 2, 3}));
  EXPECT_EQ(document.line(document.cib()), 1u);
  EXPECT_EQ(document.line(document.configuration()), 2u);
  EXPECT_EQ(document.line(document.configuration().child("c")), 6u);
  EXPECT_EQ(document.line(document.status()), 7u);
}

TEST(Document, ElementsThatCameLaterStandInNoLine) {
  auto document = loaded("<cib/>");
  EXPECT_EQ(document.line(document.cib().append_child("status")), 0u);
}

TEST(Document, VersionsAreComparedFromTheOperatorsOnDown) {
  EXPECT_LT((Version{0, 9, 9}), (Version{1, 0, 0}));
  EXPECT_LT((Version{1, 1, 9}), (Version{1, 2, 0}));
  EXPECT_LT((Version{1, 2, 3}), (Version{1, 2, 4}));
  EXPECT_EQ(loaded("<cib epoch='x'/>").version(), (Version{}));
}

TEST(Document, IsTextAgain) {
  auto document =
      loaded("<?xml version='1.0'?><cib epoch='4'><status><a b=\"&quot;&amp;\"/></status></cib>");
  document.set_version({1, 5, 0});
  EXPECT_EQ(document.text(),
            "<cib epoch=\"5\" admin_epoch=\"1\" num_updates=\"0\">\n  <status>\n"
            "    <a b=\"&quot;&amp;\" />\n  </status>\n</cib>\n");
  EXPECT_EQ(loaded(document.text()).text(), document.text());
}

TEST(Document, RefusesWhatIsNone) {
  const auto malformed = Document::load("<cib>\n<a></cib>");
  EXPECT_EQ(std::get<Fault>(malformed).text(), "line 2: </cib> where </a> is due");
  EXPECT_EQ(std::get<Fault>(malformed).kind, Fault::Kind::broken);
  EXPECT_EQ(std::get<Fault>(Document::load("<cib")).kind, Fault::Kind::malformed);
  EXPECT_EQ(std::get<Fault>(Document::load("<foo>")).kind, Fault::Kind::not_cib);
  const auto other = Document::load("\n<foo/>");
  EXPECT_EQ(std::get<Fault>(other).text(), "line 2: the root is <foo>, not <cib>");
  EXPECT_EQ(std::get<Fault>(other).kind, Fault::Kind::not_cib);
}

}  // namespace
}  // namespace gyre::rm
