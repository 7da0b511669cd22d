// location ID RESOURCE [role=ROLE] {SCORE: NODE | rule ...}
#include <fmt/format.h>

#include "rm/cib/kinds.hh"
#include "rm/configure/objects.hh"
#include "rm/configure/resource_sets.hh"
#include "rm/configure/rule.hh"

namespace gyre::rm::configure {

namespace {

void parse_attributes(Words& words, pugi::xml_node made) {
  while (const auto pair = words.take_pair()) {
    if (pair->first == "role" || pair->first == "$role") {
      if (!is_role(pair->second))
        words.wrong_before("Started, Stopped, Promoted or Unpromoted is expected");
      set(made, "role", pair->second);
    } else if (pair->first == "resource-discovery") {
      set(made, "resource-discovery", pair->second);
    } else {
      words.wrong_before("only role= and resource-discovery= can be said here");
    }
  }
}

void parse_resource(Words& words, pugi::xml_node made, ResourceSets& sets) {
  constexpr std::string_view what = "a resource, /PATTERN/ or { RESOURCE... }";
  const auto resource = words.take(what);
  if (resource == "{") return sets.parse(words, "}");
  if (resource.size() > 2 && resource.starts_with('/') && resource.ends_with('/'))
    return set(made, "rsc-pattern", resource.substr(1, resource.size() - 2));
  if (!is_id(resource)) words.wrong_before(fmt::format("{} is expected", what));
  set(made, "rsc", resource);
}

}  // namespace

void parse_location(Words& words, pugi::xml_node into) {
  auto made = into.append_child("rsc_location");
  set(made, "id", words.take_id("the constraint's id"));
  ResourceSets sets("role");
  parse_resource(words, made, sets);
  parse_attributes(words, made);
  constexpr std::string_view what = "SCORE: NODE or rule";
  if (const auto score = take_score(words)) {
    set_score(made, *score);
    set(made, "node", words.take("a node"));
  } else if (words.peek() != "rule") {
    words.wrong(what);
  }
  pugi::xml_document rules;
  while (words.take_if("rule")) {
    if (made.attribute("node")) words.wrong_before("either SCORE: NODE is expected, or rules");
    parse_rule(words, rules);
  }
  parse_attributes(words, made);
  words.expect_end("rule, role= or resource-discovery=");
  sets.write(made);
  for (const auto rule : rules.children()) made.append_copy(rule);
}

void show_location(Text& text, pugi::xml_node constraint, const Surroundings& around) {
  text.word("location");
  text.word(get(constraint, "id"));
  if (const auto pattern = constraint.attribute("rsc-pattern")) {
    text.word(quoted(fmt::format("/{}/", pattern.value())));
  } else if (const auto resource = constraint.attribute("rsc")) {
    text.word(resource.value());
  } else {
    text.word("{");
    show_sets(text, constraint, "role", 0);
    text.word("}");
  }
  for (const char* const name : {"role", "resource-discovery"})
    if (const auto attribute = constraint.attribute(name)) text.pair(name, attribute.value());
  if (const auto node = constraint.attribute("node")) {
    text.word(shown_score(constraint) + ":");
    text.word(quoted(node.value()));
  }
  for (const auto rule : constraint.children("rule")) {
    text.part();
    show_rule(text, rule, around.is_named(get(rule, "id")));
  }
}

}  // namespace gyre::rm::configure
