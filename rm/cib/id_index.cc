#include "rm/cib/id_index.hh"

namespace gyre::rm {

namespace {

// Every element below the root, without recursion: a document may be deep.
template <typename Visit>
void walk(pugi::xml_node root, Visit visit) {
  pugi::xml_node at = root;
  while (at) {
    visit(at);
    if (const auto child = at.first_child()) {
      at = child;
      continue;
    }
    while (at != root && !at.next_sibling()) at = at.parent();
    at = at == root ? pugi::xml_node() : at.next_sibling();
  }
}

}  // namespace

IdIndex::IdIndex(pugi::xml_node configuration) {
  walk(configuration, [&](pugi::xml_node element) {
    if (const auto reference = element.attribute("id-ref"))
      named_.try_emplace(reference.value(), pugi::xml_node());
  });
  if (named_.empty()) return;
  walk(configuration, [&](pugi::xml_node element) {
    const auto found = named_.find(element.attribute("id").value());
    if (found != named_.end() && !found->second) found->second = element;
  });
}

pugi::xml_node IdIndex::resolve(pugi::xml_node element) const {
  const auto reference = element.attribute("id-ref");
  if (!reference) return element;
  const auto found = named_.find(reference.value());
  if (found == named_.end() || found->second.attribute("id-ref")) return {};
  return std::string_view(found->second.name()) == element.name() ? found->second
                                                                  : pugi::xml_node();
}

}  // namespace gyre::rm
