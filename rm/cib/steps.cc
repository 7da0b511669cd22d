#include "rm/cib/steps.hh"

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

pugi::xml_node previous_element(pugi::xml_node node) {
  do node = node.previous_sibling();
  while (node && node.type() != pugi::node_element);
  return node;
}

std::string to_text(pugi::xml_node node) {
  struct Writer : pugi::xml_writer {
    std::string text;
    void write(const void* data, std::size_t size) override {
      text.append(static_cast<const char*>(data), size);
    }
  } writer;
  node.print(writer, "", pugi::format_raw, pugi::encoding_utf8);
  return std::move(writer.text);
}

std::string to_text(const Path& path) {
  std::string text;
  for (const Step& one : path) {
    if (!text.empty()) text += '/';
    text += one.name;
    if (!one.id.empty()) text += "[@id='" + one.id + "']";
  }
  return text;
}

}  // namespace gyre::rm
