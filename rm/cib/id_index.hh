// What an id-ref names. Built once over a document's configuration; the document outlives it and
// is not changed meanwhile.
#pragma once

#include <pugixml.hpp>
#include <string_view>
#include <unordered_map>

namespace gyre::rm {

class IdIndex {
 public:
  IdIndex() = default;
  // Remembers only what some id-ref names: most documents have none, and cost one walk.
  explicit IdIndex(pugi::xml_node configuration);

  // The element that the element's id-ref names, of the same name; itself without an id-ref;
  // nothing if there is no such element, or if that is a reference again.
  pugi::xml_node resolve(pugi::xml_node element) const;

 private:
  std::unordered_map<std::string_view, pugi::xml_node> named_;
};

}  // namespace gyre::rm
