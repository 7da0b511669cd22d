#include "rm/configure/edit.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/configure/definition.hh"
#include "rm/configure/language.hh"
#include "rm/configure/operation.hh"

namespace gyre::rm::configure {

namespace {

bool is_options(pugi::xml_node object) {
  return is(object, "cluster_property_set") || is(object, "meta_attributes");
}

std::string described(pugi::xml_node object) {
  return fmt::format("{} \"{}\"", kind_of(object)->keyword, name_of(object));
}

// Of an object that is named instead of its part that has the id.
void resolve_references(pugi::xml_node configuration, pugi::xml_node object) {
  struct Walker : pugi::xml_tree_walker {
    pugi::xml_node configuration;
    bool for_each(pugi::xml_node& node) override {
      if (!node.attribute("id-ref")) return true;
      const auto named = find_object(configuration, get(node, "id-ref"));
      if (const auto part = named.child(node.name()); part.attribute("id"))
        set(node, "id-ref", get(part, "id"));
      return true;
    }
  } walker;
  walker.configuration = configuration;
  object.traverse(walker);
}

// Levels that are nobody's become every node's.
void expand_topology(pugi::xml_node topology, pugi::xml_node nodes, std::size_t line) {
  const std::vector<pugi::xml_node> levels(topology.begin(), topology.end());
  if (levels.front().attribute("target") || levels.front().attribute("target-pattern") ||
      levels.front().attribute("target-attribute"))
    return;
  if (!nodes.child("node"))
    throw Mistake(line,
                  "there are no nodes yet; say whose devices they are: fencing_topology "
                  "NODE: DEVICES...");
  for (const auto node : nodes.children("node"))
    for (const auto level : levels) {
      auto copy = topology.append_child("fencing-level");
      set(copy, "target", get(node, "uname"));
      set(copy, "index", get(level, "index"));
      set(copy, "devices", get(level, "devices"));
    }
  for (const auto level : levels) topology.remove_child(level);
}

bool may_hold(pugi::xml_node container, pugi::xml_node resource) {
  return is(resource, "primitive") || (is(resource, "group") && !is(container, "group"));
}

}  // namespace

Edit::Edit(Document& document, ProviderOf provider_of)
    : configuration_(document.configuration()),
      provider_of_(std::move(provider_of)),
      ids_(configuration_) {}

pugi::xml_node Edit::section(std::string_view name) {
  if (name.empty()) return configuration_;
  const std::string called(name);
  if (auto there = configuration_.child(called.c_str())) return there;
  return configuration_.append_child(called.c_str());
}

pugi::xml_node Edit::find(std::string_view name) const {
  if (name == "fencing_topology") return configuration_.child("fencing-topology");
  const auto found = ids_.find(name);
  return found && kind_of(found) != nullptr ? found : pugi::xml_node();
}

void Edit::define(const Line& line) {
  if (line.words.front() == "monitor") return add_monitor(line);
  pugi::xml_document read;
  const auto object = parse(line, read);
  find_provider(line, object);
  place(object, line.number, Known::refused);
}

void Edit::find_provider(const Line& line, pugi::xml_node object) const {
  const bool only_type = (is(object, "primitive") || is(object, "template")) &&
                         line.words.front() != "xml" && line.words.size() > 2 &&
                         line.words[2] == get(object, "type");
  if (only_type && provider_of_) set(object, "provider", provider_of_(get(object, "type")));
}

void Edit::place(pugi::xml_node object, std::size_t line, Known known) {
  const Kind& kind = *kind_of(object);
  const auto there =
      is(object, "node") ? find_node(configuration_, name_of(object)) : find(name_of(object));
  if (there && kind_of(there) != &kind)
    throw Mistake(line,
                  fmt::format("there is a {} already, and names are unique", described(there)));
  if (is(object, "node") && !object.attribute("id")) set(object, "id", get(object, "uname"));
  resolve_references(configuration_, object);
  if (there && (is(object, "node") || is_options(object)) && known != Known::replaced)
    return merge(there, object, line);
  if (there && known == Known::refused)
    throw Mistake(line, fmt::format("there is a {} already; delete it first, or use load update",
                                    described(there)));
  if (is(object, "fencing-topology")) expand_topology(object, configuration_.child("nodes"), line);
  insert(object, there, line);
}

void Edit::merge(pugi::xml_node into, pugi::xml_node from, std::size_t line) {
  if (is_options(into)) return merge_sets(into, from, line);
  for (const char* const name : {"type", "description"})
    if (from.attribute(name)) set(into, name, get(from, name));
  for (const auto set : from.children()) {
    if (auto there = into.child(set.name()))
      merge_sets(there, set, line);
    else
      into.append_copy(set);
  }
  ids_.complete(into);
}

void Edit::merge_sets(pugi::xml_node into, pugi::xml_node from, std::size_t line) {
  const auto rule = from.child("rule"), before = into.child("rule");
  const bool same_rules = [&] {
    pugi::xml_document copy;
    return (!rule && !before) || (rule && before && same(rule, definition(before, {}, copy)));
  }();
  if (rule && !same_rules)
    throw Mistake(line, fmt::format("\"{}\" is there and {}; say ID: before rule for a set of its "
                                    "own",
                                    get(into, "id"), before ? "has another rule" : "has no rule"));
  for (const auto nvpair : from.children("nvpair")) {
    auto there = into.find_child_by_attribute("nvpair", "name", nvpair.attribute("name").value());
    if (there)
      set(there, "value", get(nvpair, "value"));
    else
      into.append_copy(nvpair);
  }
  ids_.complete(into);
}

void Edit::check_free(pugi::xml_node object, std::size_t line) {
  struct Walker : pugi::xml_tree_walker {
    const Ids* ids = nullptr;
    std::size_t line = 0;
    bool for_each(pugi::xml_node& node) override {
      const bool names_another = is(node, "resource_ref") || is(node, "obj_ref") ||
                                 is(node, "member") || is(node, "role") || is(node, "node");
      if (const auto id = get(node, "id"); !id.empty() && !names_another && ids->has(id))
        throw Mistake(line, fmt::format("the id \"{}\" is taken, and ids are unique", id));
      if (kind_of(node) != nullptr && !is(node, "fencing-topology") && !is_id(get(node, "id")) &&
          !is(node, "node"))
        throw Mistake(line, fmt::format("a {} has no id", node.name()));
      if (node.type() != pugi::node_element)
        throw Mistake(line, fmt::format("there is text in <{}>", node.parent().name()));
      return true;
    }
  } walker;
  walker.ids = &ids_;
  walker.line = line;
  walker.for_each(object);
  object.traverse(walker);
}

void Edit::insert(pugi::xml_node object, pugi::xml_node instead, std::size_t line) {
  check_members(object, instead, line);
  if (instead) ids_.release(instead);
  const bool nests = instead && object.child("member");
  if (nests)
    for (const auto child : instead.children())
      if (is_resource(child)) ids_.take(child);
  check_free(object, line);
  auto made = instead ? instead.parent().insert_copy_before(object, instead)
                      : section(kind_of(object)->section).append_copy(object);
  ids_.take(made);
  ids_.complete(made);
  collect(made);
  if (!instead) return;
  for (auto child = instead.first_child(); nests && child;) {
    const auto next = child.next_sibling();
    if (is_resource(child)) section("resources").append_move(child);
    child = next;
  }
  instead.parent().remove_child(instead);
}

void Edit::check_members(pugi::xml_node container, pugi::xml_node instead, std::size_t line) const {
  std::unordered_set<std::string_view> seen;
  for (const auto member : container.children("member")) {
    const auto id = get(member, "id");
    const auto resource = find(id);
    if (!resource || !is_resource(resource))
      throw Mistake(line, fmt::format("at \"{}\": there is no such resource", id));
    if (!may_hold(container, resource))
      throw Mistake(line, fmt::format("at \"{}\": a {} cannot hold a {}", id,
                                      kind_of(container)->keyword, kind_of(resource)->keyword));
    if (resource.parent() != instead && !is(resource.parent(), "resources"))
      throw Mistake(line, fmt::format("at \"{}\": it is in the {} already", id,
                                      described(resource.parent())));
    if (!seen.insert(id).second)
      throw Mistake(line, fmt::format("at \"{}\": it is there twice", id));
  }
}

void Edit::collect(pugi::xml_node container) {
  for (auto member = container.child("member"); member;) {
    const auto next = member.next_sibling("member");
    const std::string id(get(member, "id"));
    container.append_move(find(id));
    container.remove_child(member);
    move_constraints(configuration_, id, std::string(get(container, "id")), notes_);
    member = next;
  }
}

void Edit::add_monitor(const Line& line) {
  Words words(line);
  words.take({});
  pugi::xml_document read;
  std::string of;
  const auto op = parse_monitor(words, read, of);
  auto resource = find(of);
  if (!resource || !is(resource, "primitive"))
    throw Mistake(line.number, fmt::format("at \"{}\": there is no such primitive", of));
  auto operations = resource.child("operations");
  if (!operations) operations = resource.append_child("operations");
  set(operations.append_copy(op), "id",
      ids_.fresh(fmt::format("{}-monitor-{}", of, get(op, "interval"))));
}

void Edit::rename(std::string_view old, const std::string& name) {
  auto object = find(old);
  if (!object || is(object, "fencing-topology"))
    throw Mistake(0, fmt::format("at \"{}\": there is no such object", old));
  if (!is_id(name)) throw Mistake(0, fmt::format("at \"{}\": an id is expected", name));
  if (ids_.has(name))
    throw Mistake(0, fmt::format("at \"{}\": that is taken, and ids are unique", name));
  rename_references(configuration_, old, name);
  ids_.release(object);
  set(object, "id", name);
  ids_.take(object);
}

void Edit::erase() {
  for (auto child = configuration_.first_child(); child;) {
    const auto next = child.next_sibling();
    if (!is(child, "nodes")) configuration_.remove_child(child);
    child = next;
  }
  for (const char* const name : {"crm_config", "nodes", "resources", "constraints"}) section(name);
  ids_ = Ids(configuration_);
}

}  // namespace gyre::rm::configure
