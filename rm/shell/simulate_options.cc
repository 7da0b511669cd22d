#include "rm/shell/simulate_options.hh"

#include <fmt/format.h>
#include <getopt.h>

#include <cstdio>

#include "rm/shell/exits.hh"

namespace gyre::rm::shell {

namespace {

constexpr const char* usage = R"(usage: crm_simulate [OPTION...]

Says what the cluster would do with a document, and what would come of it.

What is looked at:
  -x, --xml-file FILE         the document in a file
  -p, --xml-pipe              the document on standard input
  -L, --live-check            the document of the running cluster

What is done:
  -R, --run                   plan, and say what would be done
  -S, --simulate              also do so, in the document, and show the status that comes of it
  -X, --in-place              also write that over the file that was read
  -s, --show-scores           say what each resource thinks of each node
  -Q, --quiet                 only what was asked for by name
      --json                  what would be done, as JSON
      --explain RESOURCE      why it is where it is, and what keeps it off elsewhere

What happens first:
  -u, --node-up NODE          a node comes
  -d, --node-down NODE        a node goes in order
  -f, --node-fail NODE        a node is lost
  -i, --op-inject OPERATION   an operation had this result
  -F, --op-fail OPERATION     an operation shall have this result when it is done
  -t, --set-datetime DATE     it is then (ISO 8601)
  -q, --quorum YES            whether the nodes have quorum
  -w, --watchdog YES          whether there is a watchdog
  -g, --ticket-grant TICKET   a ticket comes
  -r, --ticket-revoke TICKET  a ticket goes
  -b, --ticket-standby TICKET, -e, --ticket-activate TICKET
                              a ticket sleeps, or no more

What is written:
  -I, --save-input FILE       the document with what happened first
  -O, --save-output FILE      the document that came of it
  -G, --save-graph FILE       the plan, in XML
  -D, --save-dotfile FILE     the plan, for dot
  -a, --all-actions           in it, also what need not be done

      --output-as text        accepted and of no effect
  -V, --verbose               accepted and of no effect
  -$, --version               say which version this is
  -h, --help                  say this

An OPERATION is RESOURCE_TASK_MILLISECONDS@NODE=RC, as in db_monitor_20000@node1=7.
Without -R, -S or a file that needs a plan, only the status is shown.

Exit status: 0 done, 1 the document could not be read, 64 wrong usage, 66 there is no such node or
no cluster, 76 it is no <cib>, 78 its configuration is not valid, 105 a file could not be written.

Example: crm_simulate -x cib.xml -S --node-fail node1
)";

constexpr option longs[] = {{"xml-file", required_argument, nullptr, 'x'},
                            {"xml-pipe", no_argument, nullptr, 'p'},
                            {"live-check", no_argument, nullptr, 'L'},
                            {"run", no_argument, nullptr, 'R'},
                            {"simulate", no_argument, nullptr, 'S'},
                            {"in-place", no_argument, nullptr, 'X'},
                            {"show-scores", no_argument, nullptr, 's'},
                            {"quiet", no_argument, nullptr, 'Q'},
                            {"json", no_argument, nullptr, 'j'},
                            {"explain", required_argument, nullptr, 'E'},
                            {"node-up", required_argument, nullptr, 'u'},
                            {"node-down", required_argument, nullptr, 'd'},
                            {"node-fail", required_argument, nullptr, 'f'},
                            {"op-inject", required_argument, nullptr, 'i'},
                            {"op-fail", required_argument, nullptr, 'F'},
                            {"set-datetime", required_argument, nullptr, 't'},
                            {"quorum", required_argument, nullptr, 'q'},
                            {"watchdog", required_argument, nullptr, 'w'},
                            {"ticket-grant", required_argument, nullptr, 'g'},
                            {"ticket-revoke", required_argument, nullptr, 'r'},
                            {"ticket-standby", required_argument, nullptr, 'b'},
                            {"ticket-activate", required_argument, nullptr, 'e'},
                            {"save-input", required_argument, nullptr, 'I'},
                            {"save-output", required_argument, nullptr, 'O'},
                            {"save-graph", required_argument, nullptr, 'G'},
                            {"save-dotfile", required_argument, nullptr, 'D'},
                            {"all-actions", no_argument, nullptr, 'a'},
                            {"output-as", required_argument, nullptr, 'o'},
                            {"output-to", required_argument, nullptr, 'T'},
                            {"text-fancy", no_argument, nullptr, 'Y'},
                            {"show-attrs", no_argument, nullptr, 'A'},
                            {"show-failcounts", no_argument, nullptr, 'c'},
                            {"show-utilization", no_argument, nullptr, 'U'},
                            {"profile", required_argument, nullptr, 'P'},
                            {"repeat", required_argument, nullptr, 'N'},
                            {"verbose", no_argument, nullptr, 'V'},
                            {"version", no_argument, nullptr, '$'},
                            {"help", no_argument, nullptr, 'h'},
                            {}};
constexpr const char* letters = "x:pLRSXsQu:d:f:i:F:t:q:w:g:r:b:e:I:O:G:D:aAcUP:N:V$h";

// Options of Pacemaker's that are not built, and what to do instead.
struct Missing {
  int letter;
  const char* option;
  const char* instead;
};
constexpr Missing missing[] = {
    {'T', "--output-to", "redirect the output: > FILE"},
    {'Y', "--text-fancy", "leave it out: the text is that, but for --show-scores"},
    {'A', "--show-attrs", "crm_mon --show-node-attributes shows them"},
    {'c', "--show-failcounts", "crm_mon --failcounts shows them"},
    {'U', "--show-utilization", "leave it out: utilization is not planned with"},
    {'P', "--profile", "time a run of crm_simulate for each file"},
    {'N', "--repeat", "time a run of crm_simulate for each file"},
};

// Says what is wrong with the option; empty: nothing is.
std::string refuse(int letter) {
  if (letter == 'o' && std::string_view(optarg) != "text")
    return fmt::format("--output-as={} is not built: text is, and --json instead of it", optarg);
  for (const Missing& one : missing)
    if (one.letter == letter) return fmt::format("{} is not built: {}", one.option, one.instead);
  return {};
}

// Options with an argument that is kept as it is.
std::string* text_of(SimulateOptions& options, int letter) {
  switch (letter) {
    case 'I':
      return &options.save_input;
    case 'O':
      return &options.save_output;
    case 'G':
      return &options.save_graph;
    case 'D':
      return &options.save_dot;
    case 'q':
      return &options.quorum.emplace();
    case 'w':
      return &options.watchdog.emplace();
    case 't':
      return &options.date.emplace();
    default:
      return nullptr;
  }
}

// Options that may be given again and again.
std::vector<std::string>* list_of(SimulateOptions& options, int letter) {
  switch (letter) {
    case 'u':
      return &options.nodes_up;
    case 'd':
      return &options.nodes_down;
    case 'f':
      return &options.nodes_failed;
    case 'i':
      return &options.operations;
    case 'F':
      return &options.failed_operations;
    case 'g':
      return &options.tickets_granted;
    case 'r':
      return &options.tickets_revoked;
    case 'b':
      return &options.tickets_standby;
    case 'e':
      return &options.tickets_activated;
    case 'E':
      return &options.explained;
    default:
      return nullptr;
  }
}

// Options without an argument, but for -x.
void apply(SimulateOptions& options, int letter) {
  using Source = SimulateOptions::Source;
  switch (letter) {
    case 'x':
      options.source = Source::file;
      options.file = optarg;
      break;
    case 'p':
      options.source = Source::pipe;
      break;
    case 'L':
      options.source = Source::live;
      break;
    case 'R':
      options.process = true;
      break;
    case 'S':
      options.simulate = true;
      break;
    case 'X':
      options.in_place = options.simulate = true;
      break;
    case 's':
      options.scores = true;
      break;
    case 'Q':
      options.quiet = true;
      break;
    case 'j':
      options.json = true;
      break;
    case 'a':
      options.all_actions = true;
      break;
    default:  // -V and --output-as=text, of scripts that know Pacemaker's
      break;
  }
}

}  // namespace

std::optional<int> read_simulate_options(int argc, char** argv, SimulateOptions& options) {
  optind = 1;
  for (;;) {
    const int letter = ::getopt_long(argc, argv, letters, longs, nullptr);
    if (letter == -1) break;
    if (letter == '?') return exits::usage;
    if (const auto why = refuse(letter); !why.empty()) {
      fmt::print(stderr, "crm_simulate: {}\n", why);
      return exits::usage;
    }
    if (letter == 'h') return fmt::print("{}", usage), exits::ok;
    if (letter == '$') return fmt::print("crm_simulate of gyre {}\n", GYRE_VERSION), exits::ok;
    if (std::string* text = text_of(options, letter))
      *text = optarg;
    else if (std::vector<std::string>* list = list_of(options, letter))
      list->emplace_back(optarg);
    else
      apply(options, letter);
  }
  if (optind != argc) {
    fmt::print(stderr, "crm_simulate: \"{}\" is no option\n", argv[optind]);
    return exits::usage;
  }
  options.process |= options.simulate || options.scores || options.json ||
                     !options.explained.empty() || !options.save_graph.empty() ||
                     !options.save_dot.empty();
  return std::nullopt;
}

}  // namespace gyre::rm::shell
