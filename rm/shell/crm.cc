// crm: the shell of the cluster's operators, a line at a time: from its arguments, from a file or
// from standard input.
#include <fmt/format.h>
#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "rm/shell/commands.hh"
#include "rm/shell/crm.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"

namespace gyre::rm::shell {

namespace {

using configure::Line;
using configure::Mistake;
using configure::Words;

constexpr const char* usage = R"(usage: crm [OPTION...] [LEVEL] [COMMAND...]

Shows and changes what the cluster is configured to do. Without a command, lines are read from
standard input: a level alone (configure, resource, node) is entered, up leaves it. A line that
ends in a backslash goes on in the next one. What is configured takes effect with commit, and at
the end of the level; nothing of it does if any line is wrong.

crm configure
  primitive ID {[CLASS:[PROVIDER:]]TYPE|@TEMPLATE} [params NAME=VALUE...] [meta NAME=VALUE...]
      [utilization NAME=VALUE...] [op NAME [NAME=VALUE...] [op_params ...] [op_meta ...]]...
  group ID RESOURCE... [meta ...]       clone ID RESOURCE [meta ...]
  ms ID RESOURCE [meta ...]             rsc_template ID TYPE ...        tag ID RESOURCE...
  location ID {RESOURCE|/PATTERN/|{ RESOURCE... }} [role=ROLE] {SCORE: NODE|rule ...}
  colocation ID SCORE: RESOURCE[:ROLE] RESOURCE[:ROLE]... [node-attribute=NAME]
  order ID [KIND:] RESOURCE[:ACTION] RESOURCE[:ACTION]... [symmetrical=BOOLEAN]
  rsc_ticket ID TICKET: RESOURCE[:ROLE]... [loss-policy=POLICY]
  fencing_topology DEVICE[,DEVICE]... | TARGET DEVICE[,DEVICE]... ...
  property [ID:] NAME=VALUE...          rsc_defaults NAME=VALUE...      op_defaults NAME=VALUE...
  node [ID:] NAME [attributes ...]      monitor RESOURCE[:ROLE] INTERVAL[:TIMEOUT]
  xml <ELEMENT...>                      delete [--force] ID...          rename ID ID
  show [xml] [ID...|changed|type:TYPE|tag:ID|related:ID]     save [xml] [ID...] {FILE|-}
  load [xml] {replace|update|push} {FILE|-}                  erase [nodes]
  verify                                commit [force]                  refresh
crm resource
  start|stop RESOURCE...                promote|demote RESOURCE         manage|unmanage RESOURCE
  maintenance RESOURCE [on|off]         move RESOURCE [NODE] [LIFETIME] [force]
  ban RESOURCE [NODE] [LIFETIME]        clear RESOURCE                  status [RESOURCE...]
  cleanup|refresh [RESOURCE] [NODE]     locate RESOURCE...
  meta|param RESOURCE set NAME VALUE | show NAME | delete NAME
crm node
  standby [NODE] [reboot|forever]       online [NODE]                   show [NODE]
  maintenance [NODE]                    ready [NODE]
  attribute|status-attr NODE set NAME VALUE | show NAME | delete NAME
crm status [OPTION...]                  as crm_mon prints it

Options:
  -f, --file FILE   read lines from a file; - is standard input
  -F, --force       commit what is known to go wrong, delete what runs
  -h, --help        say this
      --version     say which version this is

Exit status: 0 it is done, 1 something was wrong, and nothing more was done.

Example: crm configure primitive p_ip ocf:heartbeat:IPaddr2 params ip=192.168.42.103 \
             op monitor interval=30s
)";

enum class Level { root, configure, resource, node };

struct Name {
  std::string_view name;
  Level level;
};
constexpr Name levels[] = {{"configure", Level::configure},
                           {"cfg", Level::configure},
                           {"resource", Level::resource},
                           {"rsc", Level::resource},
                           {"node", Level::node}};

const Name* find_level(std::string_view word) {
  const auto* const found = std::ranges::find(levels, word, &Name::name);
  return found == std::end(levels) ? nullptr : found;
}

// What crm_mon is asked for in words.
struct StatusWord {
  std::string_view word;
  const char* option;
};
constexpr StatusWord status_words[] = {
    {"full", "-ncrft"},  {"bynode", "-n"},     {"inactive", "-r"}, {"ops", "-o"},
    {"timing", "-t"},    {"failcounts", "-f"}, {"verbose", "-V"},  {"quiet", "-Q"},
    {"xml", "--as-xml"}, {"simple", "-s"},     {"tickets", "-c"},  {"noheaders", "-D"},
    {"detail", "-R"},    {"brief", "-b"},
};

void status(const Line& line) {
  Words words(line);
  words.take({});
  std::vector<std::string> asked{"crm_mon", "-1"};
  if (words.done()) asked.emplace_back("-r");
  while (!words.done()) {
    const auto word = words.take({});
    const auto* const found = std::ranges::find(status_words, word, &StatusWord::word);
    if (found == std::end(status_words) && !word.starts_with('-'))
      words.wrong_before(
          "full, bynode, inactive, ops, timing, failcounts, verbose, quiet, xml, simple, tickets, "
          "noheaders, detail, brief or an option of crm_mon is expected");
    asked.emplace_back(found == std::end(status_words) ? std::string(word) : found->option);
  }
  run_as(crm_mon, std::move(asked));
}

class Shell {
 public:
  explicit Shell(bool force) : force_(force) {}

  // The level that is entered before the first line.
  void enter(Level level) { level_ = level; }
  void run(const Line&);
  void finish() { leave(); }
  bool over() const { return over_; }

 private:
  void run_in(Level, const Line&);
  void leave();
  Cluster& cluster() {
    if (!cluster_) cluster_ = open_cluster();
    return *cluster_;
  }

  bool force_, over_ = false;
  Level level_ = Level::root;
  std::unique_ptr<Cluster> cluster_;
  std::optional<Configuring> configuring_;
};

// Without its first word.
Line rest_of(const Line& line) {
  Line rest{line.number, {line.words.begin() + 1, line.words.end()}, line.text};
  const auto at = rest.text.find(line.words.front());
  if (at != rest.text.npos) rest.text.erase(0, at + line.words.front().size());
  return rest;
}

void Shell::run(const Line& line) {
  const std::string_view word = line.words.front();
  for (const std::string_view up : {"up", "end", "cd", "back"})
    if (word == up) return leave();
  for (const std::string_view end : {"quit", "exit", "bye"})
    if (word == end) over_ = true;
  if (over_) return leave();
  const bool defines_node = level_ == Level::configure && word == "node";
  const Name* const level = defines_node ? nullptr : find_level(word);
  if (level == nullptr) return run_in(level_, line);
  leave();
  if (line.words.size() == 1) return enter(level->level);
  run_in(level->level, rest_of(line));
  leave();
}

void Shell::run_in(Level level, const Line& line) {
  switch (level) {
    case Level::root:
      if (line.words.front() == "status") return status(line);
      return refuse_word(Words(line), "crm", "configure, resource, node or status");
    case Level::configure:
      if (!configuring_) configuring_.emplace(cluster(), force_);
      return configuring_->run(line);
    case Level::resource:
      return run_resource(cluster(), line, force_);
    case Level::node:
      return run_node(cluster(), line);
  }
}

void Shell::leave() {
  if (configuring_) configuring_->finish();
  configuring_.reset();
  level_ = Level::root;
}

std::vector<Line> lines_of(const std::string& file) {
  const auto text = file == "-" ? read_all(stdin) : read_file(file);
  if (const auto* unread = std::get_if<Unread>(&text))
    throw Refused(exits::error, fmt::format("{}: {}", file, unread->why));
  return configure::read_lines(std::get<std::string>(text));
}

struct Options {
  bool force = false;
  std::optional<std::string> file;
  std::vector<std::string> words;
};

// The exit status if that was all.
std::optional<int> read_options(int argc, char** argv, Options& options) {
  constexpr option longs[] = {
      {"file", required_argument, nullptr, 'f'},    {"force", no_argument, nullptr, 'F'},
      {"display", required_argument, nullptr, 'D'}, {"version", no_argument, nullptr, 'v'},
      {"help", no_argument, nullptr, 'h'},          {}};
  optind = 1;
  for (;;) switch (::getopt_long(argc, argv, "+f:FD:h", longs, nullptr)) {
      case 'f':
        options.file = optarg;
        break;
      case 'F':
        options.force = true;
        break;
      case 'D':
        if (std::string_view(optarg) == "plain") break;
        fmt::print(stderr, "crm: only plain text is displayed\n");
        return exits::error;
      case 'v':
        fmt::print("crm of gyre {}\n", GYRE_VERSION);
        return exits::ok;
      case 'h':
        fmt::print("{}", usage);
        return exits::ok;
      case -1:
        options.words.assign(argv + optind, argv + argc);
        return std::nullopt;
      default:
        return exits::error;
    }
}

// The words of the command line, and what else is to be read.
void run_all(const Options& options) {
  Shell shell(options.force);
  const Name* const level = options.words.size() == 1 ? find_level(options.words.front()) : nullptr;
  if (level != nullptr) shell.enter(level->level);
  const bool reads = options.words.empty() || level != nullptr || options.file;
  if (reads && !options.file && ::isatty(STDIN_FILENO) != 0)
    throw Refused(
        exits::error,
        "there is no prompt yet: say what is to be done as arguments, with --file FILE or "
        "on standard input; crm --help tells what there is");
  // All are read before any is done.
  const auto lines = reads ? lines_of(options.file.value_or("-")) : std::vector<Line>{};
  if (!options.words.empty() && level == nullptr) shell.run(configure::line_of(options.words));
  for (const Line& line : lines)
    if (!shell.over()) shell.run(line);
  shell.finish();
}

}  // namespace

void run_as(int (*command)(int argc, char** argv), std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& one : words) argv.push_back(one.data());
  argv.push_back(nullptr);
  if (command(static_cast<int>(words.size()), argv.data()) != exits::ok)
    throw Refused(exits::error, "");  // it has said why
}

void say_info(const std::string& what) {
  fmt::print(stderr, "INFO: {}\n", what);
}
void say_warning(const std::string& what) {
  fmt::print(stderr, "WARNING: {}\n", what);
}

void refuse_word(const Words& words, std::string_view level, std::string_view there_is) {
  throw Mistake(words.line().number, fmt::format("at \"{}\": no such command; in {} there is {}",
                                                 words.line().words.front(), level, there_is));
}

int crm(int argc, char** argv) {
  Options options;
  if (const auto ended = read_options(argc, argv, options)) return *ended;
  try {
    run_all(options);
    return exits::ok;
  } catch (const std::runtime_error& error) {
    std::fflush(stdout);
    if (*error.what() != '\0') fmt::print(stderr, "ERROR: {}\n", error.what());
    return exits::error;
  }
}

}  // namespace gyre::rm::shell
