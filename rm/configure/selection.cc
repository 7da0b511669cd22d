#include "rm/configure/selection.hh"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "rm/cib/kinds.hh"
#include "rm/cib/xml_text.hh"
#include "rm/configure/language.hh"
#include "rm/configure/references.hh"

namespace gyre::rm::configure {

namespace {

std::unordered_set<std::string> shown_lines(pugi::xml_node configuration) {
  const Surroundings around(configuration);
  std::unordered_set<std::string> lines;
  for (const auto object : objects(configuration)) lines.insert(show(object, around));
  return lines;
}

// An end of it, a member, or in a set or tag.
bool names(pugi::xml_node object, std::string_view id) {
  for (const char* const name : {"rsc", "with-rsc", "first", "then", "template"})
    if (get(object, name) == id) return true;
  return static_cast<bool>(object.find_node([&](pugi::xml_node node) {
    return (is(node, "resource_ref") || is(node, "obj_ref") || is_resource(node)) &&
           get(node, "id") == id;
  }));
}

class Selection {
 public:
  Selection(const Document& before, const Document& now)
      : before_(before.configuration()), now_(now.configuration()), all_(objects(now_)) {}

  void add(std::string_view word) {
    const auto colon = word.find(':');
    const auto argument = colon == word.npos ? "" : word.substr(colon + 1);
    if (word == "changed") return changed();
    if (word.starts_with("type:")) return of_type(argument);
    if (word.starts_with("tag:")) return tagged(argument);
    if (word.starts_with("related:")) {
      add_if([argument](pugi::xml_node object) {
        return name_of(object) == argument || names(object, argument);
      });
      return;
    }
    if (add_if([word](pugi::xml_node object) { return name_of(object) == word; }) == 0)
      throw Mistake(0, fmt::format("object {} does not exist", shown(word)));
  }

  std::vector<pugi::xml_node> take() {
    std::vector<pugi::xml_node> sorted;
    for (const auto object : all_)
      if (std::ranges::find(chosen_, object) != chosen_.end()) sorted.push_back(object);
    return sorted;
  }

 private:
  template <typename Condition>
  std::size_t add_if(Condition condition) {
    const auto had = chosen_.size();
    std::ranges::copy_if(all_, std::back_inserter(chosen_), condition);
    return chosen_.size() - had;
  }
  void changed() {
    const auto before = shown_lines(before_);
    const Surroundings around(now_);
    add_if([&](pugi::xml_node object) { return !before.contains(show(object, around)); });
  }
  void of_type(std::string_view keyword) {
    const Kind* const kind = find_kind(keyword);
    if (kind == nullptr) {
      std::vector<std::string_view> known;
      for (const Kind& one : kinds()) known.push_back(one.keyword);
      throw Mistake(0, fmt::format("at \"type:{}\": one of these types is expected: {}",
                                   shown(keyword), listed(known)));
    }
    add_if([kind](pugi::xml_node object) { return kind_of(object) == kind; });
  }
  void tagged(std::string_view id) {
    const auto tag = find_object(now_, id);
    if (!is(tag, "tag"))
      throw Mistake(0, fmt::format("at \"{}\": there is no such tag", shown(id)));
    add_if([tag](pugi::xml_node object) {
      return static_cast<bool>(
          tag.find_child_by_attribute("obj_ref", "id", std::string(name_of(object)).c_str()));
    });
  }

  pugi::xml_node before_, now_;
  std::vector<pugi::xml_node> all_, chosen_;
};

}  // namespace

std::vector<pugi::xml_node> select(const Document& before, const Document& now,
                                   std::span<const std::string> words) {
  if (words.empty()) return objects(now.configuration());
  Selection selection(before, now);
  for (const std::string& word : words) selection.add(word);
  return selection.take();
}

std::string xml_of(const Document& document, std::span<const pugi::xml_node> chosen) {
  pugi::xml_document written;
  auto cib = written.append_child("cib");
  for (const auto attribute : document.cib().attributes())
    set(cib, attribute.name(), attribute.value());
  auto configuration = cib.append_child("configuration");
  for (const char* const name : {"crm_config", "nodes", "resources", "constraints"})
    configuration.append_child(name);
  const auto is_within_chosen = [&](pugi::xml_node object) {
    for (auto above = object.parent(); above; above = above.parent())
      if (std::ranges::find(chosen, above) != chosen.end()) return true;
    return false;
  };
  // As they stand in the document, each within what it is a part of.
  std::vector<pugi::xml_node> whole;
  for (auto object : chosen) {
    if (is_within_chosen(object)) continue;
    while (is_resource(object.parent())) object = object.parent();
    if (std::ranges::find(whole, object) == whole.end()) whole.push_back(object);
  }
  for (const auto section : document.configuration().children()) {
    if (std::ranges::find(whole, section) != whole.end()) configuration.append_copy(section);
    for (const auto object : section.children()) {
      if (std::ranges::find(whole, object) == whole.end()) continue;
      auto into = configuration.child(section.name());
      if (!into) into = configuration.append_child(section.name());
      into.append_copy(object);
    }
  }
  return "<?xml version=\"1.0\" ?>\n" + indented_text(cib) + '\n';
}

}  // namespace gyre::rm::configure
