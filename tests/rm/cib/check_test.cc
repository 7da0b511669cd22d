#include "rm/cib/check.hh"

#include <gmock/gmock.h>

#include "tests/rm/cib/whole.hh"

namespace gyre::rm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> findings(std::string_view text, Seconds now = 0) {
  const auto loaded = Document::load(text);
  if (const auto* fault = std::get_if<Fault>(&loaded)) return {fault->text()};
  constexpr const char* words[] = {"note: ", "warning: ", "error: "};
  std::vector<std::string> all;
  for (const Finding& finding : check(std::get<Document>(loaded), now))
    all.push_back(words[static_cast<int>(finding.severity)] + finding.what);
  return all;
}

// In the whole document, instead of the option stonith-enabled=false.
std::vector<std::string> with_option(std::string_view name, std::string_view value) {
  return findings(whole_document_with(
      "name=\"cluster-name\" value=\"x\"",
      "name=\"" + std::string(name) + "\" value=\"" + std::string(value) + '"'));
}
std::vector<std::string> with_meta(std::string_view name, std::string_view value) {
  return findings(whole_document_with(
      "name=\"priority\" value=\"10\"",
      "name=\"" + std::string(name) + "\" value=\"" + std::string(value) + '"'));
}
std::vector<std::string> with_constraint(std::string_view constraints) {
  return findings(whole_document_with("<constraints>", "<constraints>" + std::string(constraints)));
}
std::vector<std::string> with_op(std::string_view op) {
  return findings(whole_document_with("<op id=\"op1\"", std::string(op) + "<op id=\"op1\""));
}

TEST(Check, FindsNothingWhereNothingIs) {
  EXPECT_THAT(findings(whole_document()), IsEmpty());
  EXPECT_THAT(findings("<cib/>"),
              ElementsAre(HasSubstr("STONITH"), HasSubstr("STONITH"), HasSubstr("STONITH")));
}

TEST(CheckFencing, WantsADeviceUnlessItIsOff) {
  auto text =
      whole_document_with("class=\"stonith\" type=\"fence_xvm\"", "class=\"lsb\" type=\"x\"");
  EXPECT_THAT(findings(text), IsEmpty());
  const auto off = text.find("name=\"stonith-enabled\"");
  text.replace(off, 22, "name=\"other\"");
  const auto loaded = Document::load(text);
  const auto found = check(std::get<Document>(loaded), 0);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].what,
            "Resource start-up disabled since no STONITH resources have been defined");
  EXPECT_EQ(found[1].what,
            "Either configure some or disable STONITH with the stonith-enabled option");
  EXPECT_EQ(found[2].what, "NOTE: Clusters with shared data need STONITH to ensure data integrity");
  EXPECT_EQ(found[2].path, "/cib/configuration/crm_config");
  EXPECT_THAT(found[2].advice, HasSubstr("class=\"stonith\""));
  EXPECT_THAT(found[2].advice, HasSubstr("name=\"stonith-enabled\" value=\"false\""));

  const auto with = [&](std::string_view option) {
    auto changed = text;
    return findings(changed.replace(changed.find("name=\"other\" value=\"false\""), 26, option));
  };
  EXPECT_THAT(with("name=\"have-watchdog\" value=\"true\""), IsEmpty());
  EXPECT_THAT(with("name=\"fencing-enabled\" value=\"false\""), IsEmpty());
  text.replace(text.find("<template id=\"tmpl\" class=\"ocf\" provider=\"pacemaker\""), 52,
               "<template id=\"tmpl\" class=\"stonith\"");
  EXPECT_THAT(findings(text), IsEmpty());
}

TEST(CheckFencing, IsWhatSuicideNeeds) {
  EXPECT_THAT(
      with_option("no-quorum-policy", "suicide"),
      ElementsAre("error: Resetting no-quorum-policy to 'stop' because fencing is disabled"));
}

TEST(CheckFencing, IsFoundInLinearTime) {
  std::string all;
  for (int i = 0; i < 100'000; ++i)
    all += "<primitive id='x" + std::to_string(i) + "' template='x'/>";
  EXPECT_EQ(findings("<cib><configuration><resources>" + all + "</resources></configuration></cib>")
                .size(),
            3u);
}

TEST(CheckOptions, HaveAForm) {
  const std::pair<const char*, const char*> bad[] = {
      {"symmetric-cluster", "perhaps"}, {"cluster-delay", "soon"},      {"batch-limit", "few"},
      {"node-health-red", "red"},       {"placement-strategy", "well"}, {"placement-strategy", ""},
      {"no-quorum-policy", "stop it"},  {"stop-removed-actions", "yep"}};
  for (const auto& [name, value] : bad)
    EXPECT_THAT(with_option(name, value),
                ElementsAre("error: Using default value for cluster option '" + std::string(name) +
                            "' because '" + value + "' is invalid"));
  const std::pair<const char*, const char*> good[] = {
      {"symmetric-cluster", "No"}, {"cluster-delay", "PT5M"}, {"batch-limit", "1.5"},
      {"node-health-red", "-10"},  {"stonith-action", "off"}, {"fencing-timeout", "60s"},
      {"anything", "else"}};
  for (const auto& [name, value] : good) EXPECT_THAT(with_option(name, value), IsEmpty()) << name;
  EXPECT_THAT(with_option("dc-deadtime", "soon"),
              ElementsAre(HasSubstr("note: Using default value for cluster option 'dc-deadtime'")));
  EXPECT_THAT(with_option("stonith-action", "poweroff"),
              ElementsAre(HasSubstr("warning: Support for stonith-action of 'poweroff'")));
}

TEST(CheckResources, HaveMetaAttributesThatCount) {
  EXPECT_THAT(with_meta("target-role", "foo"),
              ElementsAre("error: Ignoring 'target-role' for p_ip because 'foo' is not valid"));
  EXPECT_THAT(
      with_meta("target-role", "master"),
      ElementsAre("error: Ignoring 'target-role' for p_ip because 'master' only makes sense "
                  "for promotable clones"));
  EXPECT_THAT(with_meta("target-role", "stopped"), IsEmpty());
  EXPECT_THAT(findings(whole_document_with("<nvpair id-ref=\"mn\"/>",
                                           "<nvpair id-ref=\"mn\" name=\"target-role\"/>")),
              IsEmpty());
  EXPECT_THAT(
      findings(whole_document_with("<nvpair id=\"cmn\"",
                                   "<nvpair id=\"x\" name=\"promotable\" value=\"true\"/><nvpair "
                                   "id=\"y\" name=\"target-role\" value=\"Master\"/><nvpair "
                                   "id=\"cmn\"")),
      IsEmpty());
  EXPECT_THAT(with_meta("requires", "luck"),
              ElementsAre("error: Resetting 'requires' for p_ip to 'quorum' because 'luck' is not "
                          "valid"));
  EXPECT_THAT(with_meta("requires", "fencing"),
              ElementsAre("warning: p_ip requires fencing but fencing is disabled"));
  EXPECT_THAT(with_meta("multiple-active", "maybe"),
              ElementsAre(HasSubstr("warning: maybe is not a valid value for multiple-active")));
}

TEST(CheckResources, HaveOperationsThatCanBe) {
  EXPECT_THAT(
      with_op("<op id=\"x\" name=\"monitor\" interval=\"PT10S\"/>"),
      ElementsAre("error: Operation op1 is duplicate of x (do not use same name and interval "
                  "combination more than once per resource)"));
  EXPECT_THAT(with_op("<op id=\"x\" name=\"monitor\" interval=\"11\"/>"), IsEmpty());
  EXPECT_THAT(with_op("<op id=\"x\" name=\"start\" interval=\"11\"/>"),
              ElementsAre("error: Ignoring x because start action cannot be recurring"));
  EXPECT_THAT(
      with_op("<op id=\"x\" name=\"stop\" interval=\"0\" on-fail=\"stop\"/>"),
      ElementsAre("error: Resetting 'on-fail' for p_ip stop action to default value because "
                  "'stop' is not allowed for stop"));
  EXPECT_THAT(
      with_op("<op id=\"x\" name=\"start\" interval=\"0\" on-fail=\"fence\"/>"),
      ElementsAre("error: Resetting 'on-fail' for operation 'p_ip_start_0' to 'stop' because "
                  "'fence' is not valid when fencing is disabled"));
  EXPECT_THAT(with_op("<op id=\"x\" name=\"start\" interval=\"0\" on-fail=\"demote\"/>"),
              ElementsAre(HasSubstr("'demote' is not allowed for it")));
  EXPECT_THAT(with_op("<op id=\"x\" name=\"monitor\" interval=\"9\" role=\"Master\" "
                      "on-fail=\"demote\"/><op id=\"y\" name=\"promote\" interval=\"0\" "
                      "on-fail=\"demote\"/>"),
              IsEmpty());
}

TEST(CheckNames, InsideOfAClone) {
  EXPECT_THAT(with_constraint("<rsc_location id='x' rsc='c1' node='n' score='1'/>"),
              ElementsAre("error: Ignoring constraint 'x' because 'c1' is not a valid resource or "
                          "tag"));
  EXPECT_THAT(with_constraint("<rsc_order id='x'><resource_set id='y'><resource_ref id='c1'/>"
                              "<resource_ref id='g1'/></resource_set></rsc_order>"),
              ElementsAre(HasSubstr("Ignoring resource sets for constraint 'x' because 'c1'")));
  EXPECT_THAT(with_constraint("<rsc_location id='x' rsc='g1' node='n' score='1'/>"
                              "<rsc_location id='y' rsc='c' node='n' score='1'/>"),
              IsEmpty());
}

TEST(CheckNames, InsideOfACloneThatHasRun) {
  auto text = whole_document_with("<status/>",
                                  "<status><node_state><lrm><lrm_resources><lrm_resource id='c1'/>"
                                  "</lrm_resources></lrm></node_state></status>");
  text.insert(text.find("</constraints>"), "<rsc_location id='x' rsc='c1' node='n' score='1'/>");
  EXPECT_THAT(findings(text), IsEmpty());
}

TEST(CheckNames, OfNoOneAreNoOnes) {
  EXPECT_THAT(findings("<cib><configuration><crm_config><cluster_property_set><nvpair "
                       "name='stonith-enabled' value='0'/></cluster_property_set></crm_config>"
                       "<resources><clone><primitive/></clone></resources><constraints>text"
                       "<rsc_order id='x'/></constraints></configuration></cib>"),
              IsEmpty());
}

TEST(CheckNames, OfTemplatesAndTags) {
  EXPECT_THAT(with_constraint("<rsc_location id='x' rsc='tmpl' node='n' score='1'/>"), IsEmpty());
  auto text = whole_document_with(
      "<constraints>", "<constraints><rsc_location id='x' rsc='tmpl' node='n' score='1'/>");
  text.replace(text.find("<primitive id=\"p_t\" template=\"tmpl\"/>"), 37, "");
  EXPECT_THAT(findings(text), ElementsAre(HasSubstr("because 'tmpl' is not a valid resource")));
  EXPECT_THAT(with_constraint("<rsc_colocation id='x' rsc='tmpl' with-rsc='tg' score='1'/>"),
              ElementsAre("error: Ignoring constraint 'x' because two templates or tags cannot be "
                          "colocated"));
}

TEST(CheckConstraints, ThatContradictEachOtherAreNoted) {
  EXPECT_THAT(with_constraint("<rsc_location id='x' rsc='p_l' node='n' score='INFINITY'/>"
                              "<rsc_location id='y' rsc='p_l' node='n' score='-INFINITY'/>"),
              ElementsAre("note: p_l must be on n and must not: /cib/configuration/constraints/"
                          "rsc_location[@id='x'] says the opposite"));
  EXPECT_THAT(with_constraint("<rsc_colocation id='x' rsc='p_l' with-rsc='g' score='-INFINITY'/>"
                              "<rsc_colocation id='y' rsc='g' with-rsc='p_l' score='INFINITY'/>"),
              ElementsAre(HasSubstr("note: g and p_l must be together and must not")));
  EXPECT_THAT(with_constraint("<rsc_colocation id='x' rsc='p_l' with-rsc='p_l' score='1'/>"),
              ElementsAre("note: p_l with itself says nothing"));
  EXPECT_THAT(with_constraint("<rsc_location id='x' rsc='p_l' node='n' score='INFINITY'/>"
                              "<rsc_location id='y' rsc='p_l' node='m' score='-INFINITY'/>"
                              "<rsc_location id='z' rsc='p_l' node='n' score='-100'/>"),
              IsEmpty());
}

TEST(CheckConstraints, HaveValuesThatCount) {
  EXPECT_THAT(with_constraint("<rsc_colocation id='x' rsc='p_l' with-rsc='g' influence='some'/>"),
              ElementsAre("error: Constraint 'x' has invalid value for influence (using default)"));
  EXPECT_THAT(
      with_constraint("<rsc_location id='x' rsc-pattern='![' node='n' score='1'/>"),
      ElementsAre("error: Ignoring constraint 'x' because rsc-pattern has invalid value '!['"));
  EXPECT_THAT(with_constraint("<rsc_location id='x' rsc='g'><rule id='y' role='Boss' score='1'/>"
                              "<rule id='z'/></rsc_location>"),
              ElementsAre("error: Bad role specified for y: Boss",
                          "error: Rule z: no score specified.  Assuming 0."));
  EXPECT_THAT(with_constraint("<rsc_order id='x' first='g' then='g'/>"),
              ElementsAre("error: g cannot come before itself"));
}

constexpr const char* waits = "note: in this order each waits for the next, and none ever starts: ";

TEST(CheckOrders, CirclesAreNoted) {
  EXPECT_THAT(with_constraint("<rsc_order id='x' first='p_l' then='g'/><rsc_order id='y' first='g' "
                              "then='f'/><rsc_order id='z' first='f' then='p_l'/>"),
              ElementsAre(std::string(waits) +
                          "p_l (rsc_order x), g (rsc_order y), f (rsc_order z), and again"));
  EXPECT_THAT(with_constraint("<rsc_order id='x' first='g2' then='g1'/>"),
              ElementsAre(std::string(waits) + "g2 (rsc_order x), g1 (group g), and again"));
  EXPECT_THAT(
      with_constraint("<rsc_order id='x'><resource_set id='xx'><resource_ref id='p_l'/>"
                      "</resource_set><resource_set id='xy' sequential='false'><resource_ref "
                      "id='f'/></resource_set></rsc_order><rsc_order id='y' first='f' "
                      "then='p_l'/>"),
      ElementsAre(std::string(waits) + "p_l (rsc_order x), f (rsc_order y), and again"));
}

TEST(CheckOrders, OfOtherKindsAreNoCircles) {
  for (const auto* other :
       {"kind='Optional'", "score='0'", "first-action='stop'", "then-action='promote'"})
    EXPECT_THAT(
        with_constraint("<rsc_order id='x' first='p_l' then='g'/><rsc_order id='y' first='g' "
                        "then='p_l' " +
                        std::string(other) + "/>"),
        IsEmpty())
        << other;
  EXPECT_THAT(with_constraint("<rsc_order id='x' first='p_l' then='g'/><rsc_order id='y' first='f' "
                              "then='g'/><rsc_order id='z' first='p_l' then='f'/>"),
              IsEmpty());
}

TEST(CheckOrders, OfManyAreLinear) {
  constexpr int many = 20'000;
  std::string all;
  for (int i = 0; i < many; ++i) {
    const auto n = std::to_string(i), next = std::to_string((i + 1) % many);
    all += "<rsc_order id='o" + n + "' first='r" + n + "' then='r" + next + "'/><rsc_order id='q" +
           n + "' first='r" + n + "' then='s" + n + "'/>";
  }
  EXPECT_THAT(with_constraint(all), ElementsAre(HasSubstr("r15 (rsc_order o15), ...")));
}

}  // namespace
}  // namespace gyre::rm
