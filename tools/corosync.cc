#include "tools/corosync.hh"

#include <fmt/format.h>

#include <cstdio>

namespace gyre::tools {
namespace {

constexpr CorosyncCommand commands[] = {
    {"cfgtool", "Tells of the links of this node; orders to its daemon.", cfgtool},
    {"cmapctl", "Reads, writes and tracks the key map.", cmapctl},
    {"cpgtool", "Prints the groups of the cluster and their members.", cpgtool},
    {"keygen", "Makes the secret that the nodes of a cluster share.", keygen},
    {"objctl", "Reads and writes the key map in the form of the first Corosync.", objctl},
    {"quorumtool", "Tells whether this side may act, and why; changes votes.", quorumtool},
};

constexpr int run_dir_option = 1000, json_option = 1001;

}  // namespace

std::span<const CorosyncCommand> corosync_commands() {
  return commands;
}

const CorosyncCommand* corosync_command(std::string_view called_as) {
  called_as.remove_prefix(called_as.rfind('/') + 1);
  if (!called_as.starts_with("corosync-")) return nullptr;
  called_as.remove_prefix(std::string_view("corosync-").size());
  for (const CorosyncCommand& command : commands)
    if (command.name == called_as) return &command;
  return nullptr;
}

Options::Options(int argc, char** argv, const char* letters, std::span<const option> longs)
    : argc_(argc), argv_(argv), letters_(letters), longs_(longs.begin(), longs.end()) {
  longs_.push_back({"run-dir", required_argument, nullptr, run_dir_option});
  longs_.push_back({"json", no_argument, nullptr, json_option});
  longs_.push_back({"help", no_argument, nullptr, 'h'});
  longs_.push_back({});
  optind = 1;
}

int Options::next() {
  for (;;) {
    const int letter = ::getopt_long(argc_, argv_, letters_, longs_.data(), nullptr);
    if (letter == run_dir_option)
      common_.run_dir = optarg;
    else if (letter == json_option)
      common_.json = true;
    else
      return letter;
  }
}

Words Options::rest() const {
  return {argv_ + optind, argv_ + argc_};
}

int failed(std::string_view words, std::string_view why) {
  std::fflush(stdout);  // what was told before stands before it
  if (!words.empty()) fmt::print(stderr, "{}\n", words);
  if (!why.empty()) fmt::print(stderr, "{}\n", why);
  return 1;
}

}  // namespace gyre::tools
