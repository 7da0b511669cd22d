// The language of the shell: a line for each object of a configuration.
#pragma once

#include <span>

#include "rm/configure/surroundings.hh"
#include "rm/configure/words.hh"

namespace gyre::rm::configure {

struct Kind {
  std::string_view keyword;  // how its line begins, and what type:KEYWORD selects
  std::string_view element;  // in the document
  std::string_view section;  // where that stands, in <configuration>; empty: right there
  int rank;                  // when it is shown; constraints come by their ids
  // Null: the language has no words for it; it is shown as XML.
  void (*parse)(Words&, pugi::xml_node into);
  void (*show)(Text&, pugi::xml_node, const Surroundings&);
};
std::span<const Kind> kinds();
// By keyword, older ones too. Null: there is none.
const Kind* find_kind(std::string_view keyword);
const Kind* kind_of(pugi::xml_node object);

// What a line defines, as objects.hh says; or "xml <...>", as it stands there. `into` is empty
// before and holds it afterwards; the object itself is returned.
pugi::xml_node parse(const Line&, pugi::xml_node into);

// As lines, without a line feed at the end. What the language cannot say, so that parse() would
// make something else of it, is shown as XML.
std::string show(pugi::xml_node object, const Surroundings&);

// Each in lines of its own. What another one shows as XML, with it in it, is not shown again.
std::string show_all(std::span<const pugi::xml_node> objects, const Surroundings&);

// The objects of a configuration, in the order in which they are shown.
std::vector<pugi::xml_node> objects(pugi::xml_node configuration);
// How it is called: a node by its name. The fencing topology: by its keyword.
std::string_view name_of(pugi::xml_node object);
bool is_resource(pugi::xml_node);

}  // namespace gyre::rm::configure
