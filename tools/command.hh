// What the subcommands of `gyre` share. Each one lives in a file of its own and adds itself to the
// application; CLI11 calls it back when it was chosen. An exception ends the program with status 1
// and its text on stderr; wrong usage ends it with status 2.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tools/common.hh"

namespace gyre::tools {

// A subcommand with the common options and an example at the foot of its --help.
CLI::App* add_command(CLI::App& app, Common& common, const std::string& name,
                      const std::string& description, const std::string& example);

// Throws if the event says that the cluster would not have our join.
void check_join(const client::Event& event);

void add_pub(CLI::App& app, Common& common);
void add_sub(CLI::App& app, Common& common);
void add_status(CLI::App& app, Common& common);
void add_members(CLI::App& app, Common& common);
void add_keys(CLI::App& app, Common& common);
void add_metrics(CLI::App& app, Common& common);
void add_device(CLI::App& app, Common& common);
void add_links(CLI::App& app, Common& common);
void add_top(CLI::App& app, Common& common);
void add_bench(CLI::App& app, Common& common);

}  // namespace gyre::tools
