// crm_mon: what is, once or again with each change.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

#include "rm/cib/document.hh"
#include "rm/cib/validate.hh"
#include "rm/schedule/plan.hh"
#include "rm/schedule/unpack.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"
#include "rm/shell/live_cluster.hh"
#include "rm/shell/monitor_options.hh"
#include "rm/shell/report.hh"
#include "rm/shell/watch.hh"
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

// A script may only look at the one line that -s prints.
int fail(const MonitorCommand& command, int status, const std::string& words) {
  if (command.output == Output::simple) fmt::print("CLUSTER CRIT: {}\n", words);
  fmt::print(stderr, "crm_mon: {}\n", words);
  return command.output == Output::simple ? exits::critical : status;
}

struct Shown {
  int status = exits::ok;
  std::string text;
};

Shown show_document(const MonitorCommand& command, const Document& document) {
  schedule::Cluster cluster;
  show::MonitorOptions options = command.show;
  options.updated = clock_seconds();
  options.clock = clock_text;
  schedule::unpack(cluster, {document.cib(), options.updated});
  if (options.sections & show::section::bans) schedule::unpack_constraints(cluster);
  if (command.output == Output::simple) {
    const show::Simple simple = show::monitor_simple(cluster);
    return {simple.warning ? exits::error : exits::ok, simple.line + '\n'};
  }
  return {exits::ok, show::monitor_text(cluster, options)};
}

int print(const MonitorCommand& command, const std::string& text) {
  if (command.written.empty()) {
    // What was there before makes room on a terminal.
    if (!command.once && ::isatty(STDOUT_FILENO) != 0) std::fputs("\033[H\033[2J", stdout);
    std::fputs(text.c_str(), stdout);
    return std::fflush(stdout) == 0 ? exits::ok : exits::error;
  }
  const std::string why = write_file(command.written, text);
  if (why.empty()) return exits::ok;
  return fail(command, exits::cannot_create,
              fmt::format("could not write {}: {}", command.written, why));
}

int show_text(const MonitorCommand& command, const std::string& path,
              const std::variant<std::string, Unread>& text) {
  if (const auto* unread = std::get_if<Unread>(&text))
    return fail(command, exits::disconnected,
                fmt::format("Could not connect to the CIB: {}: {}", path, unread->why));
  const auto loaded = Document::load(std::get<std::string>(text));
  if (const auto* fault = std::get_if<Fault>(&loaded))
    return fail(
        command, exits::disconnected,
        fmt::format("Could not connect to the CIB: {}:{}: {}", path, fault->line, fault->what));
  const auto& document = std::get<Document>(loaded);
  if (to_be_validated(document))
    if (const auto findings = validate(document); worst_of(findings) == Finding::Severity::error) {
      print_invalid(path, findings, false);
      return fail(command, exits::config, "the configuration is not valid");
    }
  const Shown shown = show_document(command, document);
  const int status = print(command, shown.text);
  return status == exits::ok ? shown.status : status;
}

int show_running(const MonitorCommand& command) {
  try {
    LiveCluster cluster = running_cluster(), watched = running_cluster();
    for (;;) {
      if (!command.once) watched.wait_for_change();
      const int status = show_text(command, "the cluster", cluster.text());
      if (command.once || status != exits::ok) return status;
    }
  } catch (const Refused& refused) {
    return fail(command, refused.exit(),
                fmt::format("Connection to cluster failed: {}", refused.what()));
  }
}

}  // namespace

int crm_mon(int argc, char** argv) {
  MonitorCommand command;
  if (const auto ended = read_monitor_options(argc, argv, command)) return *ended;
  const char* named = std::getenv("CIB_file");
  const std::string path = command.file.empty() && named != nullptr ? named : command.file;
  if (path.empty()) return show_running(command);
  if (command.once) return show_text(command, path, read_file(path));
  FileWatch watch(path);
  for (;;) {
    if (const int status = show_text(command, path, read_file(path))) return status;
    watch.wait();
  }
}

}  // namespace gyre::rm::shell
