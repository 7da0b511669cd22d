#include "rm/cib/pairs.hh"

#include <algorithm>

#include "rm/cib/kinds.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

std::string as_id(std::string_view name) {
  std::string id(name);
  std::ranges::replace_if(
      id, [](char c) { return c == ':' || c == '#'; }, '.');
  return id;
}

std::vector<pugi::xml_node> pairs_named(pugi::xml_node parent, const char* element,
                                        std::string_view name) {
  std::vector<pugi::xml_node> found;
  for (const auto set : parent.children(element))
    for (const auto pair : set.children("nvpair"))
      if (pair.attribute("name").value() == name) found.push_back(pair);
  return found;
}

pugi::xml_node child_with_id(pugi::xml_node parent, const char* element, const std::string& id) {
  if (auto found = parent.find_child_by_attribute(element, "id", id.c_str())) return found;
  auto made = parent.append_child(element);
  made.append_attribute("id") = id.c_str();
  return made;
}

pugi::xml_node add_pair(pugi::xml_node set, const std::string& name, const std::string& value) {
  auto pair = set.append_child("nvpair");
  pair.append_attribute("id") = (set.attribute("id").value() + ('-' + as_id(name))).c_str();
  pair.append_attribute("name") = name.c_str();
  pair.append_attribute("value") = value.c_str();
  return pair;
}

std::string counted_on(const std::string& value, std::string_view was, std::string_view name) {
  if (!value.starts_with(name)) return value;
  const auto more = std::string_view(value).substr(name.size());
  const auto step = more == "++"             ? 1
                    : more.starts_with("+=") ? read_number(more.substr(2))
                                             : std::nullopt;
  if (!step) return value;
  const long from = parse_score(was).value_or(Score()).value();
  constexpr std::int64_t most = 2 * Score::infinity_value;
  return std::to_string(Score(from + std::clamp(*step, -most, most)).value());
}

}  // namespace gyre::rm
