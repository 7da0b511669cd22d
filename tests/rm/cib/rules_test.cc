// Rules and sets of attributes. Each expectation was compared with crm_simulate 2.1.5 once.
#include "rm/cib/rules.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "rm/cib/attribute_sets.hh"

namespace gyre::rm {
namespace {

// A document, and a node with attributes to ask about.
struct Asked {
  pugi::xml_document document;
  Attributes node;
  RuleInput input;

  explicit Asked(const std::string& text) {
    EXPECT_TRUE(document.load_string(text.c_str())) << text;
    input.node = &node;
  }
  bool passes() const { return rm::passes(document.document_element(), input); }
};

bool compares(const char* actual, const char* operation, const char* value, const char* type) {
  Asked asked(fmt::format("<rule><expression attribute='a' operation='{}' value='{}'{}/></rule>",
                          operation, value, *type ? fmt::format(" type='{}'", type) : ""));
  asked.node.set("a", actual);
  return asked.passes();
}

TEST(Expression, ComparesTextIgnoringCase) {
  EXPECT_TRUE(compares("A", "eq", "a", ""));
  EXPECT_TRUE(compares("a", "lt", "B", "string"));
  EXPECT_FALSE(compares("1", "eq", "1.0", ""));
}

}  // namespace
}  // namespace gyre::rm
