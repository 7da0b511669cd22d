#include "rm/show/problems.hh"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "rm/schedule/plan.hh"

namespace gyre::rm::show {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// A cluster of two nodes, as far as a test does not say something else.
struct Parts {
  std::string options = "<nvpair id='o1' name='stonith-enabled' value='false'/>";
  std::string second = "in_ccm='true' crmd='online' join='member' expected='member'";
  std::string resources = "<primitive id='a' class='ocf' provider='pacemaker' type='Dummy'/>";
  std::string constraints = {}, status = {}, history = {}, quorum = "1";
};

std::string text_of(const Parts& parts) {
  return fmt::format(
      "<cib have-quorum='{}' dc-uuid='1'><configuration><crm_config><cluster_property_set id='o'>{}"
      "</cluster_property_set></crm_config><nodes><node id='1' uname='n1'/><node id='2' "
      "uname='n2'/></nodes><resources>{}</resources><constraints>{}</constraints></configuration>"
      "<status><node_state id='1' uname='n1' in_ccm='true' crmd='online' join='member' "
      "expected='member'>{}</node_state><node_state id='2' uname='n2' {}/>{}</status></cib>",
      parts.quorum, parts.options, parts.resources, parts.constraints, parts.history, parts.second,
      parts.status);
}

std::vector<std::string> problems_of(const Parts& parts) {
  const auto loaded = Document::load(text_of(parts));
  if (const auto* fault = std::get_if<Fault>(&loaded)) return {fault->text()};
  const auto& document = std::get<Document>(loaded);
  schedule::Cluster cluster;
  schedule::unpack(cluster, {document.cib(), 1000});
  schedule::plan(cluster);
  constexpr const char* words[] = {"note: ", "warning: ", "error: "};
  std::vector<std::string> all;
  for (const Finding& finding : problems(document, cluster)) {
    EXPECT_EQ(finding.line, 1u) << finding.what;
    EXPECT_FALSE(finding.path.empty() || finding.advice.empty()) << finding.what;
    all.push_back(words[static_cast<int>(finding.severity)] + finding.what);
  }
  return all;
}

std::string with_meta(std::string_view element, std::string_view name, std::string_view value) {
  return fmt::format(
      "<{0} id='c'><meta_attributes id='m'><nvpair id='m1' name='{1}' value='{2}'/>"
      "</meta_attributes>{3}</{0}>",
      element, name, value,
      element == "primitive" ? "" : "<primitive id='a' class='ocf' type='x'/>");
}

// What a_TASK did on n1.
std::string did(std::string_view id, std::string_view task, int code, int expected,
                int interval = 0, std::string_view more = "op-status='0'") {
  return fmt::format(
      "<lrm id='1'><lrm_resources><lrm_resource id='{0}' class='ocf' provider='pacemaker' "
      "type='Dummy'><lrm_rsc_op id='x' operation='{1}' operation_key='{0}_{1}_{4}' "
      "interval='{4}' transition-key='1:1:{3}:u' rc-code='{2}' call-id='1' {5}/></lrm_resource>"
      "</lrm_resources></lrm>",
      id, task, code, expected, interval, more);
}

constexpr const char* device = "<primitive id='f' class='stonith' type='fence_xvm'/>";
constexpr const char* lost = "in_ccm='false' crmd='offline' join='down' expected='member'";

TEST(Problems, AreNoneWhereNothingIs) {
  EXPECT_THAT(problems_of({}), IsEmpty());
}

TEST(Problems, NodesThatAreToBeFenced) {
  EXPECT_THAT(problems_of({.options = {}, .second = lost, .resources = device}),
              ElementsAre("warning: n2 is to be fenced: peer is no longer part of the cluster"));
  EXPECT_THAT(problems_of({.options = {}, .second = lost, .resources = device, .quorum = "0"}),
              Contains("warning: n2 would have to be fenced, and cannot be: peer is no longer part "
                       "of the cluster"));
  EXPECT_THAT(
      problems_of({.second = "in_ccm='true' crmd='offline' join='down' expected='member'"}),
      ElementsAre("warning: n2 would have to be fenced, and cannot be: peer is unexpectedly down"));
}

TEST(Problems, NodesThatAreNotKnown) {
  EXPECT_THAT(problems_of({.status = "<node_state id='9' uname='n9'/>"}),
              ElementsAre("warning: n9 has a state, but is configured no more"));
  EXPECT_THAT(problems_of({.options = "<nvpair id='o1' name='startup-fencing' value='false'/>",
                           .resources = device}),
              ElementsAre(HasSubstr("taken to be off (startup-fencing)")));
}

TEST(Problems, Failures) {
  const auto started = did("a", "start", 1, 0, 0, "op-status='4' exit-reason='no disk'");
  const auto twice = std::string(started).replace(
      started.find("</lrm_resource>"), 0,
      "<lrm_rsc_op id='a_last_failure_0' operation='start' operation_key='a_start_0' interval='0' "
      "transition-key='1:1:0:u' rc-code='1' call-id='1' op-status='4' exit-reason='no disk'/>");
  EXPECT_THAT(problems_of({.history = twice}),
              ElementsAre("note: start of a on n1 failed: 1 (error): no disk"));
  EXPECT_THAT(problems_of({.history = did("a", "monitor", 5, 7, 0, "op-status='4'")}),
              ElementsAre("note: probe of a on n1 failed: 5 (not installed)",
                          "note: a may not run on n1: the agent says that it cannot run there"));
  EXPECT_THAT(problems_of({.history = did("a", "monitor", 198, 0, 10000, "op-status='2'")}),
              ElementsAre("note: monitor of a on n1 failed: timed out"));
  EXPECT_THAT(problems_of({.history = did("a", "stop", 1, 0, 0, "op-status='4'")}),
              ElementsAre("note: stop of a on n1 failed: 1 (error)",
                          "note: a may not run on n1: it could not be stopped there",
                          "note: a is blocked: nothing is done with it any more"));
}

TEST(Problems, FailuresThatDoNotRunOut) {
  const std::string count =
      "<transient_attributes id='1'><instance_attributes id='t'><nvpair id='t1' "
      "name='fail-count-a#monitor_10000' value='1'/></instance_attributes></transient_attributes>";
  const std::string resource =
      "<primitive id='a' class='ocf' provider='pacemaker' type='Dummy'><meta_attributes id='m'>"
      "<nvpair id='m1' name='failure-timeout' value='9'/></meta_attributes><operations><op id='op' "
      "name='monitor' interval='10' on-fail='block'/></operations></primitive>";
  const auto failed = did("a", "monitor", 7, 0, 10000, "op-status='4'");
  EXPECT_THAT(problems_of({.resources = resource, .history = failed + count}),
              Contains(StartsWith("warning: failures of a are never forgotten")));
  EXPECT_THAT(problems_of({.resources = resource, .history = did("a", "start", 0, 0) + count}),
              IsEmpty());
}

TEST(Problems, WhatIsActiveAndShouldNotBe) {
  EXPECT_THAT(problems_of({.history = did("z", "start", 0, 0)}),
              ElementsAre("warning: z is active on n1, and configured no more"));
  EXPECT_THAT(problems_of({.resources = with_meta("clone", "clone-max", "0"),
                           .history = did("a", "start", 0, 0)}),
              ElementsAre("warning: a:0 is active on n1, and is one instance more than clone-max "
                          "allows"));
  EXPECT_THAT(problems_of({.second = "in_ccm='true' crmd='online' join='member'>" +
                                     did("a", "start", 0, 0) + "</node_state><node_state id='1'",
                           .history = did("a", "start", 0, 0)}),
              Contains("note: a is active on n1 and n2 at once"));
}

TEST(Problems, WhatCannotRun) {
  EXPECT_THAT(problems_of({.constraints = "<rsc_location id='l1' rsc='a' node='n1' "
                                          "score='-INFINITY'/><rsc_location id='l2' rsc='a' "
                                          "node='n2' score='-INFINITY'/>"}),
              ElementsAre("note: a can run on no node"));
  EXPECT_THAT(problems_of({.quorum = "0"}),
              ElementsAre(StartsWith("note: the nodes have no quorum"),
                          "note: Start of a ( n1 ) cannot be done: no quorum"));
}

TEST(SettingProblems, OfOptionsAndNodes) {
  Parts parts;
  parts.options += "<nvpair id='o2' name='remove-after-stop' value='true'/>";
  EXPECT_THAT(problems_of(parts), ElementsAre(StartsWith("warning: remove-after-stop ")));
  const auto loaded = Document::load(
      "<cib have-quorum='1'><configuration><nodes><node id='1' "
      "uname='p' type='ping'/></nodes></configuration></cib>");
  const auto& document = std::get<Document>(loaded);
  schedule::Cluster cluster;
  schedule::unpack(cluster, {document.cib(), 0});
  Findings findings(document);
  setting_problems(cluster, findings);
  const auto found = findings.take();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].what, "p is a node of type ping, which runs nothing");
}

TEST(SettingProblems, OfResources) {
  const auto problem_of = [](std::string_view element, std::string_view name,
                             std::string_view value) {
    return problems_of({.resources = with_meta(element, name, value)});
  };
  EXPECT_THAT(problem_of("group", "ordered", "false"),
              ElementsAre("warning: the members of group c start in no order"));
  EXPECT_THAT(problem_of("group", "collocated", "false"),
              ElementsAre("warning: the members of group c need not run on one node"));
  EXPECT_THAT(problem_of("group", "ordered", "true"), IsEmpty());
  EXPECT_THAT(problem_of("group", "restart-type", "restart"),
              ElementsAre(StartsWith("warning: restart-type makes c restart")));
  EXPECT_THAT(problem_of("group", "migration-threshold", "-1"),
              ElementsAre("warning: migration-threshold of c is below zero: 1 counts"));
  EXPECT_THAT(problem_of("clone", "clone-node-max", "2"),
              ElementsAre("error: clone-node-max of c is 2, but no two of its instances can be on "
                          "one node: 1 counts"));
  EXPECT_THAT(problem_of("clone", "clone-node-max", "1"), IsEmpty());
  EXPECT_THAT(problem_of("clone", "clone-max", "1000"), IsEmpty());
  EXPECT_THAT(problem_of("clone", "clone-max", "INFINITY"),
              ElementsAre("error: clone-max of c is 1000000: 1000 counts"));
}

TEST(SettingProblems, OfConstraints) {
  const std::string two =
      with_meta("clone", "interleave", "true") + "<primitive id='b' class='ocf' type='x'/>";
  const auto of = [&](std::string constraint) {
    return problems_of({.resources = two, .constraints = std::move(constraint)});
  };
  EXPECT_THAT(of("<rsc_order id='x' first='b' then='c' score='0'/>"),
              ElementsAre("warning: x has a score, which orders without degrees"));
  EXPECT_THAT(of("<rsc_order id='x' first='b' then='c' kind='Optional' score='0'/>"), IsEmpty());
  EXPECT_THAT(of("<rsc_order id='x' first='c' then='b' require-all='true'/>"),
              ElementsAre("warning: x says with require-all how many of c are enough"));
  EXPECT_THAT(of("<rsc_order id='x' first='b' then='c' require-all='true'/>"), IsEmpty());
  EXPECT_THAT(of("<rsc_ticket id='x' rsc='b' ticket='T' loss-policy='fence'/>"),
              Contains("error: loss-policy of x is fence, but fencing is disabled: stop counts"));
  EXPECT_THAT(of("<rsc_ticket id='x' rsc='b' ticket='T' loss-policy='stop'/>"),
              Not(Contains(StartsWith("error"))));
}

}  // namespace
}  // namespace gyre::rm::show
