#include "rm/configure/edit.hh"

#include <gmock/gmock.h>

#include "rm/cib/validate.hh"
#include "rm/configure/language.hh"

namespace gyre::rm::configure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class EditTest : public testing::Test {
 protected:
  EditTest()
      : document_(load()), edit_(document_, [](std::string_view type) {
          return type == "ping" ? "pacemaker" : "heartbeat";
        }) {}

  static Document load() {
    return std::get<Document>(
        Document::load("<cib validate-with='pacemaker-3.9' admin_epoch='0' epoch='1' "
                       "num_updates='0'><configuration><crm_config/><nodes>"
                       "<node id='1' uname='n1'/><node id='2' uname='n2'/></nodes><resources/>"
                       "<constraints/></configuration><status/></cib>"));
  }
  void define(std::string_view text) {
    for (const Line& line : read_lines(text)) edit_.define(line);
  }
  void remove(std::vector<std::string> names) { edit_.remove(names); }
  template <typename Function>
  static std::string mistake_of(Function function) {
    try {
      function();
    } catch (const Mistake& mistake) {
      return mistake.what();
    }
    return "none";
  }
  // All but the nodes.
  std::string shown() const {
    auto all = objects(document_.configuration());
    std::erase_if(all, [](auto object) { return std::string_view(object.name()) == "node"; });
    return show_all(all, Surroundings(document_.configuration()));
  }
  std::string id_at(const char* path) const {
    return document_.cib().select_node(path).node().attribute("id").value();
  }

  Document document_;
  Edit edit_;
};

TEST_F(EditTest, GivesIdsThatSayWhereTheyAre) {
  define(
      "primitive p Dummy params a=1 params rule #uname eq x a=2 op monitor interval=10s d=1\n"
      "location l p rule a eq 1 and date spec years=2009\norder o p ( q r )\n");
  EXPECT_EQ(id_at("//nvpair[@value=1]"), "p-instance_attributes-a");
  EXPECT_EQ(id_at("//nvpair[@value=2]"), "p-instance_attributes-0-a");
  EXPECT_EQ(id_at("//instance_attributes/rule"), "p-instance_attributes-0-rule");
  EXPECT_EQ(id_at("//op"), "p-monitor-10s");
  EXPECT_EQ(id_at("//op/instance_attributes"), "p-monitor-10s-instance_attributes");
  EXPECT_EQ(id_at("//rsc_location/rule/expression"), "l-rule-expression");
  EXPECT_EQ(id_at("//date_expression"), "l-rule-expression-0");
  EXPECT_EQ(id_at("//date_spec"), "l-rule-expression-0-date_spec");
  EXPECT_EQ(id_at("//resource_set[2]"), "o-1");
}

TEST_F(EditTest, FindsTheProviderWhereOnlyTheTypeIsSaid) {
  define("primitive a ping\nprimitive b ocf:heartbeat:ping\n");
  EXPECT_EQ(shown(), "primitive a ocf:pacemaker:ping\nprimitive b ping\n");
}

TEST_F(EditTest, AddsToOptionsAndNodes) {
  define(
      "property a=1 b=2\nproperty b=3 c=4\nproperty other: a=5\nrsc_defaults x=1\n"
      "rsc_defaults x=2\nnode n1 attributes k=1\nnode n1 attributes k=2 l=3\n");
  EXPECT_EQ(shown(),
            "property cib-bootstrap-options: \\\n\ta=1 \\\n\tb=3 \\\n\tc=4\nproperty other: \\\n"
            "\ta=5\nrsc_defaults rsc-options: \\\n\tx=2\n");
  EXPECT_EQ(show(find_node(document_.configuration(), "n1"), {}),
            "node 1: n1 \\\n\tattributes k=2 l=3");
  EXPECT_EQ(id_at("//node/instance_attributes/nvpair"), "n1-instance_attributes-k");
  // A rule would count for what is there, too.
  EXPECT_THAT(mistake_of([&] { define("property rule #uname eq n1 a=1"); }),
              HasSubstr("\"cib-bootstrap-options\" is there and has no rule; say ID: before rule"));
}

TEST_F(EditTest, ContainersTakeTheirMembersAndWhatConstrainsThem) {
  define(
      "primitive a Dummy\nprimitive b Dummy\nprimitive c Dummy\nlocation l b 1: n1\n"
      "colocation ab inf: a b\norder bc b c\ngroup g a b\nclone cl g\n");
  EXPECT_EQ(shown(),
            "primitive a Dummy\nprimitive b Dummy\nprimitive c Dummy\ngroup g a b\nclone cl g\n"
            "order bc cl c\nlocation l cl 1: n1\n");
  EXPECT_THAT(edit_.notes(), testing::Contains("modified location:l from b to g"));
  EXPECT_THAT(edit_.notes(), testing::Contains("hanging colocation:ab deleted"));
  EXPECT_THAT(validate(document_), IsEmpty());
}

TEST_F(EditTest, RefusesWhatCannotBe) {
  define("primitive a Dummy\nprimitive b Dummy\ngroup g a\nclone c g\n");
  const std::pair<const char*, const char*> refused[] = {
      {"primitive a Dummy", "there is a primitive \"a\" already; delete it first, or use load"},
      {"group a b", "there is a primitive \"a\" already, and names are unique"},
      {"group h nosuch", "at \"nosuch\": there is no such resource"},
      {"group h a", "at \"a\": it is in the group \"g\" already"},
      {"group h c", "at \"c\": a group cannot hold a clone"},
      {"clone d c", "at \"c\": a clone cannot hold a clone"},
      {"monitor nosuch 10s", "at \"nosuch\": there is no such primitive"},
      {"monitor a:foo 10s", "a role is expected"},
      {"monitor a 10s more", "at \"more\": nothing more is expected"},
      {"primitive d Dummy params $id=g x=1", "the id \"g\" is taken"},
  };
  for (const auto& [line, what] : refused)
    EXPECT_THAT(mistake_of([&, text = line] { define(text); }), HasSubstr(what)) << line;
}

TEST_F(EditTest, ANodeMayBeCalledAsAResource) {
  define("primitive n1 Dummy\n");
  remove({"n1"});
  EXPECT_EQ(shown(), "");
  EXPECT_TRUE(find_node(document_.configuration(), "n1"));
}

TEST_F(EditTest, AddsMonitors) {
  define("primitive a Dummy\nmonitor a:Started 10s:20s\nmonitor a 10s\n");
  EXPECT_EQ(shown(),
            "primitive a Dummy \\\n\top monitor role=Started interval=10s timeout=20s \\\n"
            "\top monitor interval=10s\n");
  EXPECT_EQ(id_at("//op[2]"), "a-monitor-10s-0");
}

TEST_F(EditTest, ResolvesReferencesToObjects) {
  define(
      "primitive a Dummy params $id=p x=1 operations $id=o op monitor interval=10s\n"
      "primitive b Dummy params $id-ref=a operations $id-ref=a\n"
      "location l a rule $id=r 1: #uname eq n1\nlocation m b rule $id-ref=l\n");
  EXPECT_EQ(shown(),
            "primitive a Dummy \\\n\tparams $id=p x=1 \\\n\toperations $id=o \\\n"
            "\top monitor interval=10s\nprimitive b Dummy \\\n\tparams $id-ref=p \\\n"
            "\toperations  $id-ref=o\nlocation l a \\\n\trule $id=r 1: #uname eq n1\n"
            "location m b \\\n\trule $id-ref=r\n");
  EXPECT_THAT(validate(document_), IsEmpty());
}

TEST_F(EditTest, FencingLevelsWithoutTargetAreEveryNodes) {
  define("fencing_topology a b,c\n");
  EXPECT_EQ(document_.cib().select_nodes("//fencing-level").size(), 4u);
  EXPECT_EQ(id_at("//fencing-level[4]"), "fencing-2");
  EXPECT_EQ(shown(), "fencing_topology a b,c\n");
  remove({"n1", "n2", "fencing_topology"});
  EXPECT_THAT(mistake_of([&] { define("fencing_topology a"); }), HasSubstr("there are no nodes"));
}

TEST_F(EditTest, RemovesWithAllThatNamesIt) {
  define(
      "primitive a Dummy\nprimitive b Dummy\nprimitive c Dummy\nprimitive d Dummy\n"
      "order o a b c\ncolocation p inf: a ( b c )\ncolocation q inf: b d\nlocation l b 1: n1\n"
      "tag t b\ntag u b c\nfencing_topology n1: b,c b n2: b\n");
  remove({"b"});
  EXPECT_EQ(shown(),
            "primitive a Dummy\nprimitive c Dummy\nprimitive d Dummy\ntag u c\n"
            "order o a c\ncolocation p inf: a c\n"
            "fencing_topology \\\n\tn1: c\n");
  EXPECT_THAT(mistake_of([&] {
                remove({"a", "b"});
              }),
              HasSubstr("at \"b\": there is no such object"));
}

TEST_F(EditTest, RemovesContainers) {
  define("primitive a Dummy\nprimitive b Dummy\ngroup g a b\nclone c g\nlocation l c 1: n1\n");
  remove({"a"});
  EXPECT_EQ(shown(), "primitive b Dummy\ngroup g b\nclone c g\nlocation l c 1: n1\n");
  remove({"g"});
  EXPECT_EQ(shown(), "primitive b Dummy\nlocation l b 1: n1\n");
  define("group g b\nclone c g\n");
  remove({"b"});
  EXPECT_EQ(shown(), "");
  define("primitive b Dummy\ngroup g b\nclone c g\n");
  remove({"b", "c", "g"});
  EXPECT_EQ(shown(), "");
  define("rsc_template t Dummy\nprimitive b @t\n");
  EXPECT_THAT(mistake_of([&] { remove({"t"}); }), HasSubstr("primitive \"b\" is made of it"));
}

TEST_F(EditTest, Renames) {
  define(
      "rsc_template t Dummy\nprimitive a @t\nprimitive b Dummy\ngroup g a\nlocation l a 1: n1\n"
      "order o a b\ntag x a\nfencing_topology n1: b,a\n");
  edit_.rename("a", "z");
  edit_.rename("t", "u");
  edit_.rename("g", "h");
  EXPECT_EQ(shown(),
            "rsc_template u Dummy\nprimitive b Dummy\nprimitive z @u\ngroup h z\ntag x z\n"
            "location l z 1: n1\norder o z b\nfencing_topology \\\n\tn1: b,z\n");
  EXPECT_THAT(mistake_of([&] { edit_.rename("nosuch", "y"); }), HasSubstr("no such object"));
  EXPECT_THAT(mistake_of([&] { edit_.rename("z", "b"); }), HasSubstr("that is taken"));
  EXPECT_THAT(mistake_of([&] { edit_.rename("z", "9"); }), HasSubstr("an id is expected"));
}

TEST_F(EditTest, LoadsInAnyOrder) {
  edit_.load(
      "clone c g\ngroup g a\nproperty x=1 \\ # <1>\n  y=2 # <2>\nprimitive a Dummy\n"
      "monitor a 10s\nproperty z=3\n",
      Load::replace);
  EXPECT_EQ(shown(),
            "primitive a Dummy \\\n\top monitor interval=10s\ngroup g a\nclone c g\n"
            "property cib-bootstrap-options: \\\n\tx=1 \\\n\ty=2 \\\n\tz=3\n");
  const auto before = shown();
  edit_.load(before, Load::replace);
  EXPECT_EQ(shown(), before);
}

TEST_F(EditTest, LoadsOverWhatThereIs) {
  define(
      "primitive a Dummy params x=1\nprimitive b Dummy\ngroup g a b\nclone c g\nproperty x=1\n"
      "location l c 1: n1\n");
  edit_.load("primitive a Dummy params x=2\nprimitive d Dummy\ngroup g d a\nproperty y=2\n",
             Load::update);
  EXPECT_EQ(shown(),
            "primitive a Dummy \\\n\tparams x=2\nprimitive b Dummy\nprimitive d Dummy\n"
            "group g d a\nclone c g\nlocation l c 1: n1\n"
            "property cib-bootstrap-options: \\\n\tx=1 \\\n\ty=2\n");
  EXPECT_EQ(id_at("//primitive[@id='a']//nvpair"), "a-instance_attributes-x");
  edit_.load("primitive a Dummy\nclone c a\nproperty y=3\n", Load::push);
  EXPECT_EQ(shown(), "primitive a Dummy\nclone c a\nproperty cib-bootstrap-options: \\\n\ty=3\n");
  EXPECT_THAT(validate(document_), IsEmpty());
  EXPECT_TRUE(find_node(document_.configuration(), "n2"));
}

TEST_F(EditTest, LoadsWhatOnlyXmlSays) {
  define("primitive a Dummy\ngroup g a meta x=1\n");
  document_.cib().select_node("//nvpair").node().remove_attribute("value");
  const auto before = shown();
  EXPECT_THAT(before, testing::StartsWith("xml <group id=\"g\">"));
  edit_.load(before, Load::replace);
  EXPECT_EQ(shown(), before);
  EXPECT_THAT(mistake_of([&] { define("xml <alert id=\"x\">text</alert>"); }),
              HasSubstr("there is text in <alert>"));
  EXPECT_THAT(mistake_of([&] { define("xml <alert path=\"x\"/>"); }), HasSubstr("has no id"));
}

TEST_F(EditTest, LoadsDocuments) {
  const std::string document =
      "<cib><configuration><crm_config/><nodes/><resources><group id='g'><primitive id='a' "
      "class='ocf' provider='heartbeat' type='Dummy'/></group></resources><constraints/>"
      "</configuration><status/></cib>";
  define("primitive b Dummy\n");
  edit_.load(document, Load::update);
  EXPECT_EQ(shown(), "primitive a Dummy\nprimitive b Dummy\ngroup g a\n");
  edit_.load(document, Load::update);
  edit_.load(document, Load::push);
  EXPECT_EQ(shown(), "primitive a Dummy\ngroup g a\n");
  edit_.load(document, Load::replace);
  EXPECT_EQ(shown(), "primitive a Dummy\ngroup g a\n");
  EXPECT_THAT(mistake_of([&] { edit_.load("<cib>", Load::update); }), HasSubstr("line 1: "));
  EXPECT_THAT(mistake_of([&] { edit_.load("<cib/>", Load::update); }),
              HasSubstr("there is no <configuration> in it"));
  EXPECT_THAT(mistake_of([&] {
                edit_.load("<cib><configuration><resources><a/></resources></configuration></cib>",
                           Load::replace);
              }),
              HasSubstr("<a> in <resources> is no object"));
  EXPECT_TRUE(find_node(document_.configuration(), "n2"));
}

}  // namespace
}  // namespace gyre::rm::configure
