#include <fmt/format.h>

#include <functional>
#include <utility>

#include "rm/cib/difference.hh"
#include "rm/cib/steps.hh"

namespace gyre::rm {

namespace {

// What was done, until it is kept, can be undone. What is removed goes into an element beside <cib>
// until then, so that it can come back as it was.
class Attempt {
 public:
  explicit Attempt(Document& document)
      : document_(document), removed_(document.cib().parent().append_child("removed")) {}
  ~Attempt() {
    while (!undo_.empty()) {
      undo_.back()();
      undo_.pop_back();
    }
    removed_.parent().remove_child(removed_);
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  void keep() { undo_.clear(); }

  // Nothing: it is done.
  std::optional<std::string> apply(const std::vector<Change>&);
  std::optional<std::string> set(pugi::xml_node, const std::vector<Attribute>&);

 private:
  struct Found {
    pugi::xml_node parent, node;
  };
  Found find(const Path&) const;
  void take_out(pugi::xml_node);
  std::optional<std::string> create(pugi::xml_node parent, const Change&);
  std::optional<std::string> put_in(pugi::xml_node parent, pugi::xml_node, const Change&);

  Document& document_;
  pugi::xml_node removed_;
  std::vector<std::function<void()>> undo_;
};

void put(pugi::xml_node parent, pugi::xml_node node, pugi::xml_node after) {
  if (after)
    parent.insert_move_after(node, after);
  else
    parent.prepend_move(node);
}

// After whom it would come; null: it would be the first. Nothing: there are not as many.
std::optional<pugi::xml_node> before(pugi::xml_node parent, std::size_t position) {
  pugi::xml_node last;
  for (auto next = parent.first_child(); position > 0; next = next.next_sibling()) {
    if (!next) return std::nullopt;
    last = next;
    if (next.type() == pugi::node_element) --position;
  }
  return last;
}

std::optional<std::string> Attempt::set(pugi::xml_node node,
                                        const std::vector<Attribute>& attributes) {
  // Their order is part of what has to come back: so all of them come back.
  std::vector<std::pair<std::string, std::string>> were;
  for (const auto old : node.attributes()) were.emplace_back(old.name(), old.value());
  undo_.emplace_back([node, were = std::move(were)]() mutable {
    node.remove_attributes();
    for (const auto& [name, value] : were) node.append_attribute(name.c_str()) = value.c_str();
  });
  for (const auto& [name, value] : attributes) {
    auto attribute = node.attribute(name.c_str());
    if (name == "id" && !(value && attribute.value() == *value))
      return fmt::format("<{}>: an id does not change", node.name());
    if (!value) {
      if (!node.remove_attribute(attribute))
        return fmt::format("<{}> has no attribute \"{}\"", node.name(), name);
      continue;
    }
    if (!attribute) attribute = node.append_attribute(name.c_str());
    attribute = value->c_str();
  }
  return std::nullopt;
}

Attempt::Found Attempt::find(const Path& path) const {
  if (path.empty()) return {};
  auto parent = document_.cib();
  for (std::size_t i = 0; i + 1 < path.size() && parent; ++i) parent = find_child(parent, path[i]);
  return {parent, parent ? find_child(parent, path.back()) : pugi::xml_node()};
}

void Attempt::take_out(pugi::xml_node node) {
  undo_.emplace_back([parent = node.parent(), node, before = node.previous_sibling()] {
    put(parent, node, before);
  });
  removed_.append_move(node);
}

std::optional<std::string> Attempt::put_in(pugi::xml_node parent, pugi::xml_node node,
                                           const Change& change) {
  if (find_child(parent, change.path.back())) return to_text(change.path) + " is there already";
  const auto after = before(parent, change.position);
  if (!after)
    return fmt::format("{}: there is no position {}", to_text(change.path), change.position);
  undo_.emplace_back([this, node] { removed_.append_move(node); });
  put(parent, node, *after);
  return std::nullopt;
}

std::optional<std::string> Attempt::create(pugi::xml_node parent, const Change& change) {
  if (const auto fault = scan(change.element))
    return fmt::format("{}: {}", to_text(change.path), fault->text());
  pugi::xml_document parsed;
  parsed.load_buffer(change.element.data(), change.element.size(), pugi::parse_default,
                     pugi::encoding_utf8);
  if (step(parsed.document_element()) != change.path.back())
    return fmt::format("{}: the element is another", to_text(change.path));
  return put_in(parent, removed_.append_copy(parsed.document_element()), change);
}

std::optional<std::string> Attempt::apply(const std::vector<Change>& changes) {
  std::vector<std::pair<Found, const Change*>> places;
  for (const Change& change : changes) {
    const Found found = find(change.path);
    const bool is_new = change.kind == Change::Kind::create;
    if (!(is_new ? found.parent : found.node))
      return fmt::format("there is no {}", to_text(change.path));
    if (change.kind == Change::Kind::modify) {
      if (auto why = set(found.node, change.attributes)) return why;
    } else if (change.kind == Change::Kind::remove) {
      take_out(found.node);
    } else {
      places.emplace_back(found, &change);
    }
  }
  for (const auto& [found, change] : places)
    if (change->kind == Change::Kind::move) take_out(found.node);
  for (const auto& [found, change] : places)
    if (auto why = change->kind == Change::Kind::move ? put_in(found.parent, found.node, *change)
                                                      : create(found.parent, *change))
      return why;
  return std::nullopt;
}

std::string to_text(const Version& version) {
  return fmt::format("{}.{}.{}", version.admin_epoch, version.epoch, version.num_updates);
}

std::optional<std::string> stale(const Version& now, const Difference& difference) {
  const auto& [from, to, header, configuration, status] = difference;
  const auto of_configuration = [](const Version& version) {
    return Version{version.admin_epoch, version.epoch, 0};
  };
  const bool fits = status.empty() && !configuration.empty()
                        ? of_configuration(now) == of_configuration(from)
                        : now == from;
  if (!fits) return fmt::format("made for version {}, and this is {}", to_text(from), to_text(now));
  const bool raises = configuration.empty()
                          ? to > from || (to == from && status.empty() && header.empty())
                          : of_configuration(to) > of_configuration(from);
  if (!raises)
    return fmt::format("from version {} to {} does not raise it", to_text(from), to_text(to));
  return std::nullopt;
}

}  // namespace

std::optional<std::string> patch(Document& document, const Difference& difference) {
  if (auto why = stale(document.version(), difference)) return why;
  Attempt attempt(document);
  if (auto why = attempt.set(document.cib(), difference.header)) return why;
  for (const auto* changes : {&difference.configuration, &difference.status}) {
    const std::string_view section =
        changes == &difference.configuration ? "configuration" : "status";
    for (const Change& change : *changes)
      if (change.path.empty() || change.path[0].name != section)
        return fmt::format("\"{}\" is not in the {}", to_text(change.path), section);
    if (auto why = attempt.apply(*changes)) return why;
  }
  attempt.keep();
  document.set_version(difference.to);
  return std::nullopt;
}

}  // namespace gyre::rm
