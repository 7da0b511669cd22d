#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "rm/cib/checks.hh"
#include "rm/cib/iso8601.hh"
#include "rm/cib/kinds.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

enum class Form { boolean, duration, number, score, choice };

struct Option {
  std::string_view name;
  std::string_view other;  // how newer or older versions spell it; empty: as this one
  Form form;
  std::string_view words = {};  // of a choice, with blanks around
  // The scheduler uses it, and says what Pacemaker's says; of the rest Pacemaker says nothing.
  bool scheduler = true;
};

constexpr Option options[] = {
    {"stonith-enabled", "fencing-enabled", Form::boolean},
    {"symmetric-cluster", "", Form::boolean},
    {"maintenance-mode", "", Form::boolean},
    {"stop-all-resources", "", Form::boolean},
    {"concurrent-fencing", "", Form::boolean},
    {"have-watchdog", "", Form::boolean},
    {"shutdown-lock", "", Form::boolean},
    {"stop-orphan-resources", "stop-removed-resources", Form::boolean},
    {"stop-orphan-actions", "stop-removed-actions", Form::boolean},
    {"remove-after-stop", "", Form::boolean},
    {"start-failure-is-fatal", "", Form::boolean},
    {"enable-startup-probes", "", Form::boolean},
    {"startup-fencing", "", Form::boolean},
    {"stonith-timeout", "fencing-timeout", Form::duration},
    {"cluster-delay", "", Form::duration},
    {"shutdown-lock-limit", "", Form::duration},
    {"priority-fencing-delay", "", Form::duration},
    {"batch-limit", "", Form::number},
    {"migration-limit", "", Form::number},
    {"pe-error-series-max", "", Form::number},
    {"pe-warn-series-max", "", Form::number},
    {"pe-input-series-max", "", Form::number},
    {"node-health-base", "", Form::score},
    {"node-health-green", "", Form::score},
    {"node-health-yellow", "", Form::score},
    {"node-health-red", "", Form::score},
    {"no-quorum-policy", "", Form::choice, " stop freeze ignore demote suicide fence "},
    {"stonith-action", "fencing-action", Form::choice, " reboot off poweroff "},
    {"placement-strategy", "", Form::choice, " default utilization minimal balanced "},
    {"node-health-strategy", "", Form::choice,
     " none migrate-on-red only-green progressive custom "},
    {"enable-acl", "", Form::boolean, {}, false},
    {"dc-deadtime", "", Form::duration, {}, false},
    {"election-timeout", "", Form::duration, {}, false},
    {"shutdown-escalation", "", Form::duration, {}, false},
    {"join-integration-timeout", "crmd-integration-timeout", Form::duration, {}, false},
    {"join-finalization-timeout", "crmd-finalization-timeout", Form::duration, {}, false},
    {"transition-delay", "crmd-transition-delay", Form::duration, {}, false},
    {"cluster-recheck-interval", "", Form::duration, {}, false},
    {"node-pending-timeout", "", Form::duration, {}, false},
    {"node-action-limit", "", Form::number, {}, false},
    {"cluster-ipc-limit", "", Form::number, {}, false},
    {"stonith-max-attempts", "fencing-max-attempts", Form::number, {}, false},
    {"fence-reaction", "fencing-reaction", Form::choice, " stop panic ", false},
};

bool has_form(std::string_view value, const Option& option) {
  switch (option.form) {
    case Form::boolean:
      return parse_boolean(value).has_value();
    case Form::duration:
      return parse_interval_ms(value).has_value();
    case Form::number:  // what stands behind a point does not count
      return read_number(value.substr(0, value.find('.'))).has_value();
    case Form::score:
      return parse_score(value).has_value();
    case Form::choice:
      return value.find(' ') == value.npos &&
             option.words.find(fmt::format(" {} ", value)) != option.words.npos;
  }
  return false;
}

std::string wanted(const Option& option) {
  switch (option.form) {
    case Form::boolean:
      return "true or false is wanted";
    case Form::duration:
      return "a duration is wanted, as in 20, 90s, 5min or PT1H";
    case Form::number:
      return "a whole number is wanted";
    case Form::score:
      return "a score is wanted, as in 100 or -INFINITY";
    case Form::choice:
      break;
  }
  return fmt::format("one of these is wanted:{}", option.words.substr(0, option.words.size() - 1));
}

void check_option(pugi::xml_node nvpair, Findings& findings) {
  const std::string_view name = nvpair.attribute("name").value(),
                         value = nvpair.attribute("value").value();
  const auto* const option = std::ranges::find_if(options, [&](const Option& one) {
    return one.name == name || (!one.other.empty() && one.other == name);
  });
  if (option == std::end(options)) return;
  if (!has_form(value, *option))
    findings.add(option->scheduler ? Finding::Severity::error : Finding::Severity::note, nvpair,
                 fmt::format("Using default value for cluster option '{}' because '{}' is invalid",
                             name, shown(value)),
                 wanted(*option));
  else if (value == "poweroff")
    findings.add(Finding::Severity::warning, nvpair,
                 fmt::format("Support for {} of 'poweroff' is deprecated and will be removed in a "
                             "future release (use 'off' instead)",
                             name));
}

}  // namespace

void check_options(const Document& document, Findings& findings) {
  const auto sets = document.configuration().child("crm_config");
  for (const auto set : sets.children("cluster_property_set"))
    for (const auto nvpair : set.children("nvpair"))
      if (nvpair.attribute("value")) check_option(nvpair, findings);
}

}  // namespace gyre::rm
