#include "rm/configure/language.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/cib/kinds.hh"
#include "rm/cib/scan.hh"
#include "rm/cib/xml_text.hh"
#include "rm/configure/definition.hh"
#include "rm/configure/objects.hh"

namespace gyre::rm::configure {

namespace {

constexpr Kind table[] = {
    {"node", "node", "nodes", 0, parse_node, show_node},
    {"rsc_template", "template", "resources", 1, parse_template, show_primitive},
    {"primitive", "primitive", "resources", 2, parse_primitive, show_primitive},
    {"bundle", "bundle", "resources", 3, nullptr, nullptr},
    {"group", "group", "resources", 4, parse_group, show_container},
    {"ms", "master", "resources", 5, parse_master, show_container},
    {"clone", "clone", "resources", 6, parse_clone, show_container},
    {"tag", "tag", "tags", 7, parse_tag, show_tag},
    {"location", "rsc_location", "constraints", 8, parse_location, show_location},
    {"colocation", "rsc_colocation", "constraints", 8, parse_colocation, show_colocation},
    {"order", "rsc_order", "constraints", 8, parse_order, show_order},
    {"fencing_topology", "fencing-topology", "", 9, parse_fencing, show_fencing},
    {"rsc_ticket", "rsc_ticket", "constraints", 10, parse_ticket, show_ticket},
    {"property", "cluster_property_set", "crm_config", 11, parse_property, show_options},
    {"rsc_defaults", "meta_attributes", "rsc_defaults", 12, parse_rsc_defaults, show_options},
    {"op_defaults", "meta_attributes", "op_defaults", 13, parse_op_defaults, show_options},
    {"role", "acl_role", "acls", 14, nullptr, nullptr},
    {"user", "acl_user", "acls", 15, nullptr, nullptr},
    {"acl_target", "acl_target", "acls", 16, nullptr, nullptr},
    {"acl_group", "acl_group", "acls", 17, nullptr, nullptr},
    {"alert", "alert", "alerts", 18, nullptr, nullptr},
};

std::string keywords() {
  std::vector<std::string_view> known;
  for (const Kind& kind : table)
    if (kind.parse != nullptr) known.push_back(kind.keyword);
  known.push_back("xml");
  return listed(known);
}

// Where an object's element says what it is, whatever it stands in.
const Kind* kind_of_element(std::string_view element) {
  const auto* const found = std::ranges::find(table, element, &Kind::element);
  return found == std::end(table) || element == "meta_attributes" ? nullptr : found;
}

pugi::xml_node parse_xml(const Line& line, pugi::xml_node into) {
  const auto begin = line.text.find('<');
  if (begin == line.text.npos) throw Mistake(line.number, "after \"xml\": an element is expected");
  const auto text = std::string_view(line.text).substr(begin);
  if (const auto fault = scan(text)) throw Mistake(line.number, fault->what);
  into.append_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  auto object = into.first_child();
  if (is(object, "rsc_defaults") || is(object, "op_defaults")) object = object.first_child();
  if (object.next_sibling() || kind_of(object) == nullptr)
    throw Mistake(line.number, fmt::format("<{}> is no object of a configuration",
                                           shown(into.first_child().name())));
  return object;
}

std::string as_xml(pugi::xml_node object) {
  pugi::xml_document wrapped;  // what options are of says only what they are in
  if (is(object, "meta_attributes")) {
    wrapped.append_child(object.parent().name()).append_copy(object);
    object = wrapped.first_child();
  }
  std::string text = "xml ";
  for (const char c : indented_text(object))
    if (c == '\n')
      text += " \\\n";
    else
      text += c;
  return text.substr(0, text.size() - 3);
}

}  // namespace

std::span<const Kind> kinds() {
  return table;
}

const Kind* find_kind(std::string_view keyword) {
  if (keyword == "master") keyword = "ms";
  if (keyword == "collocation") keyword = "colocation";
  const auto* const found = std::ranges::find(table, keyword, &Kind::keyword);
  return found == std::end(table) ? nullptr : found;
}

const Kind* kind_of(pugi::xml_node object) {
  if (!is(object, "meta_attributes")) return kind_of_element(object.name());
  const std::string_view section = object.parent().name();
  return section == "rsc_defaults" || section == "op_defaults" ? find_kind(section) : nullptr;
}

pugi::xml_node parse(const Line& line, pugi::xml_node into) {
  Words words(line);
  const auto keyword = words.take("an object");
  if (keyword == "xml") return parse_xml(line, into);
  const Kind* const kind = find_kind(keyword);
  if (kind == nullptr || kind->parse == nullptr)
    words.wrong_before(fmt::format("one of these is expected: {}", keywords()));
  kind->parse(words, into);
  const auto made = into.first_child();
  return is(made, "rsc_defaults") || is(made, "op_defaults") ? made.first_child() : made;
}

std::string show(pugi::xml_node object, const Surroundings& around) {
  const Kind* const kind = kind_of(object);
  if (kind == nullptr || kind->show == nullptr) return as_xml(object);
  pugi::xml_document meant;
  const auto defined = definition(object, around, meant);
  Text text;
  kind->show(text, defined, around);
  auto shown_as = text.take();
  try {
    const auto lines = read_lines(shown_as);
    pugi::xml_document read;
    if (lines.size() == 1 && same(parse(lines.front(), read), defined)) return shown_as;
  } catch (const Mistake&) {
    // It has no words in the language.
  }
  return as_xml(object);
}

std::string show_all(std::span<const pugi::xml_node> objects, const Surroundings& around) {
  std::vector<std::string> lines;
  std::vector<pugi::xml_node> as_they_are;
  for (const auto object : objects) {
    lines.push_back(show(object, around));
    if (lines.back().starts_with("xml ")) as_they_are.push_back(object);
  }
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    bool contained = false;
    for (auto above = objects[i].parent(); above; above = above.parent())
      contained |= std::ranges::find(as_they_are, above) != as_they_are.end();
    if (!contained) text += lines[i] + '\n';
  }
  return text;
}

bool is_resource(pugi::xml_node node) {
  for (const auto name : {"primitive", "group", "clone", "master", "bundle"})
    if (is(node, name)) return true;
  return false;
}

std::string_view name_of(pugi::xml_node object) {
  if (is(object, "fencing-topology")) return "fencing_topology";
  return get(object, is(object, "node") ? "uname" : "id");
}

std::vector<pugi::xml_node> objects(pugi::xml_node configuration) {
  struct Walker : pugi::xml_tree_walker {
    std::vector<pugi::xml_node> found;
    bool for_each(pugi::xml_node& node) override {
      if (const Kind* const kind = kind_of(node);
          kind != nullptr && (is_resource(node) || depth() == (kind->section.empty() ? 0 : 1)) &&
          !is(node.parent(), "bundle"))
        found.push_back(node);
      return true;
    }
  } walker;
  configuration.traverse(walker);
  std::ranges::stable_sort(walker.found, [](pugi::xml_node a, pugi::xml_node b) {
    const int x = kind_of(a)->rank, y = kind_of(b)->rank;
    if (x != y) return x < y;
    return is(a, "node") ? get(a, "id") < get(b, "id") : name_of(a) < name_of(b);
  });
  return std::move(walker.found);
}

}  // namespace gyre::rm::configure
