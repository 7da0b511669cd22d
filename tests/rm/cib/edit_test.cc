#include "rm/cib/edit.hh"

#include <gmock/gmock.h>

#include "rm/cib/steps.hh"
#include "rm/cib/xml_text.hh"

namespace gyre::rm {
namespace {

Document loaded(std::string_view text) {
  auto result = Document::load(text);
  EXPECT_TRUE(std::holds_alternative<Document>(result)) << text;
  return std::get<Document>(std::move(result));
}

pugi::xml_document parsed(const char* text) {
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(text));
  return document;
}

constexpr const char* text = R"(<cib epoch="1" num_updates="2" admin_epoch="0"><configuration>
<resources><group id="g"><primitive id="a" x="1"><op id="o" n="1"/></primitive></group>
<primitive id="b"/></resources></configuration></cib>)";

TEST(Edit, KnowsSections) {
  auto document = loaded(text);
  EXPECT_EQ(section(document, "resources").name(), std::string("resources"));
  EXPECT_EQ(section(document, "all"), document.cib());
  EXPECT_FALSE(section(document, "tags"));
  EXPECT_EQ(make_section(document, "tags").parent(), document.configuration());
  EXPECT_EQ(make_section(document, "status").parent(), document.cib());
  EXPECT_TRUE(is_section("fencing-topology"));
  EXPECT_FALSE(is_section("primitive"));
}

TEST(Edit, FindsByIdOrByAttributes) {
  const auto document = loaded(text);
  const auto a = parsed("<primitive id='a'/>"), x = parsed("<primitive x='1'/>"),
             wrong = parsed("<primitive id='a' x='2'/>");
  const auto found = find_same(document.cib(), a.document_element());
  EXPECT_EQ(to_xpath(path_to(found)),
            "/cib/configuration/resources/group[@id='g']/"
            "primitive[@id='a']");
  EXPECT_EQ(find_same(found, a.document_element()), found) << "itself";
  EXPECT_FALSE(find_same(document.cib(), x.document_element()));
  EXPECT_EQ(find_like(document.cib(), x.document_element()), found);
  EXPECT_FALSE(find_like(document.cib(), wrong.document_element()));
}

TEST(Edit, Merges) {
  auto document = loaded(text);
  const auto more = parsed(
      "<primitive id='a' x='x++' y='2'><op id='o' n='n+=5'/><op id='p'/>"
      "</primitive>");
  auto a = find_same(document.cib(), more.document_element());
  merge(a, more.document_element());
  EXPECT_EQ(indented_text(a),
            "<primitive id=\"a\" x=\"2\" y=\"2\">\n  <op id=\"o\" n=\"6\"/>\n"
            "  <op id=\"p\"/>\n</primitive>\n");
}

TEST(Edit, ReplacesInPlace) {
  auto document = loaded(text);
  const auto other = parsed("<primitive id='c'/>");
  replace(section(document, "resources").first_child(), other.document_element());
  EXPECT_EQ(indented_text(section(document, "resources")),
            "<resources>\n  <primitive id=\"c\"/>\n  <primitive id=\"b\"/>\n</resources>\n");
}

TEST(Edit, RaisesTheVersionByWhatChanged) {
  const auto before = loaded(text);
  auto document = loaded(text);
  settle_version(document, before);
  EXPECT_EQ(document.version(), (Version{0, 1, 2}));
  make_section(document, "status");
  settle_version(document, before);
  EXPECT_EQ(document.version(), (Version{0, 1, 3}));
  section(document, "resources").append_child("template");
  settle_version(document, before);
  EXPECT_EQ(document.version(), (Version{0, 2, 0}));
  auto raised = loaded(text);
  raised.set_version({1, 1, 2});
  settle_version(raised, before);
  EXPECT_EQ(raised.version(), (Version{1, 1, 3}));
}

}  // namespace
}  // namespace gyre::rm
