#include "rm/shell/monitor_form.hh"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"

namespace gyre::rm::shell {

bool parse_form(std::string_view word, MonitorCommand::Form& form) {
  if (word != "1.1" && word != "2.1") return false;
  form = word == "1.1" ? MonitorCommand::Form::pacemaker_1_1 : MonitorCommand::Form::pacemaker_2_1;
  return true;
}

std::optional<int> read_form_file(MonitorCommand::Form& form) {
  const char* named = std::getenv("GYRE_CRM_MON_FORM");
  const std::string path = named != nullptr ? named : "/etc/gyre/crm_mon.form";
  if (named == nullptr && ::access(path.c_str(), F_OK) != 0) return std::nullopt;
  const auto text = read_file(path);
  std::string why;
  if (const auto* unread = std::get_if<Unread>(&text)) {
    why = unread->why;
  } else {
    std::string_view word = std::get<std::string>(text);
    word = word.substr(0, word.find_last_not_of(" \t\n") + 1);
    if (parse_form(word, form)) return std::nullopt;
    why = fmt::format("the form is 1.1 or 2.1, not \"{}\"", word.substr(0, 40));
  }
  fmt::print(stderr, "crm_mon: {}: {}\n", path, why);
  return exits::config;
}

}  // namespace gyre::rm::shell
