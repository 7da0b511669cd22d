// What may stand in a configuration: a table of elements, their children and their attributes.
#pragma once

#include <pugixml.hpp>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gyre::rm {

struct ElementRule {
  std::string_view name;
  // Names with blanks between: "a" any number of times, "a?" at most once, "a!" exactly once,
  // "a+" at least once. "a|b!": together they are there exactly once.
  std::string_view children;
  // With blanks between:
  //   score:score, role:a,b   an attribute and its kind, or the words that it may be
  //   interval:duration~      what is no such thing is to be warned of, and no more
  //   score:score!            it must be there
  //   rsc/<resource_set>!     one of them must be there, be it attribute or child
  //   class=ocf->provider     if the one is that, there must be the other; "a->b": if it is there,
  //                           and "->b": in any case
  //   node^<rule>             not both
  std::string_view attributes;
};
std::span<const ElementRule> element_rules();

enum class Kind {
  text,      // anything
  word,      // anything but nothing
  id,        // a name that no other element of the configuration has as its id
  ref,       // the id of an element
  resource,  // the id of a resource, template or tag
  model,     // the id of a template
  number,    // a whole number
  natural,   // from 0 on
  positive,  // from 1 on
  boolean,
  score,
  duration,
  role,
  date,
  devices,  // names, with commas between
  range,    // of numbers: "1-5"
  numbers,  // the same, or with one end: "5-"
  choice    // one of the words of the rule
};

struct Attributed {
  std::string_view name;
  Kind kind;
  bool only_warn;
  std::vector<std::string_view> words;  // of a choice
};

// Attributes, or children as "<rule>".
using Parts = std::vector<std::string_view>;
struct Required {
  std::string_view attribute, value;  // if this is there, and is that; empty: always, anything
  Parts alternatives;                 // one of these
};

struct Counted {
  std::vector<std::string_view> names;
  std::size_t least, most;
};

// The table, looked up by name.
struct Element {
  std::vector<Attributed> attributes;
  std::vector<Required> required;
  std::vector<Parts> exclusive;  // one of each at most
  std::vector<Counted> children;

  const Attributed* attribute(std::string_view name) const;
  const Counted* child(std::string_view name) const;
};
using Grammar = std::unordered_map<std::string_view, Element>;
const Grammar& grammar();

}  // namespace gyre::rm
