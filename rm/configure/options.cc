// property [ID:] NAME=VALUE..., rsc_defaults ..., op_defaults ...
#include <fmt/format.h>

#include "rm/configure/objects.hh"
#include "rm/configure/rule.hh"

namespace gyre::rm::configure {

namespace {

void parse_options(Words& words, pugi::xml_node into, const char* element,
                   std::string_view otherwise) {
  auto made = into.append_child(element);
  auto id = words.take_value("$id");
  if (id && id->ends_with(':')) id->remove_suffix(1);
  if (!id && !words.is_pair()) id = take_score(words);
  if (id && !is_id(*id)) words.wrong_before("the id of a set of options is expected");
  set(made, "id", id.value_or(otherwise));
  if (!words.is_pair())
    if (const auto score = take_score(words)) {
      const auto number = read_score(*score);
      if (!number) words.wrong_before("a score is expected, as in 100:");
      set(made, "score", *number);
    }
  if (words.take_if("rule")) parse_rule(words, made);
  while (parse_nvpair(words, made)) {
    const auto value = made.last_child().attribute("value");
    if (value && *value.value() == '\0') words.wrong_before("a value is expected behind =");
  }
  words.expect_end("NAME=VALUE");
  if (!made.child("nvpair") && (!id || made.child("rule"))) words.wrong("NAME=VALUE");
}

}  // namespace

void parse_property(Words& words, pugi::xml_node into) {
  parse_options(words, into, "cluster_property_set", "cib-bootstrap-options");
}

void parse_rsc_defaults(Words& words, pugi::xml_node into) {
  parse_options(words, into.append_child("rsc_defaults"), "meta_attributes", "rsc-options");
}

void parse_op_defaults(Words& words, pugi::xml_node into) {
  parse_options(words, into.append_child("op_defaults"), "meta_attributes", "op-options");
}

void show_options(Text& text, pugi::xml_node set, const Surroundings& around) {
  text.word(is(set, "cluster_property_set") ? "property" : set.parent().name());
  text.word(fmt::format("{}:", get(set, "id")));
  if (set.attribute("score")) text.word(shown_score(set) + ":");
  for (const auto child : set.children()) {
    text.part();
    if (is(child, "rule"))
      show_rule(text, child, around.is_named(get(child, "id")));
    else
      show_nvpair(text, child, around);
  }
}

}  // namespace gyre::rm::configure
