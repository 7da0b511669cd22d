// node [$id=ID] UNAME[:TYPE] [attributes ...] [utilization ...]
#include <fmt/format.h>

#include "rm/configure/objects.hh"

namespace gyre::rm::configure {

namespace {

constexpr std::string_view types[] = {"normal", "member", "ping", "remote"};

std::string_view take_type(std::string_view& name) {
  for (const auto type : types)
    if (name.ends_with(type) && name.size() > type.size() + 1 &&
        name[name.size() - type.size() - 1] == ':') {
      name.remove_suffix(type.size() + 1);
      return type;
    }
  return {};
}

}  // namespace

void parse_node(Words& words, pugi::xml_node into) {
  auto made = into.append_child("node");
  auto id = words.take_value("$id");
  auto name = words.take("a node's name");
  if (!id && name.size() > 1 && name.ends_with(':')) {
    id = name.substr(0, name.size() - 1);
    name = words.take("a node's name");
  }
  if (name.find('=') != name.npos || set_element(name) != nullptr)
    words.wrong_before("a node's name is expected");
  const auto type = take_type(name);
  if (id) set(made, "id", *id);
  set(made, "uname", name);
  if (!type.empty()) set(made, "type", type);
  if (const auto said = words.take_value("description")) set(made, "description", *said);
  while (!words.done()) {
    if (words.take_if("attributes"))
      parse_set(words, made, "instance_attributes");
    else if (words.take_if("utilization"))
      parse_set(words, made, "utilization");
    else if (words.is_pair() && !made.first_child())
      parse_set(words, made, "instance_attributes");
    else
      words.wrong("attributes or utilization");
  }
}

void show_node(Text& text, pugi::xml_node node, const Surroundings& around) {
  const auto id = get(node, "id"), name = get(node, "uname"), type = get(node, "type");
  text.word("node");
  if (id != name && !id.empty()) text.word(quoted(fmt::format("{}:", id)));
  text.word(quoted(fmt::format("{}{}{}", name, type.empty() ? "" : ":", type)));
  if (const auto said = node.attribute("description")) {
    text.part();
    text.pair("description", said.value());
  }
  for (const auto child : node.children()) {
    text.part();
    text.word(is(child, "utilization") ? "utilization" : "attributes");
    show_set(text, child, around);
  }
}

}  // namespace gyre::rm::configure
