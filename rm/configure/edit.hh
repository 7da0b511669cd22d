// Changes of a configuration as its operators say them. What cannot be throws a Mistake: where that
// was a single line nothing is changed, and after a load the document is to be thrown away.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "rm/cib/document.hh"
#include "rm/configure/ids.hh"
#include "rm/configure/lexer.hh"
#include "rm/configure/references.hh"

namespace gyre::rm::configure {

// Whose agent is meant where only its type is said: "ping" is pacemaker's.
using ProviderOf = std::function<std::string(std::string_view type)>;

enum class Load {
  replace,  // what there is goes, before
  update,   // what is in the text takes the place of what there is
  push      // the same, and what is not in the text goes
};

class Edit {
 public:
  Edit(Document&, ProviderOf);

  // A line of the language, or "monitor RSC INTERVAL". Options and attributes of nodes are added to
  // what there is; nothing else may be there already.
  void define(const Line&);
  void remove(std::span<const std::string> names);
  void rename(std::string_view old, const std::string& name);
  // Text of the language, or a document.
  void load(std::string_view text, Load);
  // All but the nodes.
  void erase();

  // What else was changed for it, to be told.
  const Notes& notes() const { return notes_; }

 private:
  enum class Known { refused, merged, replaced };

  pugi::xml_node section(std::string_view name);
  // An object, but for nodes. Null: there is none.
  pugi::xml_node find(std::string_view name) const;
  // An object as a line defines it.
  void place(pugi::xml_node object, std::size_t line, Known);
  void merge(pugi::xml_node into, pugi::xml_node from, std::size_t line);
  void merge_sets(pugi::xml_node into, pugi::xml_node from, std::size_t line);
  void insert(pugi::xml_node object, pugi::xml_node instead, std::size_t line);
  void check_members(pugi::xml_node container, pugi::xml_node instead, std::size_t line) const;
  void collect(pugi::xml_node container);
  void remove_all_but(const std::unordered_set<std::string>& said);
  void find_provider(const Line&, pugi::xml_node object) const;
  void add_monitor(const Line&);
  void check_free(pugi::xml_node object, std::size_t line);
  void remove_resource(pugi::xml_node resource);
  void dissolve(pugi::xml_node container);
  void load_objects(std::span<const Line>, Load);
  void load_document(std::string_view text, Load);

  pugi::xml_node configuration_;
  ProviderOf provider_of_;
  Ids ids_;
  Notes notes_;
};

}  // namespace gyre::rm::configure
