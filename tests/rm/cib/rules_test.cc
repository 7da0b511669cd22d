// Rules. Each expectation was compared once with what crm_simulate 2.1.5 does.
#include "rm/cib/rules.hh"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <climits>

namespace gyre::rm {
namespace {

// Rules in a document, and what they ask about.
struct Rules {
  pugi::xml_document document;
  IdIndex ids;
  Attributes node, parameters, meta;
  RuleInput input;

  explicit Rules(const std::string& content) {
    EXPECT_TRUE(document.load_string(fmt::format("<c>{}</c>", content).c_str())) << content;
    ids = IdIndex(document.document_element());
    node.set("a", "5");
    node.set("b", "x");
    node.set("empty", "");
    parameters.set("p", "7");
    meta.set("m", "5");
    input.ids = &ids;
    input.node = &node;
    input.parameters = &parameters;
    input.meta = &meta;
    input.resource = {"ocf", "heartbeat", "IPaddr2"};
    input.operation = {"monitor", 10'000};
  }
  bool pass() { return passes(document.document_element().child("rule"), input); }
};

// The signs of how two values compare: "<" for lt, and so on. Every operation has to agree.
std::string compared(const char* actual, const char* value, const char* type = nullptr) {
  const auto holds = [&](const char* operation) {
    Rules rules(fmt::format("<rule><expression attribute='v' operation='{}' value='{}'{}/></rule>",
                            operation, value, type ? fmt::format(" type='{}'", type) : ""));
    rules.node.set("v", actual);
    return rules.pass();
  };
  const bool lt = holds("lt"), gt = holds("gt");
  EXPECT_FALSE(lt && gt) << actual << " " << value;
  EXPECT_EQ(holds("lte"), !gt) << actual << " " << value;
  EXPECT_EQ(holds("gte"), !lt) << actual << " " << value;
  EXPECT_NE(holds("eq"), holds("ne")) << actual << " " << value;
  EXPECT_TRUE(!type || holds("eq") == (!lt && !gt)) << actual << " " << value;
  return lt ? "<" : gt ? ">" : "=";
}

bool expression(const char* attributes) {
  return Rules(fmt::format("<rule><expression {}/></rule>", attributes)).pass();
}

TEST(Expression, ComparesTextByItsBytesIgnoringCase) {
  EXPECT_EQ(compared("A", "a", "string"), "=");
  EXPECT_EQ(compared("a", "B", "string"), "<");
  EXPECT_EQ(compared("9", "10", "string"), ">");
  EXPECT_EQ(compared("1", "1.0", "string"), "<");
  EXPECT_EQ(compared("9", "10", "unheard of"), ">");
}

TEST(Expression, ComparesTheIntegersThatTextsBeginWith) {
  EXPECT_EQ(compared("9", "10", "integer"), "<");
  EXPECT_EQ(compared("4.6", "4", "integer"), "=");
  EXPECT_EQ(compared("10", "1x", "Integer"), ">");
  EXPECT_EQ(compared(" +5", "5", "integer"), "=");
  EXPECT_EQ(compared("0x10", "16", "integer"), "<");
}

TEST(Expression, ComparesTheNumbersThatTextsBeginWith) {
  EXPECT_EQ(compared("4.5", "4.6", "number"), "<");
  EXPECT_EQ(compared("1.10", "1.9", "number"), "<");
  EXPECT_EQ(compared("1e3", "1000", "number"), "=");
  EXPECT_EQ(compared(".5", "0.5", "number"), "=");
  EXPECT_EQ(compared("1.2a", "1.2b", "number"), "=");
}

TEST(Expression, ComparesWhatIsNoNumberAsText) {
  EXPECT_EQ(compared("as2", "as10", "integer"), ">");
  EXPECT_EQ(compared("as2.0", "as10", "number"), ">");
  EXPECT_EQ(compared("", "1", "integer"), "<");
  EXPECT_EQ(compared("INFINITY", "5", "integer"), ">");
  EXPECT_EQ(compared("-99999999999999999999", "-100", "integer"), ">");
}

TEST(Expression, ComparesVersionsPartByPart) {
  EXPECT_EQ(compared("1.10", "1.9", "version"), ">");
  EXPECT_EQ(compared("1.2", "1.2.0", "version"), "=");
  EXPECT_EQ(compared("1.2", "1.2.1", "version"), "<");
  EXPECT_EQ(compared("", "1", "version"), "<");
  EXPECT_EQ(compared("010", "8", "version"), ">");
}

// Pacemaker 2.1.5 never comes back from these; letters do not count here.
TEST(Expression, ComparesVersionsWithLetters) {
  EXPECT_EQ(compared("1.2a", "1.2b", "version"), "=");
  EXPECT_EQ(compared("a", "1", "version"), "<");
}

TEST(Expression, WithoutTypeOrdersNumbersAndEqualsText) {
  EXPECT_EQ(compared("9", "10"), "<");
  EXPECT_EQ(compared("4.5", "4.6"), "<");
  EXPECT_EQ(compared("4", "4.6"), "<");
  EXPECT_EQ(compared("1x", "1"), "=");
  EXPECT_EQ(compared("1.2", "1.2.0"), "=");
  EXPECT_FALSE(expression("attribute='a' operation='eq' value='5.0'"));
  EXPECT_FALSE(expression("attribute='a' operation='eq' value='+5'"));
  EXPECT_TRUE(expression("attribute='b' operation='eq' value='X'"));
}

TEST(Expression, AsksWhetherAnAttributeIsThere) {
  EXPECT_TRUE(expression("attribute='a' operation='defined'"));
  EXPECT_TRUE(expression("attribute='empty' operation='defined'"));
  EXPECT_FALSE(expression("attribute='z' operation='defined'"));
  EXPECT_TRUE(expression("attribute='z' operation='not_defined'"));
  EXPECT_FALSE(expression("attribute='a' operation='NOT_DEFINED'"));
}

TEST(Expression, WhatIsNotThereIsEqualToNothingOnly) {
  for (const char* operation : {"lt", "lte", "gt", "gte", "eq"}) {
    EXPECT_FALSE(
        expression(fmt::format("attribute='z' operation='{}' value='5'", operation).c_str()));
    EXPECT_FALSE(expression(fmt::format("attribute='a' operation='{}'", operation).c_str()));
  }
  EXPECT_TRUE(expression("attribute='z' operation='ne' value='5'"));
  EXPECT_TRUE(expression("attribute='a' operation='ne'"));
  EXPECT_TRUE(expression("attribute='z' operation='eq'"));
  EXPECT_TRUE(expression("attribute='z' operation='eq' value=''"));
  EXPECT_FALSE(expression("attribute='z' operation='ne'"));
  EXPECT_FALSE(expression("attribute='empty' operation='eq' value=''"));
}

TEST(Expression, TakesItsValueFromParametersOrMetaAttributes) {
  EXPECT_TRUE(expression("attribute='a' operation='lt' value='p' value-source='param'"));
  EXPECT_TRUE(expression("attribute='a' operation='eq' value='m' value-source='meta'"));
  EXPECT_TRUE(expression("attribute='a' operation='ne' value='m' value-source='param'"));
  EXPECT_FALSE(expression("attribute='a' operation='eq' value='m' value-source='literal'"));
  EXPECT_TRUE(expression("attribute='a' operation='eq' value='5' value-source='literal'"));
}

TEST(Expression, ThatSaysNothingIsFalse) {
  EXPECT_FALSE(expression("attribute='a' operation='sounds like' value='5'"));
  EXPECT_FALSE(expression("attribute='a' value='5'"));
  EXPECT_FALSE(expression("operation='not_defined'"));
  EXPECT_FALSE(Rules("<rule><something/></rule>").pass());
}

TEST(Expression, IsFalseWhereThereIsNoNode) {
  Rules rules("<rule><expression attribute='z' operation='not_defined'/></rule>");
  EXPECT_TRUE(rules.pass());
  rules.input.node = nullptr;
  EXPECT_FALSE(rules.pass());
}

const std::string yes = "<expression attribute='a' operation='defined'/>",
                  no = "<expression attribute='z' operation='defined'/>";

TEST(Rule, HoldsIfAllHoldsOrAny) {
  EXPECT_TRUE(Rules("<rule>" + yes + yes + "</rule>").pass());
  EXPECT_FALSE(Rules("<rule>" + yes + no + "</rule>").pass());
  EXPECT_FALSE(Rules("<rule boolean-op='and'>" + no + yes + "</rule>").pass());
  EXPECT_TRUE(Rules("<rule boolean-op='or'>" + no + yes + "</rule>").pass());
  EXPECT_TRUE(Rules("<rule boolean-op='OR'>" + yes + no + "</rule>").pass());
  EXPECT_FALSE(Rules("<rule boolean-op='or'>" + no + no + "</rule>").pass());
  EXPECT_FALSE(Rules("<rule boolean-op='xor'>" + no + yes + "</rule>").pass());
}

TEST(Rule, WithNothingInItHoldsIfAllOfThatHas) {
  EXPECT_TRUE(Rules("<rule/>").pass());
  EXPECT_FALSE(Rules("<rule boolean-op='or'/>").pass());
}

TEST(Rule, HoldsRules) {
  EXPECT_TRUE(
      Rules("<rule><rule boolean-op='or'>" + no + yes + "</rule>" + yes + "</rule>").pass());
  EXPECT_FALSE(Rules("<rule>" + yes + "<rule>" + no + "</rule></rule>").pass());
}

TEST(Rule, IsFoundByReference) {
  EXPECT_TRUE(Rules("<rule id-ref='r'/><s><rule id='r'>" + yes + "</rule></s>").pass());
  EXPECT_FALSE(Rules("<rule id-ref='r'/><s><rule id='r'>" + no + "</rule></s>").pass());
  EXPECT_FALSE(
      Rules("<rule><rule id-ref='r'/></rule><s><rule id='r'>" + no + "</rule></s>").pass());
  EXPECT_FALSE(Rules("<rule id-ref='nowhere'/>").pass());
}

TEST(Rule, ThatRefersToItselfIsFalse) {
  EXPECT_FALSE(Rules("<rule id='r'><rule id-ref='r'/></rule>").pass());
}

// Thirty rules, each of which asks the next one twice: a thousand million if all are asked.
TEST(Rule, ThatAsksTooMuchIsFalseAndSoon) {
  std::string text;
  for (int i = 0; i < 30; ++i)
    text += fmt::format("<rule id='r{}'><rule id-ref='r{}'/><rule id-ref='r{}'/></rule>", i, i + 1,
                        i + 1);
  EXPECT_FALSE(Rules(text + "<rule id='r30'>" + yes + "</rule>").pass());
}

bool resource(const char* attributes) {
  return Rules(fmt::format("<rule><rsc_expression {}/></rule>", attributes)).pass();
}

TEST(ResourceExpression, AllowsWhatItDoesNotName) {
  EXPECT_TRUE(resource("class='ocf' provider='heartbeat' type='IPaddr2'"));
  EXPECT_TRUE(resource("class='ocf' provider='heartbeat'"));
  EXPECT_TRUE(resource("provider='heartbeat'"));
  EXPECT_FALSE(resource("class='lsb' provider='heartbeat'"));
  EXPECT_FALSE(resource("class='ocf' provider='HEARTBEAT'"));
  EXPECT_FALSE(resource("class='ocf' provider='heartbeat' type='Dummy'"));
}

bool operation(const char* attributes) {
  return Rules(fmt::format("<rule><op_expression {}/></rule>", attributes)).pass();
}

TEST(OperationExpression, NamesAnOperationAndPerhapsItsInterval) {
  EXPECT_TRUE(operation("name='monitor'"));
  EXPECT_TRUE(operation("name='monitor' interval='10s'"));
  EXPECT_TRUE(operation("name='monitor' interval='PT10S'"));
  EXPECT_FALSE(operation("name='monitor' interval='11s'"));
  EXPECT_FALSE(operation("name='start'"));
  EXPECT_FALSE(operation("name='MONITOR'"));
  EXPECT_FALSE(operation("interval='10s'"));
}

TEST(Rule, IsFalseAboutWhatIsNotThere) {
  Rules rules("<rule boolean-op='or'><rsc_expression/><op_expression name='monitor'/></rule>");
  EXPECT_TRUE(rules.pass());
  rules.input.resource.reset();
  EXPECT_TRUE(rules.pass());
  rules.input.operation.reset();
  EXPECT_FALSE(rules.pass());
}

TEST(Rule, TellsWhenADateInItDecides) {
  Rules rules(
      "<rule><date_expression operation='gt' start='1970-01-01 00:01:00'/>"
      "<date_expression operation='lt' end='1970-01-01 00:02:00'/></rule>");
  const auto next_change = [&](Seconds now) {
    Seconds next = LLONG_MAX;
    rules.input.now = now;
    passes(rules.document.document_element().child("rule"), rules.input, &next);
    return next;
  };
  EXPECT_EQ(next_change(0), 61);
  EXPECT_EQ(next_change(61), 120);
  EXPECT_EQ(next_change(120), LLONG_MAX);
}

}  // namespace
}  // namespace gyre::rm
