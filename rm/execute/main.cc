// gyre-exec: runs agents for gyre-rm, as root, and decides nothing.

#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

#include "rm/execute/executor.hh"
#include "rm/local/loop.hh"
#include "rm/local/peer.hh"

namespace gyre::rm::execute {
namespace {

constexpr int exit_failed = 1, exit_usage = 64;

struct Options {
  std::string run_dir = "/run/gyre", ocf_root = "/usr/lib/ocf", commands,
              fence_agents = "/usr/sbin";
  std::string group = local::cluster_group;
  std::size_t running_max = std::max(16U, 2 * std::thread::hardware_concurrency());
  bool debug = false;
};

std::optional<Options> parse(int argc, char** argv, int& status) {
  Options options;
  options.commands = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  CLI::App app("gyre-exec: runs agents for gyre-rm");
  app.add_option("--run-dir", options.run_dir, "where its socket and its ledger are")
      ->envname("GYRE_RUN_DIR")
      ->capture_default_str();
  app.add_option("--ocf-root", options.ocf_root, "agents are in resource.d of it")
      ->envname("OCF_ROOT")
      ->capture_default_str();
  app.add_option("--fence-agents", options.fence_agents, "where agents of fence devices are")
      ->envname("GYRE_FENCE_AGENTS")
      ->capture_default_str();
  app.add_option("--commands", options.commands, "where agents find crm_attribute and its like")
      ->capture_default_str();
  app.add_option("--group", options.group, "whose the socket is")->capture_default_str();
  app.add_option("--running-max", options.running_max, "how many agents run at once")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_flag("--debug", options.debug, "log what recurs, too");
  app.set_version_flag("-v,--version", "gyre-exec " GYRE_VERSION);
  app.footer("Example:\n  gyre-exec --run-dir /run/gyre");
  try {
    app.parse(argc, argv);
    return options;
  } catch (const CLI::ParseError& error) {
    status = app.exit(error) == 0 ? 0 : exit_usage;
    return std::nullopt;
  }
}

// An agent's pipes are never to be one of the three.
void open_standard_descriptors() {
  int opened = 0;
  while (opened >= 0 && opened <= STDERR_FILENO) opened = ::open("/dev/null", O_RDWR);
  if (opened > STDERR_FILENO) ::close(opened);
}

void open_log(bool debug) {
  auto log = spdlog::stderr_logger_st("gyre-exec");
  log->set_pattern("%Y-%m-%d %H:%M:%S.%e %n[%P] %l: %v");
  log->set_level(debug ? spdlog::level::debug : spdlog::level::info);
  spdlog::set_default_logger(std::move(log));
}

// Where agents keep what they have to remember. systemd makes it from a file of theirs; not all
// machines have one.
void make_memory_of_agents() {
  const char* const named = std::getenv("HA_RSCTMP");
  ::mkdir(named ? named : "/run/resource-agents", 01755);
}

Executor::Settings settings_of(const Options& options) {
  Executor::Settings settings;
  settings.group = options.group;
  settings.limits.running_max = options.running_max;
  settings.surroundings.ocf_root = std::filesystem::absolute(options.ocf_root);
  settings.surroundings.fence_agents = std::filesystem::absolute(options.fence_agents);
  settings.surroundings.commands = std::filesystem::absolute(options.commands);
  settings.surroundings.run_dir = std::filesystem::absolute(options.run_dir);
  for (char** each = environ; *each; ++each) settings.surroundings.environment.emplace_back(*each);
  return settings;
}

int main(int argc, char** argv) {
  int status = 0;
  const std::optional<Options> options = parse(argc, argv, status);
  if (!options) return status;
  open_standard_descriptors();
  open_log(options->debug);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    Executor::Settings settings = settings_of(*options);
    std::filesystem::current_path("/");
    make_memory_of_agents();
    local::Loop loop;
    Executor executor(loop, std::move(settings));
    const auto stop = [&, again = false]() mutable {
      if (std::exchange(again, true)) return loop.end();
      spdlog::info("stopping, once nothing runs");
      executor.wind_down();
    };
    const local::Source terminate = loop.signal(SIGTERM, stop),
                        interrupt = loop.signal(SIGINT, stop);
    loop.run();
    return 0;
  } catch (const std::exception& error) {
    spdlog::critical("{}", error.what());
    return exit_failed;
  }
}

}  // namespace
}  // namespace gyre::rm::execute

int main(int argc, char** argv) {
  return gyre::rm::execute::main(argc, argv);
}
