// The cluster's document: what is configured, and what became of it. Text in, text out.
#pragma once

#include <compare>
#include <cstdint>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rm/cib/scan.hh"
#include "rm/cib/text.hh"

namespace gyre::rm {

// Compared in this order. A change of the configuration raises the epoch and takes num_updates back
// to 0, a change of the status raises num_updates; admin_epoch is the operator's.
struct Version {
  std::int64_t admin_epoch = 0, epoch = 0, num_updates = 0;

  auto operator<=>(const Version&) const = default;
};
// The attributes of <cib> that say it.
inline constexpr const char* version_names[] = {"admin_epoch", "epoch", "num_updates"};

// Well-formed, and its root is <cib>; what else is to be said of it, validate() says. Its nodes may
// be read and changed through pugixml; they stay where they are when the document is moved.
class Document {
 public:
  static std::variant<Document, Fault> load(Text);
  static std::variant<Document, Fault> load(std::string_view);

  pugi::xml_node cib() const { return document_.document_element(); }
  pugi::xml_node configuration() const { return cib().child("configuration"); }
  pugi::xml_node status() const { return cib().child("status"); }

  // What is missing or no number counts as 0.
  Version version() const;
  void set_version(const Version&);

  // Where the element stood in the text. 0: it came later.
  std::size_t line(pugi::xml_node) const;

  std::string text() const;
  // Without what is in its status.
  std::string configuration_text() const;

 private:
  pugi::xml_document document_;
  LineEnds line_ends_;
};

// The element and all that is in it, with nothing between.
std::string to_text(pugi::xml_node);
// The same, a line for each element.
std::string to_lines(pugi::xml_node);

}  // namespace gyre::rm
