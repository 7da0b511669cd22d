// primitive ID {[CLASS:[PROVIDER:]]TYPE|@TEMPLATE} [params ...] [meta ...] [op NAME ...]
#include <fmt/format.h>

#include <algorithm>

#include "rm/configure/objects.hh"
#include "rm/configure/operation.hh"

namespace gyre::rm::configure {

namespace {

constexpr std::string_view parts = "NAME=VALUE, params, meta, utilization, operations or op";

void parse_agent(Words& words, pugi::xml_node made) {
  const auto agent = words.take("[CLASS:[PROVIDER:]]TYPE");
  const auto first = agent.find(':');
  const auto second = first == agent.npos ? first : agent.find(':', first + 1);
  const auto standard = first == agent.npos ? "ocf" : agent.substr(0, first);
  const auto type = agent.substr(second != agent.npos  ? second + 1
                                 : first != agent.npos ? first + 1
                                                       : 0);
  if (standard.empty() || type.empty() || (standard != "ocf" && second != agent.npos))
    words.wrong_before(
        "[CLASS:[PROVIDER:]]TYPE is expected, as in IPaddr2, ocf:pacemaker:ping or "
        "systemd:apache2");
  set(made, "class", standard);
  if (second != agent.npos)
    set(made, "provider", agent.substr(first + 1, second - first - 1));
  else if (standard == "ocf")
    set(made, "provider", "heartbeat");
  set(made, "type", type);
}

void parse_sections(Words& words, pugi::xml_node made) {
  if (const auto said = words.take_value("description")) set(made, "description", *said);
  if (words.is_pair() || words.peek().starts_with('@'))
    parse_set(words, made, "instance_attributes");
  while (!words.done()) {
    const auto keyword = words.peek();
    if (const char* const element = set_element(keyword)) {
      words.take({});
      parse_set(words, made, element);
    } else if (words.take_if("operations")) {
      if (made.child("operations")) words.wrong_before("its operations are there already");
      parse_operations(words, made);
    } else if (words.take_if("op")) {
      auto operations = made.child("operations");
      if (!operations) operations = made.append_child("operations");
      parse_operation(words, operations);
    } else {
      words.wrong(parts);
    }
  }
}

std::string agent_of(pugi::xml_node primitive) {
  const auto standard = get(primitive, "class"), provider = get(primitive, "provider"),
             type = get(primitive, "type");
  if (primitive.attribute("template")) return fmt::format("@{}", get(primitive, "template"));
  if (standard == "ocf" && provider == "heartbeat") return std::string(type);
  return provider.empty() ? fmt::format("{}:{}", standard, type)
                          : fmt::format("{}:{}:{}", standard, provider, type);
}

}  // namespace

void parse_primitive(Words& words, pugi::xml_node into) {
  auto made = into.append_child("primitive");
  set(made, "id", words.take_id("the primitive's id"));
  if (words.peek().size() > 1 && words.peek().starts_with('@'))
    set(made, "template", words.take({}).substr(1));
  else
    parse_agent(words, made);
  parse_sections(words, made);
}

void parse_template(Words& words, pugi::xml_node into) {
  auto made = into.append_child("template");
  set(made, "id", words.take_id("the template's id"));
  parse_agent(words, made);
  parse_sections(words, made);
}

void show_primitive(Text& text, pugi::xml_node primitive, const Surroundings& around) {
  text.word(is(primitive, "template") ? "rsc_template" : "primitive");
  text.word(get(primitive, "id"));
  text.word(quoted(agent_of(primitive)));
  if (const auto said = primitive.attribute("description")) {
    text.part();
    text.pair("description", said.value());
  }
  for (const auto child : primitive.children())
    if (is(child, "operations")) {
      show_operations(text, child, around);
    } else if (const char* const keyword = set_keyword(child.name())) {
      text.part();
      text.word(keyword);
      show_set(text, child, around);
    }
}

}  // namespace gyre::rm::configure
