// The status section as those write it who carry out what was planned: results of operations,
// failure counts, what becomes of nodes and tickets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pugixml.hpp>

namespace gyre::rm::simulate {

// RESOURCE_TASK_MILLISECONDS@NODE=RC
struct OperationResult {
  std::string resource, task, node;
  std::int64_t interval_ms = 0;
  int rc = 0;
};
// Nothing: it is not of that form. What follows is how many parts of it were.
std::optional<OperationResult> parse_operation_result(std::string_view, int& parts);

// Whose operations are recorded.
struct Agent {
  std::string id;
  std::string_view standard, provider, type;
};

// One result of one.
struct Record {
  std::string_view task = {};
  std::int64_t interval_ms = 0;
  int rc = 0, expected_rc = 0;
  std::string_view exit_reason = {};
  std::string_view digest = {};               // empty: none
  std::string_view source = {}, target = {};  // of a migration
  std::string_view notification = {};         // "pre_notify_start" and the like
  std::int64_t now = 0;
};

// The state of a node, made if it has none; null: the document has no status section.
pugi::xml_node node_state(pugi::xml_node cib, std::string_view id, std::string_view name);
bool has_state(pugi::xml_node cib, std::string_view name);

// Where the results of a resource are kept on a node; made if there is none.
pugi::xml_node resource_record(pugi::xml_node node_state, const Agent&);

// Takes the place of an older result of its kind.
void record(pugi::xml_node resource_record, std::string_view resource, const Record&);

enum class Failures { one_more, never_again };
// Counts a failure of an operation, and says which attributes that changed: "name=value".
std::vector<std::string> count_failure(pugi::xml_node node_state, std::string_view operation_key,
                                       std::int64_t now, Failures = Failures::one_more);

// A change of the status raises num_updates.
void count_update(pugi::xml_node cib);

inline void set(pugi::xml_node element, const char* name, std::string_view value) {
  pugi::xml_attribute attribute = element.attribute(name);
  if (!attribute) attribute = element.append_attribute(name);
  attribute.set_value(std::string(value).c_str());
}

}  // namespace gyre::rm::simulate
