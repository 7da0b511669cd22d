// What turns one document into another, and the doing of it, all or nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rm/cib/document.hh"

namespace gyre::rm {

// An element among its siblings is known by its name and its id; the id is empty if it has none.
struct Step {
  std::string name, id;

  bool operator==(const Step&) const = default;
};
using Path = std::vector<Step>;  // from below <cib>

// "configuration/resources/primitive[@id='db']"
std::string to_text(const Path&);

struct Attribute {
  std::string name;
  std::optional<std::string> value;  // nothing: it goes

  bool operator==(const Attribute&) const = default;
};

// What is removed goes first. Then what is moved is taken out, and last each that is moved or new
// comes to its position, in the order of the changes.
struct Change {
  enum class Kind { create, modify, move, remove };

  Kind kind;
  Path path;                          // of the element itself
  std::size_t position = 0;           // create, move: how many stand before it in the end
  std::string element;                // create: all of it, as text
  std::vector<Attribute> attributes;  // modify

  bool operator==(const Change&) const = default;
};

struct Difference {
  Version from, to;
  std::vector<Attribute> header;  // attributes of <cib>, but for the version
  std::vector<Change> configuration, status;

  bool operator==(const Difference&) const = default;
};

// An element with text in it, or with children that cannot be told apart by name and id, is not
// taken apart: it goes, and another comes. Of <cib> the attributes, configuration and status count.
Difference difference(const Document& from, const Document& to);

// Nothing: it is done. Otherwise why not, and the document is as it was.
//
// A change of the configuration is stale if the configuration has changed since `from`, but not if
// only the status has; a change of the status is stale if anything has.
std::optional<std::string> patch(Document&, const Difference&);

}  // namespace gyre::rm
