#include "rm/cib/steps.hh"

#include <algorithm>

namespace gyre::rm {

Step step(pugi::xml_node node) {
  return {node.name(), node.attribute("id").value()};
}

std::string key(pugi::xml_node node) {
  return std::string(node.name()) + ' ' + node.attribute("id").value();
}

pugi::xml_node find_child(pugi::xml_node parent, const Step& wanted) {
  for (const auto child : parent.children(wanted.name.c_str()))
    if (wanted.id == child.attribute("id").value()) return child;
  return {};
}

std::size_t position_of(pugi::xml_node node) {
  std::size_t position = 0;
  while ((node = node.previous_sibling()))
    if (node.type() == pugi::node_element) ++position;
  return position;
}

pugi::xml_node find(pugi::xml_node cib, const Path& path) {
  for (const Step& one : path) cib = find_child(cib, one);
  return cib;
}

Path path_to(pugi::xml_node node) {
  Path path;
  for (; node.parent().parent(); node = node.parent()) path.insert(path.begin(), step(node));
  return path;
}

std::string to_text(const Path& path) {
  std::string text;
  for (const Step& one : path) {
    if (!text.empty()) text += '/';
    text += one.name;
    if (one.id.empty()) continue;
    text += "[@id='";
    for (const char c : one.id) text.append(c == '\'' ? 2 : 1, c);
    text += "']";
  }
  return text;
}

std::string to_xpath(const Path& path) {
  return path.empty() ? "/cib" : "/cib/" + to_text(path);
}

namespace {

// What stands between quotes at the beginning of the text goes, and is given.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string quoted;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '\'') {
      quoted += text[i];
    } else if (text.substr(i).starts_with("''")) {
      quoted += text[i++];
    } else {
      text.remove_prefix(i + 1);
      return quoted;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Path> parse_path(std::string_view text) {
  if (!text.starts_with("/cib")) return std::nullopt;
  text.remove_prefix(4);
  Path path;
  while (!text.empty()) {
    if (text[0] != '/' || path.size() == depth_max) return std::nullopt;
    text.remove_prefix(1);
    const auto end = std::min(text.find_first_of("/["), text.size());
    Step& one = path.emplace_back(Step{std::string(text.substr(0, end)), {}});
    text.remove_prefix(end);
    if (one.name.empty()) return std::nullopt;
    if (!text.starts_with('[')) continue;
    if (!text.starts_with("[@id='")) return std::nullopt;
    text.remove_prefix(5);
    const auto id = take_quoted(text);
    if (!id || id->empty() || !text.starts_with(']')) return std::nullopt;
    one.id = *id;
    text.remove_prefix(1);
  }
  return path;
}

}  // namespace gyre::rm
