// Rules of any shape over attributes of any value, shared, nested and in circles: each has an
// answer, the same whether anyone asks when it changes or not, and it does not change before.
#include "rm/cib/rules.hh"

#include <cassert>
#include <climits>
#include <string>

#include "rm/cib/attribute_sets.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre::rm;
using gyre::fuzz::Script;

constexpr std::size_t rules_max = 8, parts_max = 64;

std::string any(Script& script, std::initializer_list<const char*> words) {
  const std::size_t chosen = script.below(words.size() + 1);
  if (chosen < words.size()) return words.begin()[chosen];
  std::string text(script.text(1 + script.below(20)));
  return text.substr(0, text.find('\0'));
}

std::string value(Script& script) {
  return any(script, {"", "5", "-5", "4.5", "1.2.3", "99999999999999999999", "a", "INFINITY"});
}
std::string name(Script& script) {
  return any(script, {"a", "b", "#uname", "missing"});
}
std::string date(Script& script) {
  return any(script, {"1970-01-02", "1970-01-01 00:00:30", "1970-001T00:01Z", "1970-W01-4 12",
                      "9999-12-31", "0001-01-01", "1970-01-01 00:00:10 -12:00"});
}
std::string range(Script& script) {
  return any(script, {"0", "1", "1-5", "10-", "-20", "5-1", "70"});
}

void add_expression(pugi::xml_node rule, Script& script) {
  auto part = rule.append_child("expression");
  const auto set = [&](const char* attribute, const std::string& text) {
    part.append_attribute(attribute) = text.c_str();
  };
  set("attribute", name(script));
  set("operation",
      any(script, {"lt", "lte", "gt", "gte", "eq", "ne", "defined", "not_defined", "LT"}));
  if (script.yes()) set("type", any(script, {"string", "integer", "number", "version"}));
  if (script.yes()) set("value-source", any(script, {"literal", "param", "meta"}));
  if (script.byte() != 0) set("value", script.yes() ? value(script) : name(script));
}

void add_date(pugi::xml_node rule, Script& script) {
  auto part = rule.append_child("date_expression");
  part.append_attribute("operation") =
      any(script, {"lt", "gt", "in_range", "date_spec", "date_spec"}).c_str();
  if (script.yes()) part.append_attribute("start") = date(script).c_str();
  if (script.yes()) part.append_attribute("end") = date(script).c_str();
  const bool spec = script.yes();
  auto fields = part.append_child(spec ? "date_spec" : "duration");
  for (std::size_t count = script.below(4); count > 0; --count)
    fields.append_attribute(any(script, {"years", "months", "weeks", "hours", "minutes", "seconds",
                                         spec ? "monthdays" : "days", spec ? "weekdays" : "days"})
                                .c_str()) = range(script).c_str();
}

// Rules r0, r1 and so on, of parts and of references to each other.
void write_rules(pugi::xml_node document, Script& script) {
  std::size_t parts = 0;
  for (std::size_t i = 0; i < rules_max && !script.done(); ++i) {
    auto rule = document.append_child("rule");
    rule.append_attribute("id") = ("r" + std::to_string(i)).c_str();
    if (script.yes()) rule.append_attribute("boolean-op") = "or";
    for (std::size_t count = script.below(5); count > 0 && parts < parts_max; --count, ++parts) {
      switch (script.below(5)) {
        case 0:
          add_date(rule, script);
          break;
        case 1:
          rule.append_child("rule").append_attribute("id-ref") =
              ("r" + std::to_string(script.below(rules_max))).c_str();
          break;
        case 2:
          rule.append_child(any(script, {"rsc_expression", "other"}).c_str())
              .append_attribute("class") = any(script, {"ocf"}).c_str();
          break;
        case 3: {
          auto part = rule.append_child("op_expression");
          part.append_attribute("name") = any(script, {"monitor"}).c_str();
          part.append_attribute("interval") = any(script, {"10s", "PT10S"}).c_str();
          break;
        }
        default:
          add_expression(rule, script);
      }
    }
  }
}

void check(pugi::xml_node rule, RuleInput input) {
  Seconds next = LLONG_MAX;
  const bool passed = passes(rule, input, &next);
  assert(passes(rule, input) == passed && next > input.now);
  const Seconds now = input.now;
  for (const Seconds later : {now + 1, now + (next - now) / 2, next - 1}) {
    if (later >= next || later > now + 1'000'000'000) continue;
    input.now = later;
    assert(passes(rule, input) == passed);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  RuleInput input;
  input.now = script.number<std::uint16_t>();
  input.utc_offset = script.number<std::uint16_t>() - 32768;
  const std::string values[] = {value(script), value(script), value(script)};
  Attributes node, parameters, meta;
  node.set("a", values[0]);
  node.set("#uname", "n1");
  parameters.set("b", values[1]);
  meta.set("a", values[2]);
  input.node = script.byte() != 0 ? &node : nullptr;
  input.parameters = &parameters;
  input.meta = &meta;
  input.resource = {"ocf", "heartbeat", "Dummy"};
  input.operation = {"monitor", 10'000};
  pugi::xml_document document;
  auto root = document.append_child("c");
  write_rules(root, script);
  const IdIndex ids(root);
  input.ids = &ids;
  for (const auto rule : root.children("rule")) check(rule, input);
  return 0;
}
