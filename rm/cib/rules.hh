// Rules: what holds on a node, for a resource, for an operation or at a time. A rule is read where
// it stands in the document, each time it is asked.
#pragma once

#include <cstdint>
#include <optional>
#include <pugixml.hpp>
#include <string_view>

#include "rm/cib/attributes.hh"
#include "rm/cib/calendar.hh"
#include "rm/cib/id_index.hh"

namespace gyre::rm {

struct RuleResource {
  std::string_view standard, provider, type;  // "ocf", "heartbeat", "IPaddr2"
};

struct RuleOperation {
  std::string_view name;
  std::int64_t interval_ms = 0;
};

// What a rule may ask about. What is not there makes every expression about it false.
struct RuleInput {
  Seconds now = 0;
  Seconds utc_offset = 0;                  // of the zone in which a date_spec counts hours and days
  const Attributes* node = nullptr;        // with #uname, #id, #kind, #is_dc and the like
  const Attributes* parameters = nullptr;  // of the resource, for value-source="param"
  const Attributes* meta = nullptr;        // of the resource, for value-source="meta"
  std::optional<RuleResource> resource = {};
  std::optional<RuleOperation> operation = {};
  const IdIndex* ids = nullptr;
};

// Does the rule hold? `next_change`, if given, is lowered to the earliest instant after now at
// which a date in it may begin or cease to hold.
bool passes(pugi::xml_node rule, const RuleInput&, Seconds* next_change = nullptr);

}  // namespace gyre::rm
