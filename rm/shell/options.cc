#include "rm/shell/options.hh"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <set>

#include "rm/cib/iso8601.hh"
#include "rm/shell/cluster.hh"
#include "rm/shell/exits.hh"

namespace gyre::rm::shell {

namespace {

constexpr Option common[] = {
    heading("Also:"),
    {'V', "verbose", nullptr, "accepted and of no effect"},
    {'$', "version", nullptr, "say which version this is"},
    {'h', "help", nullptr, "say this"},
};

constexpr std::string_view timeout_name = timeout().name;

bool may_be_left_out(const Option& option) {
  return option.argument != nullptr && option.argument[0] == '[';
}

std::string written(const Option& option) {
  const char* const between = may_be_left_out(option) ? "" : " ";
  const std::string argument =
      option.argument ? fmt::format("{}{}", between, option.argument) : std::string();
  if (option.letter > 255) return fmt::format("    --{}{}", option.name, argument);
  if (!option.name) return fmt::format("-{}{}", static_cast<char>(option.letter), argument);
  return fmt::format("-{}, --{}{}", static_cast<char>(option.letter), option.name, argument);
}

void add_help(std::string& text, std::span<const Option> options) {
  constexpr std::size_t column = 32;
  for (const Option& option : options) {
    if (option.help == nullptr) continue;
    if (option.letter == 0) {
      text += fmt::format("\n{}\n", option.help);
      continue;
    }
    std::string line = "  " + written(option);
    if (line.size() + 2 > column)
      line += '\n' + std::string(column, ' ');
    else
      line.resize(column, ' ');
    for (const char* c = option.help; *c != '\0'; ++c) {
      line += *c;
      if (*c == '\n') line.append(column, ' ');
    }
    text += line + '\n';
  }
}

// As getopt_long wants them.
struct Table {
  std::string letters;
  std::vector<option> longs;
  std::set<int> optional;  // of these the argument may be left out
  int timeout = 0;         // its letter; 0: there is none

  void add(std::span<const Option> options) {
    for (const Option& one : options) {
      const int has = one.argument == nullptr ? no_argument
                      : may_be_left_out(one)  ? optional_argument
                                              : required_argument;
      if (one.letter != 0 && one.name) longs.push_back({one.name, has, nullptr, one.letter});
      if (one.name && one.name == timeout_name) timeout = one.letter;
      if (has == optional_argument) optional.insert(one.letter);
      if (one.letter == 0 || one.letter > 255) continue;
      letters += static_cast<char>(one.letter);
      letters.append(static_cast<std::size_t>(has), ':');
    }
  }
};

// What may be waited for; nothing: the word is no time, or none at all.
std::optional<std::chrono::milliseconds> time_of(const char* word) {
  constexpr std::chrono::milliseconds century = std::chrono::hours(100 * 365 * 24);
  const auto ms = parse_interval_ms(word);
  if (!ms || *ms <= 0) return std::nullopt;
  return std::min(std::chrono::milliseconds(*ms), century);
}

}  // namespace

std::string help(const Usage& usage) {
  auto text = fmt::format("usage: {} [OPTION...]\n\n{}\n", usage.command, usage.what);
  add_help(text, usage.options);
  add_help(text, common);
  return text + '\n' + usage.more;
}

std::variant<Words, int> read_options(const Usage& usage, int argc, char** argv) {
  Table table;
  table.add(usage.options);
  table.add(common);
  table.longs.push_back({});
  Words words;
  optind = 0;
  for (;;) {
    const int letter =
        ::getopt_long(argc, argv, table.letters.c_str(), table.longs.data(), nullptr);
    if (letter == -1) break;
    if (letter == '?') return exits::usage;
    if (letter == 'h') return fmt::print("{}", help(usage)), exits::ok;
    if (letter == '$') return fmt::print("{} of gyre {}\n", usage.command, GYRE_VERSION), exits::ok;
    // What may be left out is there if the next word begins no option.
    if (!optarg && table.optional.contains(letter) && optind < argc && argv[optind][0] != '-')
      optarg = argv[optind++];
    if (table.timeout == letter) {
      const auto time = time_of(optarg);
      if (!time)
        return fmt::print(stderr,
                          "{}: --timeout takes a time that is more than none, as 30s, not \"{}\"\n",
                          usage.command, optarg),
               exits::usage;
      set_patience(*time);
    } else if (letter != 'V')
      words.options.push_back({letter, optarg ? optarg : ""});
  }
  words.others.assign(argv + optind, argv + argc);
  return words;
}

}  // namespace gyre::rm::shell
