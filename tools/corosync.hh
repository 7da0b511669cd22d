// The commands that operators know from Corosync. Each is a subcommand of gyre, and what gyre is
// under the name of a link: `gyre cmapctl` and `corosync-cmapctl` are one program.
//
// Their words and exit statuses are those of Corosync 3.1, or of the first one where only that one
// had the command. What comes on top, the reason of a failure, stands in a line of its own behind
// them on standard error.
#pragma once

#include <getopt.h>

#include <span>
#include <string_view>

#include "tools/ask.hh"

namespace gyre::tools {

struct CorosyncCommand {
  std::string_view name;  // without "corosync-"
  std::string_view what;
  int (*run)(int argc, char** argv);  // its exit status
};
std::span<const CorosyncCommand> corosync_commands();
// By its name with "corosync-", with or without a path. Null: none of them.
const CorosyncCommand* corosync_command(std::string_view called_as);

int cfgtool(int argc, char** argv);
int cmapctl(int argc, char** argv);
int cpgtool(int argc, char** argv);
int keygen(int argc, char** argv);
int objctl(int argc, char** argv);
int quorumtool(int argc, char** argv);

// Reads options with getopt_long: those of `letters`, --run-dir, --json, --help (which is h) and
// `longs`.
class Options {
 public:
  Options(int argc, char** argv, const char* letters, std::span<const option> longs = {});
  // The next letter; '?' after an error that was told; -1 at the end. Options that all commands
  // have do not come.
  int next();
  const char* argument() const { return optarg; }
  // What is left, and is no option. For the end.
  Words rest() const;
  const Common& common() const { return common_; }

 private:
  int argc_;
  char** argv_;
  const char* letters_;
  std::vector<option> longs_;
  Common common_;
};

// Says `words` and, in a line of its own, why. Returns 1.
int failed(std::string_view words, std::string_view why = {});

}  // namespace gyre::tools
