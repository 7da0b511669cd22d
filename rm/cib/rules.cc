#include "rm/cib/rules.hh"

#include <algorithm>
#include <charconv>
#include <compare>

#include "rm/cib/date_expression.hh"
#include "rm/cib/iso8601.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::weak_ordering compare_text(std::string_view a, std::string_view b) {
  return std::lexicographical_compare_three_way(
      a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return static_cast<unsigned char>(lower(x)) <=> static_cast<unsigned char>(lower(y));
      });
}

// The number that a text begins with; what follows it does not matter. Nothing: no number.
template <typename T>
std::optional<T> leading(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

template <typename T>
std::weak_ordering compare_numbers(std::string_view a, std::string_view b) {
  const auto x = leading<T>(a), y = leading<T>(b);
  if (!x || !y) return compare_text(a, b);
  if (*x < *y) return std::weak_ordering::less;
  return *x > *y ? std::weak_ordering::greater : std::weak_ordering::equivalent;
}

std::weak_ordering compare(std::string_view type, std::string_view a, std::string_view b) {
  const auto is = [&](std::string_view name) { return equal_ignoring_case(type, name); };
  if (is("integer")) return compare_numbers<std::int64_t>(a, b);
  if (is("number")) return compare_numbers<double>(a, b);
  if (is("version")) return compare_versions(a, b);
  return compare_text(a, b);
}

std::optional<std::string_view> look_up(const Attributes* attributes, std::string_view name) {
  return attributes ? attributes->find(name) : std::nullopt;
}

// What the attribute is compared with. An empty text counts as none.
std::optional<std::string_view> wanted_value(pugi::xml_node element, const RuleInput& input) {
  const std::string_view value = element.attribute("value").value();
  const std::string_view source = element.attribute("value-source").value();
  if (value.empty()) return std::nullopt;
  if (source == "param") return look_up(input.parameters, value);
  if (source == "meta") return look_up(input.meta, value);
  return value;
}

// Unless it is said: whoever orders means numbers, whoever asks for the same means text.
std::string_view type_of(pugi::xml_node element, bool orders, std::string_view actual,
                         std::string_view wanted) {
  if (const auto type = element.attribute("type")) return type.value();
  if (!orders) return "string";
  return actual.find('.') != actual.npos || wanted.find('.') != wanted.npos ? "number" : "integer";
}

bool expression_passes(pugi::xml_node element, const RuleInput& input) {
  const std::string_view operation = element.attribute("operation").value();
  const std::string_view name = element.attribute("attribute").value();
  const auto is = [&](std::string_view other) { return equal_ignoring_case(operation, other); };
  if (!input.node || name.empty()) return false;
  const auto actual = input.node->find(name);
  if (is("defined")) return actual.has_value();
  if (is("not_defined")) return !actual;

  const auto wanted = wanted_value(element, input);
  if (!actual || !wanted) {
    const bool both_missing = !actual && !wanted;
    return is("eq") ? both_missing : is("ne") && !both_missing;
  }
  const bool orders = !is("eq") && !is("ne");
  const auto order = compare(type_of(element, orders, *actual, *wanted), *actual, *wanted);
  if (is("eq")) return order == 0;
  if (is("ne")) return order != 0;
  if (is("lt")) return order < 0;
  if (is("lte")) return order <= 0;
  if (is("gt")) return order > 0;
  return is("gte") && order >= 0;
}

// An attribute that is not there allows everything.
bool allows(pugi::xml_node element, const char* attribute, std::string_view actual) {
  const auto wanted = element.attribute(attribute);
  return !wanted || actual == wanted.value();
}

bool resource_passes(pugi::xml_node element, const RuleInput& input) {
  return input.resource && allows(element, "class", input.resource->standard) &&
         allows(element, "provider", input.resource->provider) &&
         allows(element, "type", input.resource->type);
}

bool operation_passes(pugi::xml_node element, const RuleInput& input) {
  if (!input.operation || input.operation->name != element.attribute("name").value()) return false;
  const auto interval = element.attribute("interval");
  return !interval || parse_interval_ms(interval.value()) == input.operation->interval_ms;
}

// Rules may share rules, even in a circle. No document that means something asks so many.
constexpr int rules_max = 1000;

struct Walk {
  const RuleInput& input;
  Seconds* next_change;
  int rules_left = rules_max;

  bool rule_passes(pugi::xml_node rule) {
    if (input.ids) rule = input.ids->resolve(rule);
    if (!rule || rules_left-- <= 0) return false;
    const bool any = equal_ignoring_case(rule.attribute("boolean-op").value(), "or");
    bool passed = !any;
    for (const auto part : rule.children()) {
      passed = part_passes(part);
      // Of what follows nothing can change the answer before what decided it does.
      if (passed == any) break;
    }
    return passed;
  }

  bool part_passes(pugi::xml_node part) {
    const std::string_view kind = part.name();
    if (kind == "expression") return expression_passes(part, input);
    if (kind == "date_expression")
      return date_passes(part, input.now, input.utc_offset, next_change);
    if (kind == "rsc_expression") return resource_passes(part, input);
    if (kind == "op_expression") return operation_passes(part, input);
    return kind == "rule" && rule_passes(part);
  }
};

}  // namespace

bool passes(pugi::xml_node rule, const RuleInput& input, Seconds* next_change) {
  return Walk{input, next_change}.rule_passes(rule);
}

}  // namespace gyre::rm
