// crm_verify: what is wrong with a configuration. Words and exit statuses are Pacemaker's; what is
// wrong in the text of a document, and where, is said always, the rest with -V.
#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>

#include "rm/cib/check.hh"
#include "rm/cib/document.hh"
#include "rm/cib/validate.hh"
#include "rm/schedule/plan.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"
#include "rm/shell/live_cluster.hh"
#include "rm/shell/report.hh"
#include "rm/show/problems.hh"

namespace gyre::rm::shell {

namespace {

constexpr const char* usage = R"(usage: crm_verify [OPTION...]

Says what is wrong with a configuration: whether it is well-formed, whether its elements,
attributes and references are what they may be, what is known to go wrong with it, and what comes
of it when the cluster plans with it: nodes that are to be fenced, what has failed, what cannot run.

What is looked at:
  -x, --xml-file FILE   the document in a file
  -X, --xml-text TEXT   the document that TEXT is
  -p, --xml-pipe        the document on standard input
  -L, --live-check      the document of the running cluster

  -V, --verbose         say what is wrong one by one
  -S, --save-xml FILE   write the document that was looked at to a file
  -$, --version         say which version this is
  -h, --help            say this

Exit status: 0 nothing is wrong, 78 something is, 76 it is no <cib>, 1 it could not be read,
64 wrong usage, 66 there is no cluster.

Example: crm_verify --xml-file cib.xml --verbose
)";

struct Options {
  enum class Source { none, file, text, pipe, live } source = Source::none;
  std::string argument;  // the file's name, or the text
  bool verbose = false;
  std::string save;
};

int fail(int status, const std::string& words, const std::string& why = {}) {
  fmt::print(stderr, "crm_verify: {}\n", words);
  if (!why.empty()) fmt::print(stderr, "{}\n", why);
  return status;
}

// The exit status if that was all.
std::optional<int> read_options(int argc, char** argv, Options& options) {
  constexpr option longs[] = {{"xml-file", required_argument, nullptr, 'x'},
                              {"xml-text", required_argument, nullptr, 'X'},
                              {"xml-pipe", no_argument, nullptr, 'p'},
                              {"live-check", no_argument, nullptr, 'L'},
                              {"verbose", no_argument, nullptr, 'V'},
                              {"save-xml", required_argument, nullptr, 'S'},
                              {"version", no_argument, nullptr, '$'},
                              {"help", no_argument, nullptr, 'h'},
                              {}};
  using Source = Options::Source;
  const auto take = [&](Source source) {
    options.source = source;
    if (optarg != nullptr) options.argument = optarg;
  };
  optind = 1;
  for (;;) switch (::getopt_long(argc, argv, "x:X:pLVS:$h", longs, nullptr)) {
      case 'x':
        take(Source::file);
        break;
      case 'X':
        take(Source::text);
        break;
      case 'p':
        take(Source::pipe);
        break;
      case 'L':
        take(Source::live);
        break;
      case 'V':
        options.verbose = true;
        break;
      case 'S':
        options.save = optarg;
        break;
      case '$':
        fmt::print("crm_verify of gyre {}\n", GYRE_VERSION);
        return exits::ok;
      case 'h':
        fmt::print("{}", usage);
        return exits::ok;
      case -1:
        if (optind == argc || options.source == Source::none) return std::nullopt;
        return fail(exits::usage, fmt::format("\"{}\" is no option", argv[optind]));
      default:
        return exits::usage;
    }
}

struct Input {
  std::string name;   // in messages
  std::string words;  // that it could not be read
  std::variant<Text, Unread> text;
};
Input read_input(const Options& options) {
  const auto& argument = options.argument;
  switch (options.source) {
    case Options::Source::file:
      return {argument, "Couldn't parse input file: " + argument, read_document(argument)};
    case Options::Source::text:
      return {"text", "Couldn't parse input string: " + argument.substr(0, 200), Text(argument)};
    case Options::Source::live:
      return {"the cluster", "CIB query failed: Input file not available", read_running()};
    default:
      return {"stdin", "Couldn't parse input from STDIN.", read_document(stdin)};
  }
}

// Where Pacemaker goes by what it could read of a document, this does not; the status is the same
// where that would have been wrong, too.
int refuse(const Input& input, const Fault& fault) {
  const auto why = fmt::format("{}:{}: {}", input.name, fault.line, fault.what);
  switch (fault.kind) {
    case Fault::Kind::malformed:
      return fail(exits::error, input.words, why);
    case Fault::Kind::not_cib:
      return fail(exits::protocol,
                  "This tool can only check complete configurations (i.e. those starting with "
                  "<cib>).",
                  why);
    case Fault::Kind::broken:
      break;
  }
  fmt::print(stderr, "{}\n", why);
  return fail(exits::config, "Errors found during check: config not valid");
}

using Severity = Finding::Severity;

// Pacemaker's words, and below them where that is and what is wanted.
void print_checked(const Options& options, const Input& input,
                   const std::vector<Finding>& findings) {
  if (!options.verbose) return;
  for (const Finding& finding : findings) {
    fmt::print(stderr, "{}: {}\n", word_of(finding.severity), finding.what);
    if (!finding.advice.empty())
      fmt::print(stderr, "  {}:{}: {}: {}\n", input.name, finding.line, finding.path,
                 finding.advice);
  }
}

int judge(const Options& options, Severity worst) {
  if (worst == Severity::note) return exits::ok;
  return fail(exits::config,
              worst == Severity::error ? "Errors found during check: config not valid"
                                       : "Warnings found during check: config may not be valid",
              options.verbose ? "" : "-V may provide more details");
}

int verify_input(const Options& options, Input input) {
  const bool live = options.source == Options::Source::live;
  if (const auto* unread = std::get_if<Unread>(&input.text))
    return fail(live ? exits::no_input : exits::error, input.words,
                fmt::format("{}: {}", input.name, unread->why));
  const auto loaded = Document::load(std::move(std::get<Text>(input.text)));
  if (const auto* fault = std::get_if<Fault>(&loaded)) return refuse(input, *fault);
  const auto& document = std::get<Document>(loaded);
  if (!options.save.empty())
    if (const auto why = write_file(options.save, document.text()); !why.empty())
      return fail(exits::error, "Could not write " + options.save, why);
  if (!to_be_validated(document))
    fmt::print(stderr,
               "Schema validation of configuration is disabled (enabling is encouraged and "
               "prevents common misconfigurations)\n");
  const auto invalid = validate(document);
  print_invalid(input.name, invalid, options.verbose);
  if (worst_of(invalid) == Severity::error) {
    if (options.verbose) fmt::print(stderr, "error: CIB did not pass schema validation\n");
    return judge(options, Severity::error);
  }
  const auto now = std::time(nullptr);
  const auto checked = check(document, now);
  print_checked(options, input, checked);
  schedule::Cluster cluster;
  schedule::unpack(cluster, {document.cib(), now});
  schedule::plan(cluster);
  schedule::graph(cluster);
  const auto planned = show::problems(document, cluster);
  print_checked(options, input, planned);
  return judge(options, std::max({worst_of(invalid), worst_of(checked), worst_of(planned)}));
}

}  // namespace

int verify(int argc, char** argv) {
  Options options;
  if (const auto ended = read_options(argc, argv, options)) return *ended;
  switch (options.source) {
    case Options::Source::none:
      return fail(exits::error,
                  "No configuration source specified.  Use --help for usage "
                  "information.");
    default:
      return verify_input(options, read_input(options));
  }
}

}  // namespace gyre::rm::shell
