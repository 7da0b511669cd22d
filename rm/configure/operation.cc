#include "rm/configure/operation.hh"

#include <algorithm>

#include "rm/cib/kinds.hh"

namespace gyre::rm::configure {

namespace {

// What else is said of an operation is told to the agent.
constexpr std::string_view attributes[] = {
    "interval",       "timeout",         "role",     "on-fail",    "start-delay", "enabled",
    "record-pending", "interval-origin", "requires", "description"};

void parse_attribute(Words& words, pugi::xml_node operation) {
  const auto name = words.peek().substr(0, words.peek().find('='));
  if (std::ranges::find(attributes, name) != std::end(attributes)) {
    const auto value = words.take_pair()->second;
    return set(operation, std::string(name).c_str(), value);
  }
  auto told = operation.child("instance_attributes");
  if (!told) told = operation.append_child("instance_attributes");
  parse_nvpair(words, told);
}

void show_operation(Text& text, pugi::xml_node operation, const Surroundings& around) {
  text.part();
  text.word("op");
  text.word(get(operation, "name"));
  for (const auto attribute : operation.attributes()) {
    const std::string_view name = attribute.name();
    if (name != "name" && name != "id") text.pair(name, attribute.value());
  }
  for (const auto set : operation.children()) {
    text.part();
    text.word(is(set, "meta_attributes") ? "op_meta" : "op_params");
    show_set(text, set, around);
  }
}

}  // namespace

void parse_operations(Words& words, pugi::xml_node resource) {
  auto made = resource.append_child("operations");
  if (const auto ref = words.take_value("$id-ref")) return set(made, "id-ref", *ref);
  const auto id = words.take_value("$id");
  if (!id) words.wrong("$id=ID or $id-ref=ID");
  if (!is_id(*id)) words.wrong_before("an id is expected behind $id=");
  set(made, "id", *id);
}

void parse_operation(Words& words, pugi::xml_node operations) {
  auto made = operations.append_child("op");
  if (words.is_pair()) words.wrong("an operation, as monitor, start or stop,");
  set(made, "name", words.take("an operation, as monitor, start or stop,"));
  while (words.is_pair()) parse_attribute(words, made);
  if (!made.attribute("interval")) set(made, "interval", "0");
  while (words.is_one_of({"op_params", "op_meta"}))
    parse_set(words, made, words.take({}) == "op_meta" ? "meta_attributes" : "instance_attributes");
}

pugi::xml_node parse_monitor(Words& words, pugi::xml_node into, std::string& resource) {
  auto made = into.append_child("op");
  set(made, "name", "monitor");
  const auto of = words.take("RESOURCE[:ROLE]");
  const auto colon = of.find(':');
  resource = of.substr(0, colon);
  if (colon != of.npos) {
    if (!is_role(of.substr(colon + 1)))
      words.wrong_before("a role is expected behind the colon, as Promoted or Unpromoted");
    set(made, "role", of.substr(colon + 1));
  }
  const auto times = words.take("INTERVAL[:TIMEOUT]");
  const auto between = times.find(':');
  set(made, "interval", times.substr(0, between));
  if (between != times.npos) set(made, "timeout", times.substr(between + 1));
  words.expect_end("nothing more");
  return made;
}

void show_operations(Text& text, pugi::xml_node operations, const Surroundings& around) {
  const auto ref = operations.attribute("id-ref");
  if (ref || operations.attribute("id")) {
    text.part();
    text.word("operations");
    // Two blanks, as the shell of Pacemaker has it.
    text.word(ref ? std::string(" $id-ref=") + ref.value()
                  : "$id=" + quoted_value(get(operations, "id")));
  }
  for (const auto operation : operations.children("op")) show_operation(text, operation, around);
}

}  // namespace gyre::rm::configure
