// gyre-rm: keeps the cluster's document with the other nodes' and, on one of them, plans.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <exception>

#include "rm/daemon/daemon.hh"

namespace {

std::string from_environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::string uname_n() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

int main(int argc, char** argv) {
  gyre::rm::daemon::Settings settings;
  settings.run_directory = from_environment("GYRE_RUN_DIR", "/run/gyre");
  settings.state_directory = "/var/lib/gyre/rm";
  settings.socket_group = "haclient";
  settings.user = "hacluster";
  settings.node_name = uname_n();
  CLI::App app("gyre-rm: the resource manager of a node", "gyre-rm");
  app.add_option("--run-dir", settings.run_directory, "Where gyred's and our sockets are")
      ->capture_default_str();
  app.add_option("--state-dir", settings.state_directory, "Where the configuration is kept")
      ->capture_default_str();
  app.add_option("--socket-group", settings.socket_group,
                 "Whose members may give commands; empty: root and hacluster only")
      ->capture_default_str();
  app.add_option("--user", settings.user, "Whom to be once all is open; empty: as it was begun")
      ->capture_default_str();
  app.set_version_flag("--version", "gyre-rm " GYRE_VERSION);
  app.footer("Example:\n  gyre-rm --run-dir /run/gyre --state-dir /var/lib/gyre/rm");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_default_logger(spdlog::stderr_logger_mt("gyre-rm"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %n %l: %v");
  try {
    return gyre::rm::daemon::Daemon(std::move(settings)).run();
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return 1;
  }
}
