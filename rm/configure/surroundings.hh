// What showing an object has to know of the document that it stands in.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace gyre::rm::configure {

class Surroundings {
 public:
  Surroundings() = default;
  explicit Surroundings(pugi::xml_node configuration);

  // Something refers to it (id-ref), so it is to be shown.
  bool is_named(std::string_view id) const { return named_.contains(std::string(id)); }
  const std::vector<std::string>& nodes() const { return nodes_; }  // by name

 private:
  std::unordered_set<std::string> named_;
  std::vector<std::string> nodes_;
};

}  // namespace gyre::rm::configure
