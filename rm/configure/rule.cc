#include "rm/configure/rule.hh"

#include <algorithm>

#include "rm/cib/kinds.hh"
#include "rm/cib/values.hh"

namespace gyre::rm::configure {

namespace {

constexpr std::string_view units[] = {"hours",  "monthdays", "weekdays", "yearsdays", "yeardays",
                                      "months", "weeks",     "years",    "weekyears", "moon",
                                      "days",   "minutes",   "seconds"};
constexpr std::string_view operations[] = {"lt", "gt", "lte", "gte", "eq", "ne"};
constexpr std::string_view types[] = {"string", "integer", "number", "version"};

bool is_among(std::string_view word, auto& words) {
  return std::ranges::find(words, word) != std::end(words);
}

// As many "UNIT=NUMBERS" as there are.
bool parse_units(Words& words, pugi::xml_node into) {
  bool any = false;
  while (words.is_pair() && is_among(words.peek().substr(0, words.peek().find('=')), units)) {
    const auto [name, value] = *words.take_pair();
    set(into, std::string(name).c_str(), value);
    any = true;
  }
  return any;
}

void parse_date(Words& words, pugi::xml_node rule) {
  auto date = rule.append_child("date_expression");
  const auto operation = words.take("lt, gt, in or spec");
  if (operation == "lt" || operation == "gt") {
    set(date, "operation", operation);
    set(date, operation == "lt" ? "end" : "start", words.take("a date"));
  } else if (operation == "in" || operation == "in_range") {
    set(date, "operation", "in_range");
    const auto start = words.take_value("start");
    if (start) set(date, "start", *start);
    const auto end = words.take_value("end");
    if (end) set(date, "end", *end);
    if (!end && (!start || !parse_units(words, date.append_child("duration"))))
      words.wrong(start ? "end=DATE, or a duration as in months=2," : "start=DATE or end=DATE");
  } else if (operation == "spec" || operation == "date_spec") {
    set(date, "operation", "date_spec");
    if (!parse_units(words, date.append_child("date_spec")))
      words.wrong(
          "hours=, monthdays=, weekdays=, yeardays=, months=, weeks=, years=, weekyears= "
          "or moon= and numbers, as in 9-16,");
  } else {
    words.wrong_before("lt, gt, in or spec is expected");
  }
}

void parse_expression(Words& words, pugi::xml_node rule) {
  constexpr std::string_view first = "an attribute's name, defined, not_defined or date";
  const auto word = words.take(first);
  if (word == "date") return parse_date(words, rule);
  auto expression = rule.append_child("expression");
  if (word == "defined" || word == "not_defined") {
    set(expression, "operation", word);
    return set(expression, "attribute", words.take("an attribute's name"));
  }
  constexpr std::string_view then = "lt, gt, lte, gte, eq or ne";
  auto operation = words.take(then);
  std::string_view type;
  if (const auto colon = operation.find(':'); colon != operation.npos) {
    type = operation.substr(0, colon);
    operation.remove_prefix(colon + 1);
    if (!is_among(type, types))
      words.wrong_before("string, integer, number or version is expected before the colon");
  }
  if (!is_among(operation, operations))
    words.wrong_before("lt, gt, lte, gte, eq or ne is expected");
  set(expression, "operation", operation);
  set(expression, "attribute", word);
  if (!type.empty()) set(expression, "type", type);
  set(expression, "value", words.take("a value"));
}

void show_units(Text& text, pugi::xml_node units_of) {
  for (const auto unit : units_of.attributes())
    if (std::string_view(unit.name()) != "id") text.pair(unit.name(), unit.value());
}

void show_date(Text& text, pugi::xml_node date) {
  const auto operation = get(date, "operation");
  text.word("date");
  if (operation == "date_spec") {
    text.word("spec");
    return show_units(text, date.child("date_spec"));
  }
  if (operation != "in_range") {
    text.word(operation);
    return text.word(quoted_value(get(date, operation == "lt" ? "end" : "start")));
  }
  text.word("in");
  for (const char* name : {"start", "end"})
    if (date.attribute(name)) text.pair(name, get(date, name));
  show_units(text, date.child("duration"));
}

void show_expression(Text& text, pugi::xml_node expression) {
  if (is(expression, "date_expression")) return show_date(text, expression);
  const auto operation = get(expression, "operation");
  if (operation == "defined" || operation == "not_defined") {
    text.word(operation);
    return text.word(quoted(get(expression, "attribute")));
  }
  text.word(quoted(get(expression, "attribute")));
  const auto type = get(expression, "type");
  text.word(type.empty() ? std::string(operation)
                         : std::string(type) + ":" + std::string(operation));
  text.word(quoted(get(expression, "value")));
}

}  // namespace

std::optional<std::string> read_score(std::string_view word) {
  auto digits = word;
  const bool sign = digits.starts_with('-') || digits.starts_with('+');
  if (sign) digits.remove_prefix(1);
  if (equal_ignoring_case(digits, "inf") || equal_ignoring_case(digits, "infinity"))
    return std::string(word.substr(0, sign ? 1 : 0)) + "INFINITY";
  const bool number = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
  return number ? std::optional(std::string(word)) : std::nullopt;
}

void set_score(pugi::xml_node node, std::string_view word) {
  if (const auto score = read_score(word))
    set(node, "score", *score);
  else
    set(node, "score-attribute", word);
}

std::string shown_score(pugi::xml_node node) {
  std::string score(get(node, "score"));
  if (const auto at = score.find("INFINITY"); at != score.npos) score.replace(at, 8, "inf");
  if (!node.attribute("score")) score = get(node, "score-attribute");
  return score;
}

std::optional<std::string_view> take_score(Words& words) {
  const auto word = words.peek();
  if (word.size() < 2 || !word.ends_with(':')) return std::nullopt;
  words.take({});
  return word.substr(0, word.size() - 1);
}

void parse_rule(Words& words, pugi::xml_node parent) {
  auto rule = parent.append_child("rule");
  if (const auto id = words.take_value("$id-ref")) return set(rule, "id-ref", *id);
  if (const auto id = words.take_value("$id")) {
    if (!is_id(*id)) words.wrong_before("an id is expected behind $id=");
    set(rule, "id", *id);
  }
  auto role = words.take_value("$role");
  if (!role) role = words.take_value("role");
  if (role) {
    if (!is_role(*role)) words.wrong_before("Started, Stopped, Promoted or Unpromoted is expected");
    set(rule, "role", *role);
  }
  set_score(rule, take_score(words).value_or("inf"));
  parse_expression(words, rule);
  const auto joint = words.peek();
  if (!words.is_one_of({"and", "or"})) return;
  if (joint == "or") set(rule, "boolean-op", "or");
  while (words.take_if(joint)) parse_expression(words, rule);
  if (words.is_one_of({"and", "or"})) words.wrong(joint == "or" ? "or" : "and");
}

void show_rule(Text& text, pugi::xml_node rule, bool with_id) {
  text.word("rule");
  if (const auto ref = rule.attribute("id-ref"))
    return text.word(std::string("$id-ref=") + ref.value());
  if (with_id) text.pair("$id", get(rule, "id"));
  if (const auto role = rule.attribute("role")) text.pair("$role", role.value());
  if (const auto score = shown_score(rule); score != "inf") text.word(score + ":");
  const bool any = get(rule, "boolean-op") == "or";
  bool first = true;
  for (const auto expression : rule.children()) {
    if (!first) text.word(any ? "or" : "and");
    first = false;
    show_expression(text, expression);
  }
}

}  // namespace gyre::rm::configure
