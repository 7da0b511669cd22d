#include "rm/cib/rules.hh"

#include <algorithm>
#include <charconv>
#include <compare>

#include "rm/cib/date_expression.hh"
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

// Number by number between the dots; what is not there is 0.
std::weak_ordering compare_versions(std::string_view a, std::string_view b) {
  const auto next = [](std::string_view& text) {
    const auto end = std::min(text.find('.'), text.size());
    const auto part = leading<std::int64_t>(text.substr(0, end)).value_or(0);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
  };
  while (!a.empty() || !b.empty())
    if (const auto order = next(a) <=> next(b); order != 0) return order;
  return std::weak_ordering::equivalent;
}

std::weak_ordering compare(std::string_view type, std::string_view a, std::string_view b) {
  if (type == "integer") return compare_numbers<std::int64_t>(a, b);
  if (type == "number") return compare_numbers<double>(a, b);
  if (type == "version") return compare_versions(a, b);
  return compare_text(a, b);
}

std::optional<std::string_view> look_up(const Attributes* attributes, std::string_view name) {
  return attributes ? attributes->find(name) : std::nullopt;
}

bool expression_passes(pugi::xml_node element, const RuleInput& input) {
  const std::string_view operation = element.attribute("operation").value();
  const auto actual = look_up(input.node, element.attribute("attribute").value());
  if (operation == "defined") return actual.has_value();
  if (operation == "not_defined") return !actual;

  std::optional<std::string_view> wanted;
  if (const auto value = element.attribute("value")) wanted = value.value();
  const std::string_view source = element.attribute("value-source").value();
  if (wanted && source == "param") wanted = look_up(input.parameters, *wanted);
  if (wanted && source == "meta") wanted = look_up(input.meta, *wanted);
  if (!actual || !wanted) return operation == "ne" && (actual || wanted);

  const bool ordering = operation != "eq" && operation != "ne";
  const auto has_point = [](std::string_view text) { return text.find('.') != text.npos; };
  const auto type = element.attribute("type");
  const auto order = compare(type                                       ? type.value()
                             : !ordering                                ? "string"
                             : has_point(*actual) || has_point(*wanted) ? "number"
                                                                        : "integer",
                             *actual, *wanted);
  if (operation == "eq") return order == 0;
  if (operation == "ne") return order != 0;
  if (operation == "lt") return order < 0;
  if (operation == "lte") return order <= 0;
  if (operation == "gt") return order > 0;
  return operation == "gte" && order >= 0;
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
  if (!input.operation || !allows(element, "name", input.operation->name)) return false;
  const auto interval = element.attribute("interval");
  return !interval || parse_duration_ms(interval.value()) == input.operation->interval_ms;
}

constexpr int depth_max = 64;

bool rule_passes(pugi::xml_node rule, const RuleInput& input, Seconds* next_change, int depth) {
  if (input.ids) rule = input.ids->resolve(rule);
  if (!rule || depth == depth_max) return false;
  const bool any = rule.attribute("boolean-op").value() == std::string_view("or");
  bool result = !any;
  for (const auto child : rule.children()) {
    const std::string_view kind = child.name();
    bool passed = false;
    if (kind == "expression")
      passed = expression_passes(child, input);
    else if (kind == "date_expression")
      passed = date_passes(child, input.now, input.utc_offset, next_change);
    else if (kind == "rsc_expression")
      passed = resource_passes(child, input);
    else if (kind == "op_expression")
      passed = operation_passes(child, input);
    else if (kind == "rule")
      passed = rule_passes(child, input, next_change, depth + 1);
    else
      continue;
    result = any ? result || passed : result && passed;
    // Of what follows nothing can change the answer before what decided it does.
    if (result == any) break;
  }
  return result;
}

}  // namespace

bool passes(pugi::xml_node rule, const RuleInput& input, Seconds* next_change) {
  return rule_passes(rule, input, next_change, 0);
}

}  // namespace gyre::rm
