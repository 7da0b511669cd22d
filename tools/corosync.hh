// The commands that operators know from Corosync. Each is a subcommand of gyre, and what gyre is
// under the name of a link: `gyre cmapctl` and `corosync-cmapctl` are one program.
//
// Their words and exit statuses are those of Corosync 3.1, or of the first one where only that one
// had the command. What comes on top, the reason of a failure, stands in a line of its own behind
// them on standard error.
#pragma once

#include <getopt.h>

#include <cstdint>
#include <optional>
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

// What a command takes besides --run-dir, --json and --help, which is -h.
struct Syntax {
  const char* usage;    // {0} is what it was called as, {1} what --run-dir is
  const char* letters;  // as getopt has them
  std::span<const option> longs = {};
  bool words = false;  // may stand there that are no options
};

class Options {
 public:
  Options(int argc, char** argv, const Syntax& syntax);
  // The next letter of the command's own, or -1: the end, or there is nothing more to do.
  int next();
  // The exit status if that was all: help was printed, or it was told what is no option.
  std::optional<int> ended() const { return ended_; }
  // What is left, and is no option. For the end.
  Words rest() const;
  const Common& common() const { return common_; }
  int print_usage() const;  // returns 0

 private:
  int end(int status);

  int argc_;
  char** argv_;
  Syntax syntax_;
  std::string letters_;
  std::vector<option> longs_;
  Common common_;
  std::optional<int> ended_;
};

// All of `text`, in decimal digits.
std::optional<std::uint32_t> read_number(std::string_view text);

// Says `words` and, in a line of its own, why. Returns 1.
int failed(std::string_view words, std::string_view why = {});

}  // namespace gyre::tools
