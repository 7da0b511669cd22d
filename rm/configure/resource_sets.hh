// Which resources a constraint is about, and how they belong together: "a:promote b ( c d )".
//
// Resources in a row are a set, one after the other; ( ) is around those that do not depend on each
// other, and [ ] around those of which one is enough. A set has one role or action, so another one
// begins where that changes.
#pragma once

#include "rm/configure/words.hh"

namespace gyre::rm::configure {

struct Reference {
  std::string_view id, as;  // as: its role or action; empty: none is said
};

class ResourceSets {
 public:
  // What may stand behind a resource's colon: "role" or "action", as resource_set calls it.
  explicit ResourceSets(const char* as) : as_(as) {}

  // Up to `end`, which is taken; if that is empty, up to a pair that is none of a set's, or the
  // end.
  void parse(Words&, std::string_view end = {});
  // As sets into a constraint.
  void write(pugi::xml_node constraint) const;
  // In a row, if so many are all there is and nothing is said of them that needs a set.
  std::vector<Reference> plain(std::size_t count) const;

 private:
  struct Set {
    char bracket = 0;  // as it was opened
    bool sequential = true, require_all = true;
    std::vector<Reference> references;
  };
  void open(Words&, char bracket);
  void close(Words&, char bracket);
  void reference(Words&, std::string_view word);
  bool attribute(Words&);

  const char* as_;
  std::vector<Set> sets_;
  bool inside_ = false;  // the last one is open
  bool needed_ = false;
};

// All sets of a constraint; `least` resources in a row would be read as none.
void show_sets(Text&, pugi::xml_node constraint, const char* as, std::size_t least);
// "ID[:AS]"
void show_reference(Text&, std::string_view id, std::string_view as);

}  // namespace gyre::rm::configure
