// Each kind of line: what it is read as, and that it is shown again as it was written.
#include "rm/configure/language.hh"

#include <gmock/gmock.h>

#include <sstream>

namespace gyre::rm::configure {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string xml_of(std::string_view text) {
  pugi::xml_document into;
  std::ostringstream out;
  parse(read_lines(text).at(0), into);
  into.first_child().print(out, "", pugi::format_raw);
  return out.str();
}

std::string mistake_in(std::string_view text) {
  try {
    xml_of(text);
  } catch (const Mistake& mistake) {
    return mistake.what();
  }
  return "none";
}

std::string shown(std::string_view xml, const Surroundings& around = {}) {
  pugi::xml_document document;
  document.load_buffer(xml.data(), xml.size());
  return show(document.first_child(), around);
}

// Read and shown.
std::string again(std::string_view text) {
  pugi::xml_document into;
  return show(parse(read_lines(text).at(0), into), {});
}

TEST(Language, Primitive) {
  EXPECT_EQ(xml_of("primitive p_ip ocf:heartbeat:IPaddr2 params ip=\"10.0.0.1\" nic=eth0 "
                   "op monitor interval=\"30s\" timeout=20s depth=1 meta target-role=Stopped"),
            "<primitive id=\"p_ip\" class=\"ocf\" provider=\"heartbeat\" type=\"IPaddr2\">"
            "<instance_attributes><nvpair name=\"ip\" value=\"10.0.0.1\"/>"
            "<nvpair name=\"nic\" value=\"eth0\"/></instance_attributes>"
            "<operations><op name=\"monitor\" interval=\"30s\" timeout=\"20s\">"
            "<instance_attributes><nvpair name=\"depth\" value=\"1\"/></instance_attributes></op>"
            "</operations><meta_attributes><nvpair name=\"target-role\" value=\"Stopped\"/>"
            "</meta_attributes></primitive>");
  EXPECT_EQ(
      again("primitive p ocf:heartbeat:IPaddr2 ip=1 op start timeout=5 a=\"b c\" op_meta x=1"),
      "primitive p IPaddr2 \\\n\tparams ip=1 \\\n\top start timeout=5 interval=0 \\\n"
      "\top_params a=\"b c\" \\\n\top_meta x=1");
  for (const std::string line :
       {"primitive p Dummy", "primitive p ocf:pacemaker:ping", "primitive p stonith:external/ssh",
        "primitive p systemd:foo@bar", "primitive p @t \\\n\tparams a=1",
        "primitive p Dummy \\\n\tdescription=\"two words\" \\\n\tparams a=\"\" \\\n\tmeta b=1 \\\n"
        "\tmeta c=2 \\\n\tutilization cpu=1",
        "primitive p Dummy \\\n\tparams 2: rule #uname eq a x=1 \\\n\tparams 1: x=2",
        "primitive p Dummy \\\n\toperations $id=ops \\\n\top monitor interval=10s",
        "primitive p Dummy \\\n\toperations  $id-ref=ops \\\n\tmeta $id-ref=m",
        "primitive p Dummy \\\n\tparams @a @b:c",
        "rsc_template t Dummy \\\n\tparams a=1 \\\n\top monitor interval=10s"})
    EXPECT_EQ(again(line), line);
}

TEST(Language, Containers) {
  EXPECT_EQ(xml_of("group g a b meta x=1"),
            "<group id=\"g\"><meta_attributes><nvpair name=\"x\" value=\"1\"/></meta_attributes>"
            "<member id=\"a\"/><member id=\"b\"/></group>");
  EXPECT_EQ(again("master m p master-max=1 meta notify=true"),
            "ms m p \\\n\tparams master-max=1 \\\n\tmeta notify=true");
  for (const std::string line : {"group g a b \\\n\tdescription=\"d e\"", "clone c g",
                                 "ms m p \\\n\tmeta master-max=1 notify=true", "tag t a b"})
    EXPECT_EQ(again(line), line);
  EXPECT_EQ(again("tag t: a b"), "tag t a b");
  EXPECT_EQ(shown("<clone id='c'><meta_attributes id='m'/><group id='g'><primitive id='p'/>"
                  "</group></clone>"),
            "clone c g");
}

TEST(Language, Locations) {
  for (const std::string line :
       {"location l g 100: node1", "location l g -inf: node1", "location l /web.*/ 1: n",
        "location l { a b:Master } resource-discovery=never 1: n",
        "location l g role=Promoted inf: n", "location l g role=Started \\\n\trule defined x",
        "location l g \\\n\trule -inf: not_defined pingd or pingd number:lte 0",
        "location l g \\\n\trule $role=Master 50: #uname eq a and b ne \"c d\" \\\n"
        "\trule pingd: defined pingd",
        "location l g \\\n\trule date lt 2009-05-26 and date in start=2009-05-26 end=2009-07-26 "
        "and date in start=2009-05-26 years=2 and date spec years=2009 hours=09-17",
        "location l g \\\n\trule date gt \"2009-05-26T10:00:00\"",
        "location l g \\\n\trule $id-ref=other"})
    EXPECT_EQ(again(line), line);
  EXPECT_EQ(xml_of("location l g rule inf: a gt 0 and b lt 1"),
            "<rsc_location id=\"l\" rsc=\"g\"><rule score=\"INFINITY\">"
            "<expression operation=\"gt\" attribute=\"a\" value=\"0\"/>"
            "<expression operation=\"lt\" attribute=\"b\" value=\"1\"/></rule></rsc_location>");
}

TEST(Language, ColocationsOrdersAndTickets) {
  for (const std::string line :
       {"colocation c inf: a b", "colocation c -100: a:Master b:Slave node-attribute=rack",
        "colocation c inf: a ( b c )", "colocation c inf: [ a b ] c:Started",
        "colocation c inf: ( a b )", "colocation c inf: a b ( c sequential=true )",
        "colocation c pingd: a b", "colocation c inf: _rsc_set_ ( a ) b", "order o a b",
        "order o Mandatory: a:promote b:start", "order o Serialize: a b ( c d )",
        "order o Optional: a b c symmetrical=false", "order o Mandatory: [ a b sequential=true ] c",
        "rsc_ticket t T: a", "rsc_ticket t T: a:Master b loss-policy=fence"})
    EXPECT_EQ(again(line), line);
}

TEST(Language, WordsOf2012) {
  EXPECT_EQ(again("order o inf: ms_drbd:promote g:start"),
            "order o Mandatory: ms_drbd:promote g:start");
  EXPECT_EQ(again("order o 0: a b"), "order o Optional: a b");
  EXPECT_EQ(again("order o advisory: a b"), "order o Optional: a b");
  EXPECT_EQ(again("order o mandatory: a b"), "order o Mandatory: a b");
  EXPECT_EQ(again("collocation c INFINITY: g ms_drbd:Master"),
            "colocation c inf: g ms_drbd:Master");
  EXPECT_EQ(again("colocation c inf: (a b) c"), "colocation c inf: ( a b ) c");
  EXPECT_EQ(shown("<rsc_order id='o' first='a' then='b' score='INFINITY'/>"),
            "order o Mandatory: a b");
}

TEST(Language, NodesFencingAndOptions) {
  for (const std::string line :
       {"node n", "node 1: n:member \\\n\tattributes a=\"b c\" \\\n\tutilization cpu=4",
        "fencing_topology a,b c", "fencing_topology \\\n\tn: a b \\\n\tm: c",
        "fencing_topology \\\n\tpattern:green.* a b \\\n\tattr:rack=1 c",
        "property p: \\\n\ta=1 \\\n\tb=\"2 3\"",
        "property p:", "property p: \\\n\trule date spec years=2014 \\\n\ta=1",
        "rsc_defaults r: \\\n\ta=1", "op_defaults o: \\\n\trule 100: #uname eq n \\\n\ta=true"})
    EXPECT_EQ(again(line), line);
  EXPECT_EQ(again("property a=1"), "property cib-bootstrap-options: \\\n\ta=1");
  EXPECT_EQ(again("rsc_defaults a=1"), "rsc_defaults rsc-options: \\\n\ta=1");
  EXPECT_EQ(again("op_defaults $id=x a=1"), "op_defaults x: \\\n\ta=1");
  EXPECT_EQ(again("node $id=7 n attributes a=1"), "node 7: n \\\n\tattributes a=1");
}

TEST(Language, EveryNodesLevelsAreShownOnce) {
  pugi::xml_document document;
  document.load_string(
      "<configuration><nodes><node id='1' uname='a'/><node id='2' uname='b'/>"
      "</nodes></configuration>");
  const Surroundings around(document.first_child());
  EXPECT_EQ(shown("<fencing-topology><fencing-level id='1' target='a' index='2' devices='y'/>"
                  "<fencing-level id='2' target='a' index='1' devices='x'/>"
                  "<fencing-level id='3' target='b' index='1' devices='x'/>"
                  "<fencing-level id='4' target='b' index='2' devices='y'/></fencing-topology>",
                  around),
            "fencing_topology x y");
  EXPECT_EQ(shown("<fencing-topology><fencing-level id='1' target='a' index='1' devices='x'/>"
                  "</fencing-topology>",
                  around),
            "fencing_topology \\\n\ta: x");
}

TEST(Language, WhatIsReferredToIsShownWithItsId) {
  pugi::xml_document document;
  document.load_string("<configuration><a id-ref='s'/><b id-ref='v'/></configuration>");
  const Surroundings around(document.first_child());
  EXPECT_EQ(shown("<primitive id='p' class='ocf' provider='heartbeat' type='Dummy'>"
                  "<instance_attributes id='s'><nvpair id='v' name='a' value='1'/>"
                  "<nvpair id='w' name='b' value='2'/></instance_attributes></primitive>",
                  around),
            "primitive p Dummy \\\n\tparams $id=s $v:a=1 b=2");
}

TEST(Language, WhatItCannotSayIsShownAsXml) {
  EXPECT_EQ(shown("<primitive id='p' class='ocf' provider='heartbeat' type='Dummy'>"
                  "<instance_attributes id='i'><nvpair id='n' name='a b' value='1'/>"
                  "</instance_attributes></primitive>"),
            "xml <primitive id=\"p\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"> \\\n"
            "  <instance_attributes id=\"i\"> \\\n"
            "    <nvpair id=\"n\" name=\"a b\" value=\"1\"/> \\\n"
            "  </instance_attributes> \\\n</primitive>");
  EXPECT_THAT(shown("<acl_role id='r'/>"), StartsWith("xml <acl_role"));
  pugi::xml_document options;
  options.load_string(
      "<rsc_defaults><meta_attributes id='m'><nvpair id='n' name='a b' value='1'/>"
      "</meta_attributes></rsc_defaults>");
  const auto defaults = show(options.first_child().first_child(), {});
  EXPECT_THAT(defaults, StartsWith("xml <rsc_defaults> \\\n  <meta_attributes id=\"m\"> "));
  EXPECT_EQ(again(defaults), defaults);
  EXPECT_THAT(shown("<rsc_colocation id='c' rsc='a' with-rsc='b'/>"), StartsWith("xml "));
  const std::string as_xml = "xml <alert id=\"a\" path=\"/b\"/>";
  EXPECT_EQ(again(as_xml), as_xml);
  EXPECT_EQ(xml_of(as_xml), "<alert id=\"a\" path=\"/b\"/>");
}

TEST(Language, MistakesNameTheWordAndWhatIsAllowed) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"foo a", "line 1: at \"foo\": one of these is expected: node, rsc_template, primitive"},
      {"primitive", "after \"primitive\": the primitive's id is expected"},
      {"primitive 9d Dummy", "at \"9d\": the primitive's id is expected: it begins with"},
      {"primitive p", "after \"p\": [CLASS:[PROVIDER:]]TYPE is expected"},
      {"primitive p lsb:a:b", "at \"lsb:a:b\": [CLASS:[PROVIDER:]]TYPE is expected"},
      {"primitive p Dummy param ip=1", "at \"param\": NAME=VALUE, params, meta"},
      {"primitive p Dummy params", "after \"params\": NAME=VALUE is expected"},
      {"primitive p Dummy op", "after \"op\": an operation"},
      {"primitive p Dummy operations $id=a operations $id=b", "its operations are there already"},
      {"group g", "the id of a resource is expected"},
      {"group g a b foo", "none"},
      {"clone c a b", "at \"b\": meta or params is expected"},
      {"location l a 100 n", "at \"100\": SCORE: NODE or rule is expected"},
      {"location l a 100:", "a node is expected"},
      {"location l a rule x foo y", "at \"foo\": lt, gt, lte, gte, eq or ne is expected"},
      {"location l a rule x eq 1 and y eq 2 or z eq 3", "at \"or\": and is expected"},
      {"location l a rule date spec foo=1", "hours=, monthdays="},
      {"location l a rule date in foo=1", "start=DATE or end=DATE is expected"},
      {"location l a 1: n foo=1", "only role= and resource-discovery= can be said here"},
      {"location l { a 1: n", "is expected"},
      {"colocation c a b", "at \"a\": SCORE:, as in inf: or -100:, is expected"},
      {"colocation c inf: a", "a second resource is expected"},
      {"colocation c inf: a b:Foo", "at \"b:Foo\": a role is expected"},
      {"colocation c inf: ( a ( b", "sets are not within each other"},
      {"colocation c inf: ( a b", "after \"b\": ) is expected"},
      {"colocation c inf: ( )", "a resource is expected in the set"},
      {"colocation c inf: a ]", "no [ is open"},
      {"colocation c inf: ( a b sequential=maybe )", "true or false is expected"},
      {"order o foo: a b", "at \"foo:\": Mandatory:, Optional: or Serialize: is expected"},
      {"order o a:bar b", "an action is expected behind the colon"},
      {"order o a b kind=Optional", "only these can be said here: symmetrical"},
      {"rsc_ticket t T a", "TICKET: is expected"},
      {"property x", "NAME=VALUE is expected"},
      {"property x=", "a value is expected behind ="},
      {"property 9: x=1", "the id of a set of options is expected"},
      {"fencing_topology n:", "a fence device is expected"},
      {"fencing_topology attr:x a", "attr:NAME=VALUE is expected"},
      {"tag t", "the id of an object is expected"},
      {"xml", "an element is expected"},
      {"xml <a>", "line 1: "},
      {"xml <foo/>", "<foo> is no object of a configuration"},
      {"bundle b docker image=x", "at \"bundle\": one of these is expected"},
  };
  for (const auto& [line, what] : mistakes) EXPECT_THAT(mistake_in(line), HasSubstr(what)) << line;
}

}  // namespace
}  // namespace gyre::rm::configure
