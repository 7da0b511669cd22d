#include "rm/cib/validate.hh"

#include <gmock/gmock.h>

#include "rm/cib/grammar.hh"
#include "tests/rm/cib/whole.hh"

namespace gyre::rm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> findings(std::string_view text) {
  const auto loaded = Document::load(text);
  if (const auto* fault = std::get_if<Fault>(&loaded)) return {fault->text()};
  std::vector<std::string> all;
  for (const Finding& finding : validate(std::get<Document>(loaded)))
    all.push_back((finding.severity == Finding::Severity::error ? "error: " : "warning: ") +
                  finding.path + ": " + finding.what);
  return all;
}

TEST(Validate, TakesEverythingThereIs) {
  EXPECT_THAT(findings(whole_document()), IsEmpty());
}

TEST(Validate, SaysElementPathLineAndWhatIsAllowed) {
  const auto loaded = Document::load(
      "<cib validate-with='pacemaker-3.9' admin_epoch='0' epoch='1' num_updates='0'>\n"
      "<configuration><crm_config/><nodes/>\n<resources>\n<primitive id='a' class='lsb' type='b'/>"
      "\n<group id='a'><primitive id='c' class='lsb' tipe='b'/></group>\n</resources>"
      "<constraints/></configuration><status><anything goes='here'/></status></cib>");
  const auto found = validate(std::get<Document>(loaded));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].line, 5u);
  EXPECT_EQ(found[0].element, "group");
  EXPECT_EQ(found[0].path, "/cib/configuration/resources/group[@id='a']");
  EXPECT_EQ(found[0].what,
            "the id \"a\" is that of /cib/configuration/resources/primitive[@id='a'] in line 4, "
            "too; ids are unique");
  EXPECT_EQ(found[1].path, "/cib/configuration/resources/group[@id='a']/primitive[@id='c']");
  EXPECT_EQ(found[1].what,
            "attribute \"tipe\" is not known here; there may be id, class, provider, type, "
            "template, description");
  EXPECT_EQ(found[2].what, "there is no type, and it must be");
}

struct Case {
  std::string_view piece, other, expected;  // the last part of the path, and what
};
class Broken : public testing::TestWithParam<Case> {};

TEST_P(Broken, IsNoticedOnce) {
  const auto& [piece, other, expected] = GetParam();
  EXPECT_THAT(findings(whole_document_with(piece, other)),
              ElementsAre(HasSubstr(std::string(expected))));
}

constexpr Case cases[] = {
    // elements
    {"<rsc_defaults>", "<foo/><rsc_defaults>",
     "error: /cib/configuration/foo: is not known here; in <configuration> there may be "
     "<crm_config>, <nodes>"},
    {"<nodes>", "<nodes><primitive/>",
     "nodes/primitive: is not known here; in <nodes> there may be"},
    {"<select_nodes/>", "<select_nodes><a/></select_nodes>",
     "a: is not known here; in <select_nodes> there is no element"},
    {"<status/>", "", "/cib: <status> is missing in it"},
    {"<status/>", "<status/><status/>", "/cib: 2 times <status> in it, and once is the most"},
    {"<docker", "<podman image=\"x\"/><docker", "2 times <docker> or <rkt> or <podman> in it"},
    {"<select>", "<select/><select>", "2 times <select> in it"},
    {"<obj_ref id=\"p_ip\"/><obj_ref id=\"p_l\"/>", "",
     "tag[@id='tg']: <obj_ref> is missing in it"},
    {"<nodes>", "<nodes>text", "/cib/configuration/nodes: there is text in it"},
    // attributes
    {"uname=\"node2\"", "", "node[@id='2']: there is no uname, and it must be"},
    {"epoch=\"12\"", "", "/cib: there is no epoch, and it must be"},
    {"have-quorum=\"1\"", "quorum=\"1\"", "/cib: attribute \"quorum\" is not known here"},
    {"<primitive id=\"p_l\" class=\"lsb\"", "<primitive id=\"p_l\" class=\"ocf\"",
     "there is no provider, and it must be"},
    {"<primitive id=\"p_t\" template=\"tmpl\"", "<primitive id=\"p_t\" class=\"lsb\"",
     "there is no type, and it must be"},
    {"<primitive id=\"p_t\"", "<primitive id=\"p_t\" class=\"lsb\" type=\"x\"",
     "there may be only one of class, template"},
    {"rsc=\"p_ip\" node=\"node1\"", "node=\"node1\"",
     "there is no rsc, no rsc-pattern, no <resource_set>, and one must be"},
    {"<rsc_location id=\"l3\"", "<rsc_location id=\"l3\" node=\"node1\"",
     "there may be only one of node, <rule>"},
    {"target-value=\"b\"", "", "there is no target-value, and it must be"},
    {"<nvpair id-ref=\"mn\"", "<nvpair id-ref=\"mn\" id=\"x\"",
     "there may be only one of id, id-ref"},
    {"operation=\"in_range\" start=\"2020-01-01\" end=\"2021-01-01\"",
     "operation=\"lt\" start=\"2020-01-01\"", "there is no end, and it must be"},
    // values
    {"id=\"g2\"", "id=\"1\"", "primitive[@id='1']: \"1\" as id: a name of letters, digits"},
    {"class=\"lsb\"", "class=\"lbs\"",
     "\"lbs\" as class: ocf or lsb or heartbeat or stonith or upstart or service or systemd or "
     "nagios is wanted"},
    {"symmetrical=\"true\"", "symmetrical=\"maybe\"",
     "\"maybe\" as symmetrical: true or false or 1 or 0 is wanted"},
    {"score=\"-5\"", "score=\"-5s\"",
     "\"-5s\" as score: a score, as in 100 or -INFINITY, is wanted"},
    {"role=\"Stopped\"", "role=\"Sopped\"", "\"Sopped\" as role: Stopped or Started or Promoted"},
    {"epoch=\"12\"", "epoch=\"-1\"", "\"-1\" as epoch: a whole number from 0 on is wanted"},
    {"index=\"1\"", "index=\"0\"", "\"0\" as index: a whole number from 1 on is wanted"},
    {"index=\"1\" devices=\"f\"", "index=\"1\" devices=\"f, g\"", "\"f, g\" as devices: a list of"},
    {"index=\"1\" devices=\"f\"", "index=\"1\" devices=\"f,\"", "\"f,\" as devices: a list of"},
    {"range=\"1-5\"", "range=\"1-5-7\"", "\"1-5-7\" as range: a number, or two"},
    {"uname=\"node2\"", "uname=\"\"", "\"\" as uname: a text that is not empty is wanted"},
    {"pacemaker-3.9", "pacemaker-3", "\"pacemaker-3\" as validate-with: \"none\", or"},
    // what is only warned of
    {"hours=\"9-16\"", "hours=\"9-16,20\"", "\"9-16,20\" as hours: a number, or two with"},
    {"hours=\"9-16\"", "hours=\"\"", "\"\" as hours: a number, or two with"},
    {"months=\"3\" hours=\"2\"", "months=\"3-4\" hours=\"2\"",
     "\"3-4\" as months: a whole number is wanted"},
    {"timeout=\"20s\"", "timeout=\"soon\"",
     "warning: /cib/configuration/resources/primitive[@id='p_ip']/operations[@id='ops']/"
     "op[@id='op1']: \"soon\" as timeout: a duration, as in 20, 90s, 5min or PT1H, is wanted"},
    {"<obj_ref id=\"p_ip\"", "<obj_ref id=\"nobody\"",
     "warning: /cib/configuration/tags/tag[@id='tg']/obj_ref[@id='nobody']: \"nobody\" as id: no "
     "element has this id"},
    // references
    {"with-rsc=\"c\"", "with-rsc=\"nobody\"", "\"nobody\" as with-rsc: no element has this id"},
    {"with-rsc=\"c\"", "with-rsc=\"mm\"",
     "\"mm\" as with-rsc: that is /cib/configuration/resources/primitive[@id='p_ip']/"
     "meta_attributes[@id='mm'], and a resource is wanted"},
    {"template=\"tmpl\"", "template=\"nobody\"", "\"nobody\" as template: no element has this id"},
    {"template=\"tmpl\"", "template=\"p_l\"",
     "\"p_l\" as template: that is /cib/configuration/resources/primitive[@id='p_l'], and a "
     "template "
     "is wanted"},
    {"id-ref=\"mn\"", "id-ref=\"nobody\"", "\"nobody\" as id-ref: no element has this id"},
    {"<resource_ref id=\"g\"", "<resource_ref id=\"nobody\"", "\"nobody\" as id: no element has"},
    {"first=\"c\" then=\"p_ip\"", "first=\"c\" then=\"nobody\"", "\"nobody\" as then: no element"},
    {"id=\"g1\"", "id=\"p_l\"", "the id \"p_l\" is that of /cib/configuration/resources/primitive"},
};
INSTANTIATE_TEST_SUITE_P(Validate, Broken, testing::ValuesIn(cases));

TEST(Validate, TakesOldSpellings) {
  EXPECT_THAT(findings(whole_document_with(
                  "<clone id=\"c\" description=\"x\">",
                  "<master id=\"m\"><primitive id=\"m1\" class=\"lsb\" type=\"x\"/></master>"
                  "<clone id=\"c\" description=\"x\">")),
              IsEmpty());
  EXPECT_THAT(
      findings(whole_document_with("with-rsc-role=\"Started\"", "with-rsc-role=\"Master\"")),
      IsEmpty());
  EXPECT_THAT(findings(whole_document_with("role=\"Stopped\"", "role=\"Slave\"")), IsEmpty());
}

TEST(Validate, IsNotDoneWhereTheDocumentSaysSo) {
  for (const auto* name : {"none", ""}) {
    auto text = whole_document_with("pacemaker-3.9", name);
    text.replace(text.find("<nodes>"), 7, "<foo/><nodes>");
    EXPECT_THAT(findings(text), IsEmpty()) << name;
  }
  EXPECT_THAT(findings("<cib><foo/></cib>"), IsEmpty());
}

TEST(Validate, SaysNoMoreThanIsRead) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "<foo/>";
  EXPECT_EQ(findings(whole_document_with("<nodes>", "<nodes>" + many)).size(), findings_max);
}

TEST(Validate, FindsAnErrorBehindManyWarnings) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "<obj_ref id='nobody'/>";
  const auto found =
      findings(whole_document_with("<tag id=\"tg\">", "<tag id=\"tg\">" + many + "<foo/>"));
  EXPECT_THAT(found, testing::Contains(HasSubstr("error: ")));
  EXPECT_EQ(found.size(), findings_max + 1);
}

TEST(Grammar, KnowsEveryElementThatItNames) {
  for (const auto& [name, element] : grammar())
    for (const Counted& counted : element.children)
      for (const auto child : counted.names)
        EXPECT_TRUE(child == "status" || grammar().contains(child)) << name << " has " << child;
}

TEST(Grammar, KnowsEveryKindThatItNames) {
  for (const auto& [name, element] : grammar())
    for (const auto& attribute : element.attributes)
      EXPECT_NE(attribute.words.size(), 1u) << name << ' ' << attribute.name;
}

TEST(Grammar, RequiresOnlyWhatMayBe) {
  for (const auto& [name, element] : grammar()) {
    std::vector<Parts> all = element.exclusive;
    for (const auto& required : element.required) all.push_back(required.alternatives);
    for (const auto& parts : all)
      for (const auto part : parts)
        EXPECT_TRUE(part.starts_with('<')
                        ? element.child(part.substr(1, part.size() - 2)) != nullptr
                        : element.attribute(part) != nullptr)
            << name << ' ' << part;
  }
}

}  // namespace
}  // namespace gyre::rm
