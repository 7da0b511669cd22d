#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "rm/cib/characters.hh"
#include "rm/cib/difference_xml.hh"
#include "rm/cib/kinds.hh"
#include "rm/cib/steps.hh"

namespace gyre::rm {

namespace {

struct Refusal {
  pugi::xml_node at;
  std::string what;
};
using Refused = std::optional<Refusal>;  // nothing: it is read

bool is(pugi::xml_node node, std::string_view name) {
  return node.type() == pugi::node_element && node.name() == name;
}

bool is_name(std::string_view text) {
  if (text.empty() || !begins_name(decode(text).character)) return false;
  while (!text.empty()) {
    const auto [character, size] = decode(text);
    if (size == 0 || !continues_name(character)) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string wrong_value(pugi::xml_attribute attribute, std::string_view wanted) {
  return fmt::format("\"{}\" is no {}", shown(attribute.value()), wanted);
}

class Reader {
 public:
  Refused diff(pugi::xml_node);
  ReadDifference take() { return std::move(read_); }

 private:
  Refused version(pugi::xml_node);
  static Refused numbers(pugi::xml_node, Version&);
  Refused change(pugi::xml_node);
  Refused create(pugi::xml_node, Change&);
  static Refused modify(pugi::xml_node, Change&);
  static Refused attribute(pugi::xml_node, Change&);
  Refused header(pugi::xml_node, std::vector<Attribute>&&);
  static Refused childless(pugi::xml_node node) {
    if (const auto child = node.first_child()) return Refusal{child, "nothing may stand there"};
    return std::nullopt;
  }

  ReadDifference read_;
};

Refused Reader::diff(pugi::xml_node diff) {
  if (!is(diff, "diff")) return Refusal{diff, "not a <diff>"};
  if (std::string_view(diff.attribute("format").value()) != "2")
    return Refusal{diff, "its format is not 2, and no other is read"};
  auto next = diff.first_child();
  read_.versioned = is(next, "version");
  if (read_.versioned) {
    if (auto refused = version(next)) return refused;
    next = next.next_sibling();
  }
  for (; next; next = next.next_sibling())
    if (auto refused = change(next)) return refused;
  return std::nullopt;
}

Refused Reader::version(pugi::xml_node version) {
  const auto source = version.first_child(), target = source.next_sibling();
  if (!is(source, "source") || !is(target, "target") || target.next_sibling())
    return Refusal{version, "wanted are <source> and <target>"};
  if (auto refused = numbers(source, read_.difference.from)) return refused;
  return numbers(target, read_.difference.to);
}

Refused Reader::numbers(pugi::xml_node node, Version& version) {
  std::int64_t* const into[] = {&version.admin_epoch, &version.epoch, &version.num_updates};
  for (std::size_t i = 0; i < std::size(into); ++i) {
    const auto number = read_number(node.attribute(version_names[i]).value());
    if (!number || *number < 0)
      return Refusal{node, fmt::format("\"{}\" has to be a number from 0 on", version_names[i])};
    *into[i] = *number;
  }
  return childless(node);
}

Refused Reader::change(pugi::xml_node node) {
  if (!is(node, "change")) return Refusal{node, "not a <change>"};
  constexpr std::pair<std::string_view, Change::Kind> kinds[] = {{"create", Change::Kind::create},
                                                                 {"modify", Change::Kind::modify},
                                                                 {"move", Change::Kind::move},
                                                                 {"delete", Change::Kind::remove}};
  const auto operation = node.attribute("operation");
  const auto found = std::ranges::find(kinds, std::string_view(operation.value()),
                                       &std::pair<std::string_view, Change::Kind>::first);
  if (found == std::end(kinds)) return Refusal{node, wrong_value(operation, "operation")};
  Change change{found->second, {}, 0, {}, {}};
  auto path = parse_path(node.attribute("path").value());
  if (!path)
    return Refusal{node, wrong_value(node.attribute("path"), "path of names and ids from /cib on")};
  change.path = std::move(*path);
  if (change.kind == Change::Kind::create || change.kind == Change::Kind::move) {
    const auto position = read_number(node.attribute("position").value());
    if (!position || *position < 0)
      return Refusal{node, wrong_value(node.attribute("position"), "position from 0 on")};
    change.position = static_cast<std::size_t>(*position);
  }
  const bool modifies = change.kind == Change::Kind::modify;
  if (auto refused = modifies                              ? modify(node, change)
                     : change.kind == Change::Kind::create ? create(node, change)
                                                           : childless(node))
    return refused;
  if (modifies && change.path.empty()) return header(node, std::move(change.attributes));
  const auto section = change.path.empty() ? "" : std::string_view(change.path[0].name);
  if (section != "configuration" && section != "status")
    return Refusal{node, "neither in the configuration nor in the status"};
  (section == "status" ? read_.difference.status : read_.difference.configuration)
      .push_back(std::move(change));
  return std::nullopt;
}

Refused Reader::create(pugi::xml_node node, Change& change) {
  const auto element = node.first_child();
  if (element.type() != pugi::node_element || element.next_sibling())
    return Refusal{node, "one element has to be in it"};
  change.path.push_back(step(element));
  change.element = to_text(element);
  return std::nullopt;
}

Refused Reader::modify(pugi::xml_node node, Change& change) {
  const auto list = node.first_child(), result = list.next_sibling();
  if (!is(list, "change-list") || (result && !is(result, "change-result")) || result.next_sibling())
    return Refusal{node, "wanted are <change-list> and at most <change-result>"};
  for (const auto one : list)
    if (auto refused = attribute(one, change)) return refused;
  return std::nullopt;
}

Refused Reader::attribute(pugi::xml_node node, Change& change) {
  if (!is(node, "change-attr")) return Refusal{node, "not a <change-attr>"};
  const std::string_view operation = node.attribute("operation").value();
  const auto name = node.attribute("name"), value = node.attribute("value");
  if (!is_name(name.value())) return Refusal{node, wrong_value(name, "name of an attribute")};
  if (operation == "set" ? !value : operation != "unset")
    return Refusal{node, "neither \"set\" with a value nor \"unset\""};
  change.attributes.push_back({name.value(), std::nullopt});
  if (operation == "set") change.attributes.back().value = value.value();
  return childless(node);
}

// The version stands there, too, as it will be.
Refused Reader::header(pugi::xml_node node, std::vector<Attribute>&& attributes) {
  const auto& to = read_.difference.to;
  const std::int64_t numbers[] = {to.admin_epoch, to.epoch, to.num_updates};
  for (Attribute& one : attributes) {
    const auto found = std::ranges::find(version_names, one.name);
    if (found == std::end(version_names)) {
      read_.difference.header.push_back(std::move(one));
    } else if (!read_.versioned ||
               one.value != std::to_string(numbers[found - std::begin(version_names)])) {
      return Refusal{node, fmt::format("\"{}\" is another than in <version>", one.name)};
    }
  }
  return std::nullopt;
}

}  // namespace

std::variant<ReadDifference, Fault> read_difference(std::string_view text) {
  if (auto fault = scan(text)) return std::move(*fault);
  pugi::xml_document document;
  document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  Reader reader;
  const auto refused = reader.diff(document.document_element());
  if (!refused) return reader.take();
  const auto offset =
      static_cast<std::size_t>(std::max<std::ptrdiff_t>(refused->at.offset_debug(), 0));
  const auto line = 1 + std::ranges::count(text.substr(0, offset), '\n');
  return Fault{static_cast<std::size_t>(line),
               fmt::format("<{}>: {}", shown(refused->at.name()), refused->what),
               Fault::Kind::not_cib};
}

std::optional<std::string> patch(Document& document, const ReadDifference& read) {
  if (read.versioned) return patch(document, read.difference);
  const auto version = document.version();
  auto difference = read.difference;
  difference.from = difference.to = version;
  ++(difference.configuration.empty() ? difference.to.num_updates : difference.to.epoch);
  auto why = patch(document, difference);
  document.set_version(version);
  return why;
}

}  // namespace gyre::rm
