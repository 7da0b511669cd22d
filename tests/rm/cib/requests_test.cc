#include "rm/cib/requests.hh"

#include <gmock/gmock.h>

#include "rm/cib/pairs.hh"
#include "rm/cib/xml_text.hh"

namespace gyre::rm {
namespace {

using testing::HasSubstr;
using testing::Not;

Document loaded(std::string_view text) {
  auto result = Document::load(text);
  EXPECT_TRUE(std::holds_alternative<Document>(result)) << text;
  return std::get<Document>(std::move(result));
}

Document two_nodes() {
  return loaded(R"(<cib epoch="5" num_updates="7" admin_epoch="1"><configuration><nodes>
<node id="1" uname="n1"><instance_attributes id="mine"><nvpair id="r" name="rack" value="a"/>
</instance_attributes></node><node id="2" uname="n2"/></nodes></configuration><status>
<node_state id="1" uname="n1"/><node_state id="3" uname="n3"/></status></cib>)");
}

std::string after(Document& document, const AttributeChange& change) {
  EXPECT_EQ(apply(document, change), std::nullopt);
  return indented_text(document.cib());
}

TEST(AttributeChange, UntilReboot) {
  auto document = two_nodes();
  EXPECT_THAT(after(document, {"n1", "a:b#c", "1"}), HasSubstr(R"(
    <node_state id="1" uname="n1">
      <transient_attributes id="1">
        <instance_attributes id="status-1">
          <nvpair id="status-1-a.b.c" name="a:b#c" value="1"/>
        </instance_attributes>
      </transient_attributes>
    </node_state>)"));
  EXPECT_EQ(document.version(), (Version{1, 5, 8}));
  after(document, {"n1", "a:b#c", "1"});
  EXPECT_EQ(document.version(), (Version{1, 5, 8})) << "it was so";
  EXPECT_THAT(after(document, {"n1", "a:b#c", "value+=4"}), HasSubstr(R"(name="a:b#c" value="5")"));
  EXPECT_THAT(after(document, {"n1", "a:b#c", std::nullopt}), Not(HasSubstr("a:b#c")));
  EXPECT_EQ(document.version(), (Version{1, 5, 10}));
  after(document, {"n1", "a:b#c", std::nullopt});
  after(document, {"n3", "other", std::nullopt});
  EXPECT_EQ(document.version(), (Version{1, 5, 10})) << "it was gone";
  EXPECT_THAT(after(document, {"n3", "x", ""}), HasSubstr(R"(id="status-3-x" name="x" value="")"));
}

TEST(AttributeChange, Configured) {
  auto document = two_nodes();
  EXPECT_THAT(after(document, {"n1", "rack", "b", false}),
              HasSubstr(R"(<nvpair id="r" name="rack" value="b"/>)"));
  EXPECT_EQ(document.version(), (Version{1, 6, 0}));
  EXPECT_THAT(after(document, {"n2", "rack", "c", false}), HasSubstr(R"(
      <node id="2" uname="n2">
        <instance_attributes id="nodes-2">
          <nvpair id="nodes-2-rack" name="rack" value="c"/>)"));
  EXPECT_THAT(after(document, {"n1", "rack", std::nullopt, false}),
              HasSubstr(R"(<instance_attributes id="mine"/>)"));
  EXPECT_EQ(document.version(), (Version{1, 8, 0}));
}

TEST(AttributeChange, IsRefused) {
  auto document = two_nodes();
  EXPECT_EQ(apply(document, AttributeChange{"n2", "a", "1"}), "there is no status of a node n2");
  EXPECT_EQ(apply(document, AttributeChange{"n3", "a", "1", false}), "node n3 is not configured");
  for (const char* bad : {"\x01", "\xff", "\xed\xa0\x80"}) {
    EXPECT_THAT(*apply(document, AttributeChange{"n1", "a", bad}), HasSubstr("characters"));
    EXPECT_THAT(*apply(document, AttributeChange{"n1", bad, "1"}), HasSubstr("characters"));
  }
  EXPECT_THAT(*apply(document, AttributeChange{"n1", "", "1"}), HasSubstr("characters"));
  EXPECT_EQ(document.version(), two_nodes().version());
}

TEST(Counting, GoesOnWithinScores) {
  EXPECT_EQ(counted_on("value++", "1"), "2");
  EXPECT_EQ(counted_on("value++", ""), "1");
  EXPECT_EQ(counted_on("value++", "word"), "1");
  EXPECT_EQ(counted_on("value++", "INFINITY"), "1000000");
  EXPECT_EQ(counted_on("value+=-3", "INFINITY"), "999997");
  EXPECT_EQ(counted_on("value+=9223372036854775807", "-INFINITY"), "1000000");
  for (const char* word : {"value+", "value+=x", "value--", "other++", "value+++"})
    EXPECT_EQ(counted_on(word, "1"), word);
}

std::string record(const std::string& resource, const std::string& operation, const char* result) {
  return "<lrm_rsc_op id='" + resource + "_x' operation='" + operation + "' " + result + "/>";
}
constexpr const char* good = "interval='0' op-status='0' rc-code='0' transition-key='1:2:0:u'";
constexpr const char* bad = "interval='10' op-status='0' rc-code='7' transition-key='1:2:0:u'";

Document with_history() {
  const auto resource = [](const std::string& id, const std::string& records) {
    return "<lrm_resource id='" + id + "'>" + records + "</lrm_resource>";
  };
  const auto counts = [](const std::string& of) {
    return "<nvpair id='c" + of + "' name='fail-count-" + of + "' value='1'/><nvpair id='l" + of +
           "' name='last-failure-" + of + "' value='9'/>";
  };
  const auto state = [&](const std::string& id, const std::string& inner) {
    return "<node_state id='" + id + "' uname='n" + id + "'><lrm><lrm_resources>" + inner +
           "</lrm_resources></lrm><transient_attributes><instance_attributes id='s" + id +
           "'><nvpair id='o' name='other' value='1'/>" + counts("a#start_0") +
           counts("g1#monitor_10") + counts("d:1#stop_0") +
           "</instance_attributes></transient_attributes></node_state>";
  };
  return loaded(
      "<cib epoch='5' num_updates='7' admin_epoch='0'><configuration><nodes><node id='1' "
      "uname='n1'/></nodes><resources><primitive id='a'/><primitive id='b'/><group id='g'>"
      "<primitive id='g1'/><primitive id='g2'/></group><clone id='c'><primitive id='d'/></clone>"
      "</resources></configuration><status>" +
      state("1", resource("a", record("a", "start", good)) +
                     resource("b", record("b", "start", good) + record("b", "monitor", bad)) +
                     resource("g1", record("g1", "start", good)) +
                     resource("g2", record("g2", "start", good)) +
                     resource("d", record("d", "start", good)) +
                     resource("gone", record("gone", "monitor", bad))) +
      state("2", resource("b", record("b", "start", good))) + "</status></cib>");
}

// What is known on the first node: recorded resources, then attributes.
std::string left(const Cleanup& what) {
  auto document = with_history();
  EXPECT_EQ(apply(document, what), std::nullopt);
  const auto state = document.status().first_child();
  std::string names;
  for (const auto one : state.child("lrm").child("lrm_resources"))
    names += std::string(one.attribute("id").value()) + ' ';
  for (const auto one : state.child("transient_attributes").child("instance_attributes"))
    if (std::string_view(one.attribute("name").value()).starts_with("fail"))
      names += std::string(one.attribute("name").value()).substr(11) + ' ';
  return names;
}

TEST(Cleanup, ForgetsAllThatIsNamed) {
  const auto all = [](const char* resource, const char* node = "") {
    return left({resource, node, "", std::nullopt, false});
  };
  EXPECT_EQ(all(""), "");
  EXPECT_EQ(all("", "n2"), "a b g1 g2 d gone a#start_0 g1#monitor_10 d:1#stop_0 ");
  EXPECT_EQ(all("a"), "b g1 g2 d gone g1#monitor_10 d:1#stop_0 ");
  EXPECT_EQ(all("a", "n1"), all("a"));
  EXPECT_EQ(all("g"), "a b d gone a#start_0 d:1#stop_0 ");
  EXPECT_EQ(all("g2"), "a b g1 d gone a#start_0 g1#monitor_10 d:1#stop_0 ");
  EXPECT_EQ(all("c"), "a b g1 g2 gone a#start_0 g1#monitor_10 ");
  EXPECT_EQ(all("d:1"), "a b g1 g2 gone a#start_0 g1#monitor_10 ");
  EXPECT_EQ(all("gone"), "a b g1 g2 d a#start_0 g1#monitor_10 d:1#stop_0 ");
  EXPECT_EQ(all("s1"), "a b g1 g2 d gone a#start_0 g1#monitor_10 d:1#stop_0 ") << "no resource";
}

TEST(Cleanup, ForgetsWhereSomethingFailed) {
  EXPECT_EQ(left({}), "g2 ");
  EXPECT_EQ(left({"b"}), "a g1 g2 d gone a#start_0 g1#monitor_10 d:1#stop_0 ");
  EXPECT_EQ(left({"", "", "stop"}), "a b g1 g2 gone a#start_0 g1#monitor_10 ");
  EXPECT_EQ(left({"", "", "monitor", 10}), "a g2 d a#start_0 d:1#stop_0 ");
  EXPECT_EQ(left({"", "", "monitor", 20}), "a b g1 g2 d gone a#start_0 g1#monitor_10 d:1#stop_0 ");
}

// Where it will be nobody could find out by looking.
TEST(Cleanup, LeavesWhatIsOnItsWayToAnotherNode) {
  auto document = with_history();
  pugi::xml_node there =
      document.status().last_child().child("lrm").child("lrm_resources").first_child();
  there.append_copy(document.status().find_node([](pugi::xml_node each) {
    return std::string_view(each.attribute("operation").value()) == "start";
  }));
  pugi::xml_node move = there.last_child();
  move.attribute("operation") = "migrate_to";
  move.attribute("op-status") = "-1";
  EXPECT_EQ(apply(document, Cleanup{"", "", "", std::nullopt, false}), std::nullopt);
  std::string left;
  for (const auto state : document.status().children())
    for (const auto one : state.child("lrm").child("lrm_resources"))
      left += std::string(state.attribute("uname").value()) + one.attribute("id").value() + ' ';
  EXPECT_EQ(left, "n1b n2b ");
}

TEST(Cleanup, RaisesTheVersionIfThereWasAnything) {
  auto document = with_history();
  EXPECT_EQ(apply(document, Cleanup{"b", "n1"}), std::nullopt);
  EXPECT_EQ(document.version(), (Version{0, 5, 8}));
  EXPECT_EQ(apply(document, Cleanup{"b", "n1"}), std::nullopt);
  EXPECT_EQ(document.version(), (Version{0, 5, 8}));
  EXPECT_EQ(apply(document, Cleanup{"b", "nobody"}), "there is no node nobody");
  EXPECT_THAT(indented_text(document.cib()), HasSubstr("name=\"other\""));
}

TEST(Cleanup, KnowsAFailure) {
  const auto forgets = [](const char* operation, const char* result) {
    auto document = loaded(
        "<cib><configuration/><status><node_state uname='n'><lrm><lrm_resources>"
        "<lrm_resource id='a'>" +
        record("a", operation, result) +
        "</lrm_resource></lrm_resources></lrm></node_state></status></cib>");
    EXPECT_EQ(apply(document, Cleanup{}), std::nullopt);
    return document.version().num_updates == 1;
  };
  EXPECT_TRUE(forgets("start", "op-status='2' rc-code='1' transition-key='1:2:0:u'"));
  EXPECT_TRUE(
      forgets("monitor", "interval='1' op-status='0' rc-code='0' transition-key='1:2:8:u'"));
  EXPECT_TRUE(
      forgets("monitor", "interval='0' op-status='4' rc-code='5' transition-key='1:2:7:u'"));
  EXPECT_TRUE(forgets("stop", "op-status='0' rc-code='1'"));
  EXPECT_FALSE(forgets("start", "op-status='-1' rc-code='193' transition-key='1:2:0:u'"));
  EXPECT_FALSE(forgets("monitor", "interval='1' op-status='1' rc-code='1'"));
  EXPECT_FALSE(
      forgets("monitor", "interval='0' op-status='0' rc-code='0' transition-key='1:2:7:u'"));
  EXPECT_FALSE(
      forgets("monitor", "interval='0' op-status='0' rc-code='7' transition-key='1:2:7:u'"));
  EXPECT_FALSE(
      forgets("monitor", "interval='9' op-status='0' rc-code='190' transition-key='::0:u'"));
  EXPECT_FALSE(forgets("notify", "op-status='0' rc-code='1' transition-key='1:2:0:u'"));
}

}  // namespace
}  // namespace gyre::rm
