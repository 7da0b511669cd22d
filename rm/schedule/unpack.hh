// The stages of unpacking, in their order. Each reads one part of the document.
#pragma once

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

// The element's attribute, empty if it has none.
inline std::string_view attribute(pugi::xml_node element, const char* name) noexcept {
  return element.attribute(name).value();
}

void unpack_options(Cluster&);
void unpack_nodes(Cluster&);  // with their states, as far as resources do not matter
void unpack_tags(Cluster&);
void unpack_resources(Cluster&);
void unpack_history(Cluster&);  // what ran where, how it ended, what is half done
void unpack_constraints(Cluster&);

// Adds a resource with its children, below `parent` or at the top; null if its element is none.
Resource* add_resource(Cluster&, pugi::xml_node, Resource* parent);
// One more instance of a clone.
Resource* add_instance(Cluster&, Resource& clone);
// A primitive that only the status section knows, by its lrm_resource.
Resource* add_orphan(Cluster&, pugi::xml_node record);

// A node that is to be fenced, for the first reason that is given.
void want_fencing(Node&, std::string reason);
// A resource is on a node; `failed`: and something is wrong with it.
void add_running(Cluster&, Resource&, Node&);
// score for a resource on a node, or on all of them; a rule or a failure says so.
void add_location(Cluster&, Resource&, Node*, Score, std::string_view id);

// How often a resource failed on a node, all operations together. A failure timeout that has run
// out makes it 0; with `raw` not.
struct FailCount {
  int count = 0;
  std::int64_t last_failure = 0;
};
// An operation failed there for which on-fail is "block": that failure never runs out.
bool failed_for_good(const Resource&, const Node&);
// Who counts as failed: all instances of an anonymous clone together.
Resource& counted(Resource&);
FailCount fail_count(const Cluster&, const Resource&, const Node&, bool raw = false);

// The configured operation of that name and interval, null: none.
const Operation* find_operation(const Resource&, std::string_view name, std::int64_t interval_ms);
// Or, if that is disabled, what would count for it: an old result may be of a better time.
const Operation* find_even_disabled(const Resource&, std::string_view name,
                                    std::int64_t interval_ms);
// Of an operation's meta attributes and attributes, defaults included; empty if not given.
std::string_view operation_option(Cluster&, const Resource&, const Operation*,
                                  std::string_view task, std::int64_t interval_ms,
                                  std::string_view option);
OnFail on_fail_of(Cluster&, const Resource&, std::string_view task, std::int64_t interval_ms,
                  const Operation*, Role& fail_role);

// The template of a primitive, if it names one.
pugi::xml_node template_of(Cluster&, pugi::xml_node);

bool can_fence(const Cluster&, const Node*) noexcept;
inline bool available(const Node& node) noexcept {
  return node.online && !node.shutdown && !node.unclean && !node.standby && !node.maintenance;
}

}  // namespace gyre::rm::schedule
