// What is, as crm_mon shows it: in the words of Pacemaker 2.1.5.
#pragma once

#include <cstdint>
#include <string>

#include "rm/schedule/model.hh"
#include "rm/show/words.hh"

namespace gyre::rm::show {

namespace section {
enum : unsigned {
  stack = 1u << 0,
  dc = 1u << 1,
  times = 1u << 2,
  counts = 1u << 3,
  options = 1u << 4,
  maintenance = 1u << 5,
  nodes = 1u << 6,
  resources = 1u << 7,
  attributes = 1u << 8,
  failcounts = 1u << 9,
  operations = 1u << 10,
  failures = 1u << 11,
  tickets = 1u << 12,
  bans = 1u << 13,
  summary = stack | dc | times | counts | maintenance,
  // Of what was fenced the document says nothing, so these sections are always empty.
  fencing_failed = 1u << 14,
  fencing_pending = 1u << 15,
  fencing_succeeded = 1u << 16,
  fencing = fencing_failed | fencing_pending | fencing_succeeded,
  all = ((1u << 17) - 1) & ~unsigned{options},
  usual = summary | nodes | resources | failures | fencing_failed | fencing_pending,
};
}  // namespace section

struct MonitorOptions {
  unsigned sections = section::usual;
  bool by_node = false, inactive = false, detail = false, brief = false, timing = false;
  std::string ban_prefix;  // show only those whose ids begin so
  std::string node;        // or a tag of nodes: only what has to do with it
  std::string resource;    // or a tag of resources
  std::int64_t updated = 0;
  // How moments are told: to a person, and to a program.
  std::string (*clock)(std::int64_t seconds) = instant_text;
  std::string (*instant)(std::int64_t seconds) = instant_text;
};

std::string monitor_text(const schedule::Cluster&, const MonitorOptions&);
// As Pacemaker 1.1.6 wrote it.
std::string monitor_text_1_1(const schedule::Cluster&, const MonitorOptions&);
// Below either: that nothing can start, where Pacemaker does not say so. Empty: it can.
std::string monitor_notice(const schedule::Cluster&, const MonitorOptions&);
std::string monitor_json(const schedule::Cluster&, const MonitorOptions&);
// For programs; `command` is what was asked for. And as it was before Pacemaker 2.0.
std::string monitor_xml(const schedule::Cluster&, const MonitorOptions&, std::string_view command);
std::string monitor_old_xml(const schedule::Cluster&, const MonitorOptions&);

// For who asks from time to time, in one line, and whether there is something to worry about.
struct Simple {
  std::string line;
  bool warning = false;
};
Simple monitor_simple(const schedule::Cluster&);
Simple monitor_simple_1_1(const schedule::Cluster&);

}  // namespace gyre::rm::show
