#include "rm/cib/finding.hh"

#include <algorithm>

#include "rm/cib/kinds.hh"

namespace gyre::rm {

std::string path_of(pugi::xml_node node) {
  std::vector<std::string> steps;
  for (; node.type() == pugi::node_element; node = node.parent()) {
    std::string step = "/" + shown(node.name());
    if (const auto id = node.attribute("id")) step += "[@id='" + shown(id.value()) + "']";
    steps.push_back(std::move(step));
  }
  std::string path;
  std::for_each(steps.rbegin(), steps.rend(), [&](const auto& step) { path += step; });
  return path;
}

void Findings::add(Finding::Severity severity, pugi::xml_node node, std::string what,
                   std::string advice) {
  if (!node) node = document_.cib();
  if (counts_[static_cast<std::size_t>(severity)]++ >= findings_max) return;
  found_.push_back({severity, document_.line(node), shown(node.name()), path_of(node),
                    std::move(what), std::move(advice)});
}

}  // namespace gyre::rm
