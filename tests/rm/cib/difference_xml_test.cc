#include "rm/cib/difference_xml.hh"

#include <gmock/gmock.h>

#include "rm/cib/xml_text.hh"

namespace gyre::rm {
namespace {

using testing::HasSubstr;
using Kind = Change::Kind;

Document loaded(std::string_view text) {
  auto result = Document::load(text);
  EXPECT_TRUE(std::holds_alternative<Document>(result)) << text;
  return std::get<Document>(std::move(result));
}

ReadDifference read(const std::string& text) {
  auto result = read_difference(text);
  if (const auto* fault = std::get_if<Fault>(&result)) ADD_FAILURE() << fault->text() << text;
  return std::get<ReadDifference>(std::move(result));
}

const Difference all_kinds = {
    {0, 12, 7},
    {1, 13, 0},
    {{"dc-uuid", "3"}, {"old", std::nullopt}},
    {{Kind::remove, {{"configuration", ""}, {"a", "it's"}}, 0, {}, {}},
     {Kind::modify, {{"configuration", ""}}, 0, {}, {{"x", "<\"'&\n\t>"}, {"y", std::nullopt}}},
     {Kind::move, {{"configuration", ""}, {"b", ""}}, 3, {}, {}}},
    {{Kind::create, {{"status", ""}, {"c", "1/2[]"}}, 0, R"(<c id="1/2[]" v="&lt;"><d/></c>)", {}}},
};

TEST(DifferenceText, IsReadAsItWasWritten) {
  const auto text = to_text(all_kinds);
  EXPECT_EQ(text.find('\n'), text.npos);
  const auto again = read(text);
  EXPECT_TRUE(again.versioned);
  EXPECT_EQ(again.difference, all_kinds);
  EXPECT_EQ(read(to_text(Difference{})).difference, Difference{});
}

// What Pacemaker's crm_diff makes of the same two documents, letter for letter, but that it moves
// a[@id='3'] as well.
TEST(DifferenceText, IsPacemakers) {
  const auto from = loaded(R"(<cib feature="1" epoch="1" num_updates="7" admin_epoch="0" old="1">
<configuration><resources><a id="1"/><a id="2"/><a id="3" x="1"/><a id="4"/></resources>
</configuration></cib>)");
  const auto to = loaded(R"(<cib feature="2" epoch="2" num_updates="0" admin_epoch="0" new="1">
<configuration><resources><a id="3" y="it's"/><b id="1"><c/></b><a id="4"/><a id="1"/></resources>
</configuration><status/></cib>)");
  pugi::xml_document parsed;
  parsed.load_string(to_text(difference(from, to), &to).c_str());
  EXPECT_EQ(indented_text(parsed.document_element()), R"(<diff format="2">
  <version>
    <source admin_epoch="0" epoch="1" num_updates="7"/>
    <target admin_epoch="0" epoch="2" num_updates="0"/>
  </version>
  <change operation="delete" path="/cib/configuration/resources/a[@id=&apos;2&apos;]"/>
  <change operation="modify" path="/cib">
    <change-list>
      <change-attr name="feature" operation="set" value="2"/>
      <change-attr name="epoch" operation="set" value="2"/>
      <change-attr name="num_updates" operation="set" value="0"/>
      <change-attr name="new" operation="set" value="1"/>
      <change-attr name="old" operation="unset"/>
    </change-list>
    <change-result>
      <cib feature="2" epoch="2" num_updates="0" admin_epoch="0" new="1"/>
    </change-result>
  </change>
  <change operation="modify" path="/cib/configuration/resources/a[@id=&apos;3&apos;]">
    <change-list>
      <change-attr name="y" operation="set" value="it&apos;s"/>
      <change-attr name="x" operation="unset"/>
    </change-list>
    <change-result>
      <a id="3" y="it&apos;s"/>
    </change-result>
  </change>
  <change operation="create" path="/cib/configuration/resources" position="1">
    <b id="1">
      <c/>
    </b>
  </change>
  <change operation="move" path="/cib/configuration/resources/a[@id=&apos;1&apos;]" position="3"/>
  <change operation="create" path="/cib" position="1">
    <status/>
  </change>
</diff>
)");
}

TEST(DifferenceText, NeedsNoVersion) {
  const auto read_so = read(R"(<diff format="2"><change operation="modify" path="/cib">
<change-list><change-attr name="x" operation="set" value="1"/></change-list></change></diff>)");
  EXPECT_FALSE(read_so.versioned);
  EXPECT_EQ(read_so.difference.header, (std::vector<Attribute>{{"x", "1"}}));
  auto document = loaded("<cib epoch='3'/>");
  EXPECT_EQ(patch(document, read_so), std::nullopt);
  EXPECT_EQ(document.version(), (Version{0, 3, 0}));
  EXPECT_EQ(document.cib().attribute("x").value(), std::string("1"));
}

TEST(DifferenceText, RefusesWhatItDoesNotSay) {
  const std::string version = R"(<version><source admin_epoch="0" epoch="1" num_updates="0"/>
<target admin_epoch="0" epoch="2" num_updates="0"/></version>)";
  const auto diff = [&](const std::string& inner) {
    return "<diff format='2'>" + version + '\n' + inner + "</diff>";
  };
  const auto modify = [&](const std::string& list, const char* path = "/cib") {
    return diff(std::string("<change operation='modify' path='") + path + "'>" + list +
                "</change>");
  };
  const auto set = [&](const std::string& attributes) {
    return modify("<change-list><change-attr " + attributes + "/></change-list>");
  };
  const std::pair<std::string, const char*> bad[] = {
      {"<diff", "line 1: the document ends"},
      {"<cib/>", "line 1: <cib>: not a <diff>"},
      {"<diff format='1'/>", "line 1: <diff>: its format is not 2"},
      {"<diff format='2'><version/></diff>", "<version>: wanted are <source> and <target>"},
      {"<diff format='2'><version><source epoch='-1'/><target/></version></diff>",
       "<source>: \"admin_epoch\" has to be a number from 0 on"},
      {diff("<other/>"), "line 3: <other>: not a <change>"},
      {diff("text"), "not a <change>"},
      {diff("<change operation='make'/>"), "<change>: \"make\" is no operation"},
      {diff("<change operation='delete' path='//a'/>"), "\"//a\" is no path of names and ids"},
      {diff("<change operation='delete' path=\"/cib/status/a[@id='1'\"/>"), "is no path"},
      {diff("<change operation='delete' path=\"/cib/status/a[1]\"/>"), "is no path"},
      {diff("<change operation='delete' path='/cib/status//a'/>"), "is no path"},
      {diff("<change operation='delete' path='/cib'/>"), "neither in the configuration nor in"},
      {diff("<change operation='delete' path='/cib/other/a'/>"), "neither in the configuration"},
      {diff("<change operation='delete' path='/cib/status/a'><b/></change>"),
       "<b>: nothing may stand there"},
      {diff("<change operation='move' path='/cib/status/a'/>"), "\"\" is no position from 0 on"},
      {diff("<change operation='move' path='/cib/status/a' position='-1'/>"), "is no position"},
      {diff("<change operation='create' path='/cib/status' position='0'/>"),
       "one element has to be in it"},
      {diff("<change operation='create' path='/cib/status' position='0'><a/><a/></change>"),
       "one element has to be in it"},
      {diff("<change operation='create' path='/cib' position='0'><a/></change>"), "neither in"},
      {modify(""), "wanted are <change-list> and at most <change-result>"},
      {modify("<change-list/><other/>"), "wanted are <change-list>"},
      {modify("<change-list/><change-result/><change-result/>"), "wanted are <change-list>"},
      {modify("<change-list><other/></change-list>"), "<other>: not a <change-attr>"},
      {set("name='a b' operation='unset'"), "\"a b\" is no name of an attribute"},
      {set("name='1' operation='unset'"), "is no name of an attribute"},
      {set("operation='unset'"), "is no name of an attribute"},
      {set("name='a' operation='set'"), "neither \"set\" with a value nor \"unset\""},
      {set("name='a' operation='take'"), "neither \"set\""},
      {set("name='epoch' operation='set' value='3'"), "\"epoch\" is another than in <version>"},
      {"<diff format='2'><change operation='modify' path='/cib'><change-list><change-attr "
       "name='epoch' operation='set' value='3'/></change-list></change></diff>",
       "\"epoch\" is another than in <version>"},
  };
  for (const auto& [text, why] : bad) {
    const auto result = read_difference(text);
    ASSERT_TRUE(std::holds_alternative<Fault>(result)) << text;
    EXPECT_THAT(std::get<Fault>(result).text(), HasSubstr(why)) << text;
  }
}

TEST(IndentedText, KeepsEveryCharacter) {
  const char* text =
      "<a x=\"tab&#9;cr&#13;nl&#10; &apos;q&apos; &quot;d&quot; &lt;&gt;&amp;\">\n"
      "  <b>text &amp; &lt; \"'<c/>more</b>\n"
      "  <d/>\n"
      "</a>\n";
  pugi::xml_document parsed;
  ASSERT_TRUE(parsed.load_string(text));
  EXPECT_EQ(indented_text(parsed.document_element()), text);
}

}  // namespace
}  // namespace gyre::rm
