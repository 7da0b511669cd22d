// What is asked of the cluster's document by name, so that it can be done to whichever version it
// has by then. Each says nothing if it is so, and otherwise why not; what changes something raises
// the version.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rm/cib/document.hh"

namespace gyre::rm {

struct AttributeChange {
  std::string node, name;
  std::optional<std::string> value;  // nothing: it goes; also "value++", "value+=5"
  bool until_reboot = true;          // else it is configured
};
std::optional<std::string> apply(Document&, const AttributeChange&);

// Forget what is known of operations and failures, so that it is looked at again. Empty: of all.
struct Cleanup {
  std::string resource = {};  // also a group or clone; the instance of a clone
  std::string node = {};
  std::string operation = {};  // whose failures
  std::optional<std::int64_t> interval_ms = {};
  bool failures_only = true;  // where none has failed nothing is forgotten
};
std::optional<std::string> apply(Document&, const Cleanup&);

// A node's id, by its name. Empty: there is no such node.
std::string id_of_node(const Document&, std::string_view name);

// The next version after a change of the configuration, of the status.
void raise_epoch(Document&);
void raise_updates(Document&);

}  // namespace gyre::rm
