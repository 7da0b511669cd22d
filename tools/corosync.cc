#include "tools/corosync.hh"

#include <fmt/format.h>

#include <charconv>
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

Options::Options(int argc, char** argv, const Syntax& syntax)
    : argc_(argc),
      argv_(argv),
      syntax_(syntax),
      letters_(syntax.letters + std::string("h")),
      longs_(syntax.longs.begin(), syntax.longs.end()) {
  longs_.push_back({"run-dir", required_argument, nullptr, run_dir_option});
  longs_.push_back({"json", no_argument, nullptr, json_option});
  longs_.push_back({"help", no_argument, nullptr, 'h'});
  longs_.push_back({});
  optind = 1;
}

int Options::next() {
  for (;;)
    switch (const int letter =
                ::getopt_long(argc_, argv_, letters_.c_str(), longs_.data(), nullptr)) {
      case run_dir_option:
        common_.run_dir = optarg;
        break;
      case json_option:
        common_.json = true;
        break;
      case 'h':
        return end(print_usage());
      case '?':
        return end(1);
      case -1:
        if (syntax_.words || optind == argc_) return -1;
        return end(failed(fmt::format("{}: \"{}\" is no option", argv_[0], argv_[optind])));
      default:
        return letter;
    }
}

int Options::end(int status) {
  ended_ = status;
  return -1;
}

int Options::print_usage() const {
  fmt::print(fmt::runtime(syntax_.usage), argv_[0], run_dir_help);
  return 0;
}

Words Options::rest() const {
  return {argv_ + optind, argv_ + argc_};
}

std::optional<std::uint32_t> read_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [rest, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || rest != text.end()) return std::nullopt;
  return number;
}

int failed(std::string_view words, std::string_view why) {
  std::fflush(stdout);  // what was told before stands before it
  if (!words.empty()) fmt::print(stderr, "{}\n", words);
  if (!why.empty()) fmt::print(stderr, "{}\n", why);
  return 1;
}

}  // namespace gyre::tools
