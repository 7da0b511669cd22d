// What a command is told on its command line, by a table that its help is made of, too. Letters and
// long names are those of Pacemaker's commands.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gyre::rm::shell {

struct Option {
  int letter;            // below 256: it may be given so; 0: a heading
  const char* name;      // null: only the letter
  const char* argument;  // null: none; "[WORD]": may be left out
  const char* help;      // null: accepted, but not told
};
constexpr Option heading(const char* words) {
  return {0, nullptr, nullptr, words};
}

// How long a command waits for the cluster, under the letter that Pacemaker gives it. What is read
// counts for the whole program, see patience().
constexpr Option timeout(int letter = 0x7f00) {
  return {letter, "timeout", "TIME",
          "how long to wait until it is so: 30 seconds if nothing is said"};
}

struct Usage {
  const char* command;
  const char* what;  // what the command does, in sentences
  std::span<const Option> options;
  const char* more;  // exit statuses, an example
};

struct Given {
  int letter;
  std::string value;  // empty: none
};
struct Words {
  std::vector<Given> options;       // in their order
  std::vector<std::string> others;  // what is no option
};
// Or the exit status if the command ends with that: help, the version, a wrong option.
std::variant<Words, int> read_options(const Usage&, int argc, char** argv);

std::string help(const Usage&);

}  // namespace gyre::rm::shell
