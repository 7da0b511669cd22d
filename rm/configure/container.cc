// group ID RSC... [meta ...], clone ID RSC [meta ...], ms ID RSC [meta ...]; tag ID RSC...
#include "rm/configure/objects.hh"

namespace gyre::rm::configure {

namespace {

void add_member(pugi::xml_node made, std::string_view id) {
  auto member = made.append_child("member");
  set(member, "id", id);
}

bool is_section(const Words& words) {
  return words.done() || words.is_pair() || set_element(words.peek()) != nullptr;
}

void parse_sections(Words& words, pugi::xml_node made) {
  if (const auto said = words.take_value("description")) set(made, "description", *said);
  if (words.is_pair()) parse_set(words, made, "instance_attributes");
  while (!words.done()) {
    const auto keyword = words.peek();
    const char* const element = set_element(keyword);
    if (element == nullptr || keyword == "utilization") words.wrong("meta or params");
    words.take({});
    parse_set(words, made, element);
  }
}

void parse_clone_of(Words& words, pugi::xml_node made) {
  set(made, "id", words.take_id("the clone's id"));
  const auto member = words.take_id("the id of the resource that is cloned");
  parse_sections(words, made);
  add_member(made, member);
}

}  // namespace

void parse_group(Words& words, pugi::xml_node into) {
  auto made = into.append_child("group");
  set(made, "id", words.take_id("the group's id"));
  pugi::xml_document members;
  do add_member(members, words.take_id("the id of a resource"));
  while (!is_section(words));
  parse_sections(words, made);
  for (const auto member : members.children()) made.append_copy(member);
}

void parse_clone(Words& words, pugi::xml_node into) {
  parse_clone_of(words, into.append_child("clone"));
}

void parse_master(Words& words, pugi::xml_node into) {
  parse_clone_of(words, into.append_child("master"));
}

void show_container(Text& text, pugi::xml_node container, const Surroundings& around) {
  text.word(is(container, "master") ? "ms" : container.name());
  text.word(get(container, "id"));
  for (const auto member : container.children("member")) text.word(get(member, "id"));
  if (const auto said = container.attribute("description")) {
    text.part();
    text.pair("description", said.value());
  }
  for (const auto child : container.children())
    if (const char* const keyword = set_keyword(child.name())) {
      text.part();
      text.word(keyword);
      show_set(text, child, around);
    }
}

void parse_tag(Words& words, pugi::xml_node into) {
  auto made = into.append_child("tag");
  auto id = words.take("the tag's id");
  if (id.ends_with(':')) id.remove_suffix(1);
  if (!is_id(id)) words.wrong_before("the tag's id is expected");
  set(made, "id", id);
  do {
    auto object = made.append_child("obj_ref");
    set(object, "id", words.take_id("the id of an object"));
  } while (!words.done());
}

void show_tag(Text& text, pugi::xml_node tag, const Surroundings&) {
  text.word("tag");
  text.word(get(tag, "id"));
  for (const auto object : tag.children("obj_ref")) text.word(get(object, "id"));
}

}  // namespace gyre::rm::configure
