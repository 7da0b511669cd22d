// In which of its forms crm_mon writes its text, where its options do not say so.
#pragma once

#include <optional>
#include <string_view>

#include "rm/shell/monitor_options.hh"

namespace gyre::rm::shell {

// "1.1" or "2.1". False: neither.
bool parse_form(std::string_view, MonitorCommand::Form&);
// From the file that GYRE_CRM_MON_FORM names, or /etc/gyre/crm_mon.form; there need not be one. The
// exit status if it says something else.
std::optional<int> read_form_file(MonitorCommand::Form&);

}  // namespace gyre::rm::shell
