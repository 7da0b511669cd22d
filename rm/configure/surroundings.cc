#include "rm/configure/surroundings.hh"

#include <algorithm>

namespace gyre::rm::configure {

Surroundings::Surroundings(pugi::xml_node configuration) {
  struct Walker : pugi::xml_tree_walker {
    std::unordered_set<std::string>* named = nullptr;
    bool for_each(pugi::xml_node& node) override {
      if (const auto ref = node.attribute("id-ref")) named->insert(ref.value());
      return true;
    }
  } walker;
  walker.named = &named_;
  configuration.traverse(walker);
  for (const auto node : configuration.child("nodes").children("node"))
    nodes_.emplace_back(node.attribute("uname").value());
  std::ranges::sort(nodes_);
}

}  // namespace gyre::rm::configure
