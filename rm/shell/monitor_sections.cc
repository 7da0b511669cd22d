#include "rm/shell/monitor_sections.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "rm/show/monitor.hh"

namespace gyre::rm::shell {

namespace {

namespace section = show::section;

struct Named {
  std::string_view name;
  unsigned sections;
};
constexpr Named names[] = {
    {"attributes", section::attributes},
    {"bans", section::bans},
    {"counts", section::counts},
    {"dc", section::dc},
    {"failcounts", section::failcounts},
    {"failures", section::failures},
    {"fencing", section::fencing},
    {"fencing-failed", section::fencing_failed},
    {"fencing-pending", section::fencing_pending},
    {"fencing-succeeded", section::fencing_succeeded},
    {"maint-mode", section::maintenance},
    {"nodes", section::nodes},
    {"operations", section::operations},
    {"options", section::options},
    {"resources", section::resources},
    {"stack", section::stack},
    {"summary", section::summary},
    {"tickets", section::tickets},
    {"times", section::times},
};

std::string complain(bool include) {
  return include ? "--include options: all, attributes, bans[:PREFIX], counts, dc, default, "
                   "failcounts, failures, fencing, fencing-failed, fencing-pending, "
                   "fencing-succeeded, maint-mode, nodes, none, operations, options, resources, "
                   "stack, summary, tickets, times"
                 : "--exclude options: all, attributes, bans, counts, dc, failcounts, failures, "
                   "fencing, fencing-failed, fencing-pending, fencing-succeeded, maint-mode, "
                   "nodes, none, operations, options, resources, stack, summary, tickets, times";
}

// Whether it is a section's name.
bool apply(unsigned usual, bool include, std::string_view word, SectionChoice& choice) {
  if (word == "all" || word == "none") {
    choice.sections = (word == "all") == include ? unsigned{section::all} : 0;
    return true;
  }
  if (include && word == "default") {
    choice.sections = usual;
    return true;
  }
  if (include && word.starts_with("bans:")) {
    choice.ban_prefix = word.substr(5);
    word = "bans";
  }
  const auto* named = std::ranges::find(names, word, &Named::name);
  if (named == std::end(names)) return false;
  if (include)
    choice.sections |= named->sections;
  else
    choice.sections &= ~named->sections;
  return true;
}

}  // namespace

SectionChoice choose_sections(unsigned usual, const std::vector<SectionWish>& wishes) {
  SectionChoice choice{usual, {}, {}};
  for (const auto& [include, words] : wishes) {
    std::string_view rest = words;
    for (bool more = true; more;) {
      const auto comma = rest.find(',');
      more = comma != rest.npos;
      if (!apply(usual, include, rest.substr(0, comma), choice)) {
        choice.complaint = complain(include);
        return choice;
      }
      if (more) rest.remove_prefix(comma + 1);
    }
  }
  return choice;
}

}  // namespace gyre::rm::shell
