#include "rm/configure/attribute_list.hh"

#include <fmt/format.h>

#include "rm/configure/rule.hh"

namespace gyre::rm::configure {

namespace {

struct SetKind {
  const char *keyword, *element;
};
constexpr SetKind set_kinds[] = {
    {"params", "instance_attributes"}, {"meta", "meta_attributes"}, {"utilization", "utilization"}};

// "ID:NAME" or "NAME", of which the name is the id as well.
void parse_named(pugi::xml_node nvpair, std::string_view word) {
  const auto colon = word.find(':');
  set(nvpair, "id", word.substr(0, colon));
  set(nvpair, "name", colon == word.npos ? word : word.substr(colon + 1));
}

}  // namespace

bool parse_nvpair(Words& words, pugi::xml_node into) {
  if (words.peek().size() > 1 && words.peek().starts_with('@')) {
    const auto word = words.take({}).substr(1);
    const auto colon = word.find(':');
    auto nvpair = into.append_child("nvpair");
    set(nvpair, "id-ref", word.substr(0, colon));
    if (colon != word.npos) set(nvpair, "name", word.substr(colon + 1));
    return true;
  }
  const auto pair = words.take_pair();
  if (!pair) return false;
  auto nvpair = into.append_child("nvpair");
  if (pair->first.size() > 1 && pair->first.starts_with('$'))
    parse_named(nvpair, pair->first.substr(1));
  else
    set(nvpair, "name", pair->first);
  set(nvpair, "value", pair->second);
  return true;
}

pugi::xml_node parse_set(Words& words, pugi::xml_node parent, const char* element) {
  auto made = parent.append_child(element);
  if (const auto ref = words.take_value("$id-ref")) {
    set(made, "id-ref", *ref);
    return made;
  }
  if (const auto id = words.take_value("$id")) {
    if (!is_id(*id)) words.wrong_before("an id is expected behind $id=");
    set(made, "id", *id);
  }
  if (!words.is_pair())
    if (const auto score = take_score(words)) {
      const auto number = read_score(*score);
      if (!number) words.wrong_before("a score is expected, as in 100: or inf:");
      set(made, "score", *number);
    }
  if (words.take_if("rule")) parse_rule(words, made);
  bool any = false;
  while (parse_nvpair(words, made)) any = true;
  if (!any) words.wrong("NAME=VALUE");
  return made;
}

void show_nvpair(Text& text, pugi::xml_node nvpair, const Surroundings& around) {
  const auto name = get(nvpair, "name");
  if (const auto ref = nvpair.attribute("id-ref"))
    return text.word(fmt::format("@{}{}{}", ref.value(), name.empty() ? "" : ":", name));
  if (const auto id = get(nvpair, "id"); around.is_named(id))
    return text.pair(id == name ? fmt::format("${}", id) : fmt::format("${}:{}", id, name),
                     get(nvpair, "value"));
  if (nvpair.attribute("value"))
    text.pair(name, get(nvpair, "value"));
  else
    text.word(name);
}

void show_set(Text& text, pugi::xml_node set, const Surroundings& around) {
  if (const auto ref = set.attribute("id-ref"))
    return text.word(std::string("$id-ref=") + ref.value());
  if (const auto id = get(set, "id"); around.is_named(id)) text.pair("$id", id);
  if (set.attribute("score")) text.word(shown_score(set) + ":");
  for (const auto child : set.children())
    if (is(child, "rule"))
      show_rule(text, child, around.is_named(get(child, "id")));
    else
      show_nvpair(text, child, around);
}

const char* set_element(std::string_view keyword) {
  for (const SetKind& kind : set_kinds)
    if (keyword == kind.keyword) return kind.element;
  return nullptr;
}

const char* set_keyword(std::string_view element) {
  for (const SetKind& kind : set_kinds)
    if (element == kind.element) return kind.keyword;
  return nullptr;
}

}  // namespace gyre::rm::configure
