// What crm_mon is asked for, as Pacemaker's is.
#pragma once

#include <optional>
#include <string>

#include "rm/show/monitor.hh"

namespace gyre::rm::shell {

struct MonitorCommand {
  enum class Output { text, simple, xml, old_xml, json } output = Output::text;
  enum class Form { pacemaker_1_1, pacemaker_2_1 } form = Form::pacemaker_2_1;
  show::MonitorOptions show;
  std::string file;     // empty: the one that CIB_file names, or the running cluster's
  std::string written;  // where to; empty: standard output
  std::string words;    // the command as it was given
  bool once = false;    // else again with each change
};

// The exit status if the command ends with that: help, the version, a wrong option.
std::optional<int> read_monitor_options(int argc, char** argv, MonitorCommand&);

}  // namespace gyre::rm::shell
