#include "rm/cib/scan.hh"

#include <gmock/gmock.h>

#include <string>

#include "rm/cib/characters.hh"

namespace gyre::rm {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) {
  const auto fault = scan(text);
  return fault ? fault->text() : "";
}

TEST(Scan, TakesWhatIsWellFormed) {
  for (const auto* text :
       {"<cib/>", "\xef\xbb\xbf<cib></cib>\n", "<?xml version='1.0' encoding='UTF-8'?>\n<cib />",
        "<?xml version=\"1.0\"?><!-- a - b --><?a?><?a b?c?><cib a = 'it is \"b\"' "
        "b=\"\"\n/><!---->",
        "<a>x &amp; y &lt;&gt;&quot;&apos; &#65;&#x1F600; ] ]] > <![CDATA[<&]]]]>]]&gt;</a>",
        "<\xc3\xa9l\xc3\xa9ment \xe2\x81\xb0='\xf0\x9f\x98\x80'/>", "<a><b/><b><c/></b ></a>"})
    EXPECT_EQ(refusal(text), "") << text;
}

TEST(Scan, KnowsWhereLinesEnd) {
  LineEnds ends{7};
  const std::string_view text =
      "<?xml version='1.0'\n?>\n<!--\n\n--><a b='\n'\n><![CDATA[\n]]>x\n&lt;\r\n</a\n><?c\nd?>\n";
  EXPECT_FALSE(scan(text, ends));
  LineEnds wanted;
  for (std::uint32_t at = 0; at < text.size(); ++at)
    if (text[at] == '\n') wanted.push_back(at);
  EXPECT_EQ(ends, wanted);
}

TEST(Scan, SaysInWhichLineWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "line 1: there is no element"},
      {"<!-- only -->\n\n", "line 3: there is no element"},
      {"garbage", "line 1: text outside of all elements"},
      {"<a/>\nb", "line 2: text outside of all elements"},
      {"<a/>\n<b/>", "line 2: a second element after the first one's end"},
      {"</a>", "line 1: an end without a beginning"},
      {"<a>\n\n</b>", "line 3: </b> where </a> is due"},
      {"<a>\n<b>\n", "line 3: the document ends in <b>, which is open"},
      {"<a", "line 1: the document ends in the tag <a>"},
      {"<a b", "line 1: attribute \"b\" of <a> has no value"},
      {"<a b=c/>", "line 1: the value of \"b\" of <a> is not in quotes"},
      {"<a b='c\n", "line 2: the value of \"b\" has no end"},
      {"<a b='<'/>", "line 1: a \"<\" in the value of \"b\""},
      {"<a b='1'c='2'/>", "line 1: no blank before an attribute of <a>"},
      {"<a 1b='1'/>", "line 1: what should be an attribute of <a> has no valid name"},
      {"<a b='1' c='2' b='3'/>", "line 1: attribute \"b\" stands twice in <a>"},
      {"<a b='1' c='' d='' e='' f='' g='' h='' i='' j='' b=''/>",
       "line 1: attribute \"b\" stands twice in <a>"},
      {"<a>< b/></a>", "line 1: a \"<\" that begins no tag, in <a>"},
      {"<a></a b>", "line 1: the tag </a> has no end"},
      {"<a>]]></a>", "line 1: \"]]>\" in a text, in <a>"},
      {"<a>\x01</a>", "line 1: the character 0x1, which XML does not have, in <a>"},
      {"<a>\xef\xbf\xbf</a>", "line 1: the character 0xffff, which XML does not have, in <a>"},
      {"<a>\xff</a>", "line 1: bytes that are not UTF-8, in <a>"},
      {"<a b='\xc3'/>", "line 1: bytes that are not UTF-8, outside of all elements"},
      {"<a>&</a>", "line 1: a \"&\" that begins no entity, in <a>"},
      {"<a>&nbsp;</a>", "line 1: an entity that is not known, in <a>"},
      {"<a>&#0;</a>", "line 1: a number that is no character in an entity, in <a>"},
      {"<a>&#xd800;</a>", "line 1: a number that is no character in an entity, in <a>"},
      {"<a>&#x;</a>", "line 1: a number that is no character in an entity, in <a>"},
      {"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "line 1: a document type is not accepted"},
      {"<a><!DOCTYPE a></a>", "line 1: a document type is not accepted"},
      {"<!ELEMENT a>", "line 1: a \"<!\" that begins nothing known, outside of all elements"},
      {"<![CDATA[a]]><a/>", "line 1: a \"<!\" that begins nothing known, outside of all elements"},
      {"<a><![CDATA[b</a>", "line 1: a CDATA section without an end, in <a>"},
      {"<a><!-- b</a>", "line 1: a comment without an end, in <a>"},
      {"<a><!-- b -- c --></a>", "line 1: \"--\" in a comment, in <a>"},
      {"<a><!-- \xff --></a>", "line 1: bytes that are not UTF-8, in <a>"},
      {"<a><?b</a>", "line 1: an instruction without a valid name"},
      {"<a><?b c</a>", "line 1: an instruction without an end, in <a>"},
      {"<? b?><a/>", "line 1: an instruction without a name, outside of all elements"},
      {" <?xml version='1.0'?><a/>", "line 1: an XML declaration that is not the very first thing"},
      {"<?xml version='1.0'", "line 1: the XML declaration has no end"},
      {"<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
       "line 1: the encoding \"ISO-8859-1\", and only UTF-8 is read"},
      {"<?xml version='1.0' encoding=UTF-8?><a/>",
       "line 1: the value of \"encoding\" of <?xml> is not in quotes"},
      {"<?xml version='1.0'\xff?><a/>", "line 1: the XML declaration has no end"},
      {"<?xml version='1' version='1'?><a/>",
       "line 1: attribute \"version\" stands twice in <?xml>"},
  };
  for (const auto& [text, what] : cases) EXPECT_EQ(refusal(text), what) << text;
  EXPECT_EQ(refusal({"<a>\0</a>", 8}),
            "line 1: the character 0x0, which XML does not have, in <a>");
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Scan, HasAnEndToDepth) {
  EXPECT_EQ(refusal(repeated("<a>", depth_max) + repeated("</a>", depth_max)), "");
  EXPECT_THAT(refusal(repeated("<a>\n", depth_max) + "<b/>"),
              HasSubstr("line 257: <b> is more than 256 elements deep, in <a>"));
  EXPECT_THAT(refusal(repeated("<a>", 1'000'000)), HasSubstr("elements deep"));
}

TEST(Scan, HasAnEndToSizes) {
  EXPECT_EQ(refusal("<a b='" + std::string(value_size_max, 'x') + "'/>"), "");
  EXPECT_EQ(refusal("<a b='" + std::string(value_size_max + 1, 'x') + "'/>"),
            "line 1: the value of \"b\" has more than 10000000 bytes");
  EXPECT_EQ(refusal("<a>" + std::string(value_size_max + 1, 'x') + "</a>"),
            "line 1: a text has more than 10000000 bytes, in <a>");
  EXPECT_EQ(refusal(std::string(document_size_max + 1, ' ')),
            "line 1: 268435457 bytes, and 268435456 are the most");
}

TEST(Scan, ShowsNoMoreOfANameThanAMessageNeeds) {
  EXPECT_LT(refusal("<" + std::string(100'000, 'a')).size(), 200u);
}

TEST(Scan, IsLinearInAttributes) {
  std::string many = "<a";
  for (int i = 0; i < 300'000; ++i) many += " b" + std::to_string(i) + "=''";
  EXPECT_EQ(refusal(many + "/>"), "");
  EXPECT_EQ(refusal(many + " b7=''/>"), "line 1: attribute \"b7\" stands twice in <a>");
}

TEST(Characters, AreDecodedStrictly) {
  for (const auto* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3("})
    EXPECT_EQ(decode(bad).size, 0u) << bad;
  EXPECT_EQ(decode("\xf4\x8f\xbf\xbf").character, 0x10ffffu);
  EXPECT_EQ(decode("\xe2\x82\xac").character, 0x20acu);
}

TEST(Characters, OfNames) {
  EXPECT_TRUE(begins_name(0xe9) && begins_name('_') && begins_name(':'));
  EXPECT_FALSE(begins_name('-') || begins_name('1') || begins_name(0xb7) || begins_name(0xd7));
  EXPECT_TRUE(continues_name(0xb7) && continues_name('-') && continues_name('1'));
  EXPECT_FALSE(continues_name(' ') || continues_name(0x2041));
}

}  // namespace
}  // namespace gyre::rm
