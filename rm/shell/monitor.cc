// crm_mon: what is, once or again with each change.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>

#include "rm/cib/document.hh"
#include "rm/schedule/plan.hh"
#include "rm/schedule/unpack.hh"
#include "rm/shell/cluster.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"
#include "rm/shell/monitor_options.hh"
#include "rm/shell/source.hh"
#include "rm/show/monitor.hh"

namespace gyre::rm::shell {

namespace {

using Output = MonitorCommand::Output;

std::int64_t clock_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

// "Sun Oct  7 20:46:00 2012", here.
std::string clock_text(std::int64_t seconds) {
  const std::time_t moment = seconds;
  std::tm here{};
  char text[64];
  ::localtime_r(&moment, &here);
  return {text, std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &here)};
}

// "2012-10-07 20:46:00Z", or with what this place is off that.
std::string instant_text(std::int64_t seconds) {
  const std::time_t moment = seconds;
  std::tm here{};
  char text[64];
  ::localtime_r(&moment, &here);
  if (here.tm_gmtoff == 0) return show::instant_text(seconds);
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &here);
  return std::string(text, size).insert(size - 2, ":");
}

struct Shown {
  int status = exits::ok;
  std::string text;
};

Shown show_document(const MonitorCommand& command, const Document& document,
                    const std::string& besides) {
  schedule::Cluster cluster;
  show::MonitorOptions options = command.show;
  options.updated = clock_seconds();
  options.clock = clock_text;
  options.instant = instant_text;
  schedule::unpack(cluster, {document.cib(), options.updated});
  if (options.sections & show::section::bans) schedule::unpack_constraints(cluster);
  const bool old_form = command.form == MonitorCommand::Form::pacemaker_1_1;
  if (command.output == Output::simple) {
    const show::Simple simple =
        old_form ? show::monitor_simple_1_1(cluster) : show::monitor_simple(cluster);
    return {simple.warning ? exits::error : exits::ok, simple.line + '\n'};
  }
  switch (command.output) {
    case Output::xml:
      return {exits::ok, show::monitor_xml(cluster, options, command.words)};
    case Output::old_xml:
      return {exits::ok, show::monitor_old_xml(cluster, options)};
    case Output::json:
      return {exits::ok, show::monitor_json(cluster, options)};
    default:
      break;
  }
  std::string text =
      old_form ? show::monitor_text_1_1(cluster, options) : show::monitor_text(cluster, options);
  if (const auto notice = show::monitor_notice(cluster, options); !notice.empty())
    text += '\n' + notice + '\n';
  if (!besides.empty()) text += '\n' + besides;
  return {exits::ok, std::move(text)};
}

void print(const MonitorCommand& command, const std::string& text) {
  if (!command.written.empty()) {
    const std::string why = write_file(command.written, text);
    if (why.empty()) return;
    throw Refused(exits::cannot_create,
                  fmt::format("could not write {}: {}", command.written, why));
  }
  // What was there before makes room on a terminal.
  if (!command.once && ::isatty(STDOUT_FILENO) != 0) std::fputs("\033[H\033[2J", stdout);
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) != 0)
    throw Refused(exits::io, fmt::format("could not write: {}", std::strerror(errno)));
}

int show_once(const MonitorCommand& command, Source& source) {
  const Document document = source.read();
  const Shown shown = show_document(command, document, source.notice());
  print(command, shown.text);
  return shown.status;
}

int run(const MonitorCommand& command) {
  const auto source = open_source(command.file, !command.once);
  if (command.once) return show_once(command, *source);
  show_once(command, *source);
  for (;;) {
    source->wait();
    // A file may be half written: then the next change shows what came of it.
    const int status = run_command("crm_mon", [&] { show_once(command, *source); });
    if (status != exits::ok && status != exits::disconnected && status != exits::config)
      return status;
  }
}

}  // namespace

int crm_mon(int argc, char** argv) {
  MonitorCommand command;
  if (const auto ended = read_monitor_options(argc, argv, command)) return *ended;
  try {
    return run(command);
  } catch (const Refused& refused) {
    fmt::print(stderr, "crm_mon: {}\n", refused.what());
    if (command.output != Output::simple) return refused.exit();
    // Who asks from time to time may look at standard output alone.
    fmt::print("CLUSTER CRIT: {}\n", refused.what());
    return exits::critical;
  }
}

}  // namespace gyre::rm::shell
