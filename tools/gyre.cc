// gyre: speaks to the local gyred from a shell.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <variant>

#include "tools/command.hh"
#include "tools/corosync.hh"

namespace gyre::tools {

CLI::App* add_command(CLI::App& app, Common& common, const std::string& name,
                      const std::string& description, const std::string& example) {
  CLI::App* command = app.add_subcommand(name, description);
  command->add_option("--run-dir", common.run_dir, run_dir_help);
  command->add_flag("--json", common.json, "print JSON, one object per line");
  command->footer("Example:\n  " + example);
  return command;
}

void check_join(const client::Event& event) {
  if (const auto* refused = std::get_if<client::JoinRefused>(&event))
    throw std::runtime_error("group " + std::string(refused->group) +
                             " refused: " + std::string(refused->reason));
}

// What nobody else tells, as an answer that lacks what every daemon tells, it tells by its name.
static int run(const CorosyncCommand& command, int argc, char** argv) {
  try {
    return command.run(argc, argv);
  } catch (const std::exception& error) {
    return failed(std::string(argv[0]) + ": " + error.what());
  }
}

// Its messages begin with "gyre NAME".
static int run_as_subcommand(const CorosyncCommand& command, int argc, char** argv) {
  std::string name = "gyre " + std::string(command.name);
  argv[1] = name.data();
  return run(command, argc - 1, argv + 1);
}

// `gyre keys generate` is corosync-keygen.
static bool generates_keys(int argc, char** argv) {
  return argc > 2 && argv[1] == std::string_view("keys") && argv[2] == std::string_view("generate");
}

static int generate_keys(int argc, char** argv) {
  std::string name = "gyre keys generate";
  argv[2] = name.data();
  return run(*corosync_command("corosync-keygen"), argc - 2, argv + 2);
}

}  // namespace gyre::tools

int main(int argc, char** argv) {
  using namespace gyre::tools;
  constexpr int status_error = 1, status_usage = 2;

  if (const CorosyncCommand* command = corosync_command(argv[0])) return run(*command, argc, argv);
  if (generates_keys(argc, argv)) return generate_keys(argc, argv);
  for (const CorosyncCommand& command : corosync_commands())
    if (argc > 1 && command.name == argv[1]) return run_as_subcommand(command, argc, argv);

  CLI::App app{"Talks to the cluster through the local gyred."};
  app.set_version_flag("--version", GYRE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Example:\n  echo hello | gyre pub greetings\n\nExit status: 0 done, 1 failed, 2 usage.");
  Common common;
  add_pub(app, common);
  add_sub(app, common);
  add_status(app, common);
  add_members(app, common);
  add_metrics(app, common);
  add_device(app, common);
  add_links(app, common);
  add_top(app, common);
  add_bench(app, common);
  add_keys(app, common);
  for (const CorosyncCommand& command : corosync_commands())
    app.add_subcommand(std::string(command.name), std::string(command.what));

  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::RequiredError& error) {
    const auto unknown = app.remaining(true);
    if (unknown.empty()) return app.exit(error), status_usage;
    std::fprintf(stderr, "gyre: there is no command %s\nRun with --help for more information.\n",
                 unknown[0].c_str());
    return status_usage;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : status_usage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gyre: %s\n", error.what());
    return status_error;
  }
}
