#include "rm/cib/difference.hh"

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "rm/cib/steps.hh"

namespace gyre::rm {

namespace {

std::vector<Attribute> changed_attributes(pugi::xml_node from, pugi::xml_node to) {
  std::vector<Attribute> changed;
  for (const auto now : to.attributes()) {
    const auto old = from.attribute(now.name());
    if (!old || std::string_view(old.value()) != now.value())
      changed.push_back({now.name(), now.value()});
  }
  for (const auto old : from.attributes())
    if (!to.attribute(old.name())) changed.push_back({old.name(), std::nullopt});
  return changed;
}

using Children = std::unordered_map<std::string, pugi::xml_node>;  // by key

// Nothing: there is text among them, or some cannot be told apart.
std::optional<Children> children_by_key(pugi::xml_node parent) {
  Children children;
  for (const auto child : parent)
    if (child.type() != pugi::node_element || !children.emplace(key(child), child).second)
      return std::nullopt;
  return children;
}

bool same(pugi::xml_node a, pugi::xml_node b) {
  if (a.type() != b.type() || std::string_view(a.name()) != b.name() ||
      std::string_view(a.value()) != b.value() || !changed_attributes(a, b).empty())
    return false;
  auto x = a.first_child(), y = b.first_child();
  for (; x && y; x = x.next_sibling(), y = y.next_sibling())
    if (!same(x, y)) return false;
  return !x && !y;
}

// Which of `places`, all different, may stay for the rest to be moved: a longest rising sequence.
std::vector<bool> stay(const std::vector<std::size_t>& places) {
  constexpr auto none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> ends, before(places.size(), none);  // ends: index, by length
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto at = std::ranges::lower_bound(ends, places[i], {},
                                             [&](std::size_t index) { return places[index]; });
    if (at != ends.begin()) before[i] = *std::prev(at);
    if (at == ends.end())
      ends.push_back(i);
    else
      *at = i;
  }
  std::vector<bool> stays(places.size());
  for (auto i = ends.empty() ? none : ends.back(); i != none; i = before[i]) stays[i] = true;
  return stays;
}

class Comparison {
 public:
  // One child of <cib>, there or not in each.
  std::vector<Change> section(pugi::xml_node from, pugi::xml_node to) {
    const auto position = to ? position_of(to) : 0;
    if (from && to)
      element(from, to, position);
    else if (from)
      change(removed_, Change::Kind::remove, from);
    else if (to)
      create(to, position);
    removed_.insert(removed_.end(), std::make_move_iterator(changed_.begin()),
                    std::make_move_iterator(changed_.end()));
    return std::move(removed_);
  }

 private:
  // Is it still the same one? Else another is in its place.
  bool element(pugi::xml_node from, pugi::xml_node to, std::size_t position) {
    const auto old = children_by_key(from), now = children_by_key(to);
    if (!old || !now) {
      if (same(from, to)) return true;
      change(removed_, Change::Kind::remove, from);
      create(to, position);
      return false;
    }
    path_.push_back(step(to));
    if (auto attributes = changed_attributes(from, to); !attributes.empty())
      changed_.push_back({Change::Kind::modify, path_, 0, {}, std::move(attributes)});
    for (const auto child : from)
      if (!now->contains(key(child))) change(removed_, Change::Kind::remove, child);
    children(from, to, *old);
    path_.pop_back();
    return true;
  }

  // Those that there are now, in their order: each stays, moves or is new.
  void children(pugi::xml_node from, pugi::xml_node to, const Children& old) {
    std::unordered_map<std::string, std::size_t> place_of;
    for (const auto child : from) place_of.emplace(key(child), place_of.size());
    std::vector<std::size_t> places;
    for (const auto child : to)
      if (const auto found = place_of.find(key(child)); found != place_of.end())
        places.push_back(found->second);
    const auto stays = stay(places);
    std::size_t position = 0, common = 0;
    for (const auto child : to) {
      if (const auto found = old.find(key(child)); found == old.end()) {
        create(child, position);
      } else {
        const bool may_stay = stays[common++];
        if (element(found->second, child, position) && !may_stay)
          change(changed_, Change::Kind::move, child).position = position;
      }
      ++position;
    }
  }

  Change& change(std::vector<Change>& changes, Change::Kind kind, pugi::xml_node node) {
    Change& made = changes.emplace_back(Change{kind, path_, 0, {}, {}});
    made.path.push_back(step(node));
    return made;
  }
  void create(pugi::xml_node node, std::size_t position) {
    Change& made = change(changed_, Change::Kind::create, node);
    made.position = position;
    made.element = to_text(node);
  }

  std::vector<Change> removed_, changed_;
  Path path_;
};

}  // namespace

Difference difference(const Document& from, const Document& to) {
  Difference found{from.version(), to.version(), changed_attributes(from.cib(), to.cib()), {}, {}};
  std::erase_if(found.header, [](const Attribute& attribute) {
    return std::ranges::find(version_names, attribute.name) != std::end(version_names);
  });
  found.configuration = Comparison().section(from.configuration(), to.configuration());
  found.status = Comparison().section(from.status(), to.status());
  return found;
}

}  // namespace gyre::rm
