#include "rm/shell/monitor_options.hh"

#include <fmt/format.h>
#include <getopt.h>

#include <cstdio>
#include <vector>

#include "rm/shell/exits.hh"
#include "rm/shell/monitor_form.hh"
#include "rm/shell/monitor_sections.hh"

namespace gyre::rm::shell {

namespace {

namespace section = show::section;

constexpr const char* usage = R"(usage: crm_mon [OPTION...]

Shows nodes, resources and failures of the cluster, and again with each change.

What is looked at:
  -x, --xml-file FILE         the document in a file; else the one that CIB_file names, else the
                              running cluster's
  -1, --one-shot              show it once, and exit
  -i, --interval TIME         accepted and of no effect: changes are shown when they happen

What is shown:
  -I, --include SECTIONS, -U, --exclude SECTIONS
                              add to or take from what is shown: all, none, default, summary
                              (stack, dc, times, counts), maint-mode, options, nodes, resources,
                              attributes, failcounts, operations, failures, tickets,
                              bans[:PREFIX], fencing; with commas, from left to right
  -r, --inactive              resources that are stopped, too
  -n, --group-by-node         resources below their nodes
  -R, --show-detail           ids of nodes, and each instance of a clone
  -b, --brief                 how many there are of each agent
  -f, --failcounts            how often resources failed
  -o, --operations            operations and their results
  -t, --timing-details        the same, with times
  -c, --tickets               tickets
  -L, --neg-locations[=PREFIX]
                              constraints that keep resources off nodes
  -A, --show-node-attributes  attributes of nodes
  -m, --fence-history LEVEL   accepted; stonith_admin --history tells who was fenced when
  -D, --hide-headers          no summary
  -Q, --quiet                 no times in the summary
      --node NODE, --resource RESOURCE
                              only what has to do with it, or with all that have it for a tag

In which form:
  -s, --simple-status         one line, once; exit status 1 if something is wrong
      --output-as FORMAT      text (as for a console) or xml
  -X, --as-xml                XML as crm_mon had it before 2.0
      --json                  JSON
      --output-to FILE        into a file, not to standard output
      --form 1.1|2.1          the text as Pacemaker 1.1 wrote it, or 2.1. Without this the file
                              that GYRE_CRM_MON_FORM names says so, or /etc/gyre/crm_mon.form;
                              without that it is 2.1
  -N, --disable-ncurses, --text-fancy, -V, --verbose
                              accepted and of no effect
  -$, --version               say which version this is
  -?, --help                  say this

Exit status: 0 shown, 1 (with -s) something is wrong, 64 wrong usage, 102 there is no cluster or its
document cannot be read, 78 the configuration is not valid.

Example: crm_mon -1 --inactive
)";

enum Long {
  node = 256,
  resource,
  output_as,
  output_to,
  json,
  form,
  ignored,
  help,  // '?' is also what getopt says of what it does not know
};

constexpr const char* letters = "I:U:nrfotcm::L::ADRbsi:1dp:E:e:WNwh:XVQ$x:";
constexpr option longs[] = {{"xml-file", required_argument, nullptr, 'x'},
                            {"one-shot", no_argument, nullptr, '1'},
                            {"interval", required_argument, nullptr, 'i'},
                            {"include", required_argument, nullptr, 'I'},
                            {"exclude", required_argument, nullptr, 'U'},
                            {"inactive", no_argument, nullptr, 'r'},
                            {"group-by-node", no_argument, nullptr, 'n'},
                            {"show-detail", no_argument, nullptr, 'R'},
                            {"brief", no_argument, nullptr, 'b'},
                            {"failcounts", no_argument, nullptr, 'f'},
                            {"operations", no_argument, nullptr, 'o'},
                            {"timing-details", no_argument, nullptr, 't'},
                            {"tickets", no_argument, nullptr, 'c'},
                            {"neg-locations", optional_argument, nullptr, 'L'},
                            {"show-node-attributes", no_argument, nullptr, 'A'},
                            {"fence-history", optional_argument, nullptr, 'm'},
                            {"hide-headers", no_argument, nullptr, 'D'},
                            {"quiet", no_argument, nullptr, 'Q'},
                            {"node", required_argument, nullptr, node},
                            {"resource", required_argument, nullptr, resource},
                            {"simple-status", no_argument, nullptr, 's'},
                            {"output-as", required_argument, nullptr, output_as},
                            {"as-xml", no_argument, nullptr, 'X'},
                            {"json", no_argument, nullptr, json},
                            {"output-to", required_argument, nullptr, output_to},
                            {"form", required_argument, nullptr, form},
                            {"disable-ncurses", no_argument, nullptr, 'N'},
                            {"text-fancy", no_argument, nullptr, ignored},
                            {"verbose", no_argument, nullptr, 'V'},
                            {"version", no_argument, nullptr, '$'},
                            {"help", no_argument, nullptr, help},
                            {"daemonize", no_argument, nullptr, 'd'},
                            {"pid-file", required_argument, nullptr, 'p'},
                            {"external-agent", required_argument, nullptr, 'E'},
                            {"external-recipient", required_argument, nullptr, 'e'},
                            {"watch-fencing", no_argument, nullptr, 'W'},
                            {"as-html", required_argument, nullptr, 'h'},
                            {"web-cgi", no_argument, nullptr, 'w'},
                            {}};

using Output = MonitorCommand::Output;

int fail(const std::string& words) {
  fmt::print(stderr, "crm_mon: {}\n", words);
  return exits::usage;
}

// As a shell would need them to be written.
std::string quoted(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+,./:@%";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos) return std::string(word);
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

class Reader {
 public:
  explicit Reader(MonitorCommand& command) : command_(command) {}

  std::optional<int> read(int argc, char** argv) {
    command_.words = quoted(argv[0]);
    for (int i = 1; i < argc; ++i) command_.words += ' ' + quoted(argv[i]);
    optind = 1;
    opterr = 0;
    for (;;) {
      const int letter = ::getopt_long(argc, argv, letters, longs, nullptr);
      if (letter == -1) break;
      if (letter == '?' && optopt != '?')
        return fail(fmt::format("Unknown option {}", argv[optind - 1]));
      if (const auto ended = take(letter)) return ended;
    }
    if (optind != argc) return fail(fmt::format("\"{}\" is no option", argv[optind]));
    return finish();
  }

 private:
  void include(const char* words) { wishes_.push_back({true, words}); }

  std::optional<int> take(int letter) {
    show::MonitorOptions& show = command_.show;
    switch (letter) {
      case 'x':
        command_.file = optarg;
        break;
      case '1':
        command_.once = true;
        break;
      case 'I':
      case 'U':
        wishes_.push_back({letter == 'I', optarg});
        break;
      case 'r':
        show.inactive = true;
        break;
      case 'n':
        show.by_node = true;
        break;
      case 'R':
        show.detail = true;
        break;
      case 'b':
        show.brief = true;
        break;
      case node:
        show.node = optarg;
        break;
      case resource:
        show.resource = optarg;
        break;
      case 'Q':
        quiet_ = true;
        break;
      default:
        return take_section(letter);
    }
    return std::nullopt;
  }

  std::optional<int> take_section(int letter) {
    switch (letter) {
      case 'f':
        include("failcounts");
        break;
      case 't':
        command_.show.timing = true;
        [[fallthrough]];
      case 'o':
        include("operations");
        break;
      case 'c':
        include("tickets");
        break;
      case 'L':
        include("bans");
        if (optarg != nullptr) wishes_.back().words += std::string(":") + optarg;
        break;
      case 'A':
        include("attributes");
        break;
      case 'D':
        wishes_.push_back({false, "summary"});
        break;
      default:
        return take_form(letter);
    }
    return std::nullopt;
  }

  std::optional<int> take_form(int letter) {
    const std::string_view word = optarg == nullptr ? "" : optarg;
    switch (letter) {
      case 's':
        command_.output = Output::simple;
        break;
      case 'X':
        command_.output = Output::old_xml;
        break;
      case json:
        command_.output = Output::json;
        break;
      case output_as:
        if (word != "text" && word != "console" && word != "xml")
          return fail(fmt::format("--output-as takes text, console or xml, not \"{}\"", word));
        command_.output = word == "xml" ? Output::xml : Output::text;
        command_.once |= word != "console";
        break;
      case output_to:
        command_.written = word == "-" ? "" : word;
        break;
      case form:
        if (!parse_form(word, command_.form))
          return fail(fmt::format("--form takes 1.1 or 2.1, not \"{}\"", word));
        form_told_ = true;
        break;
      case '$':
        fmt::print("crm_mon of gyre {}\n", GYRE_VERSION);
        return exits::ok;
      case '?':
      case help:
        fmt::print("{}", usage);
        return exits::ok;
      default:
        return take_refused(letter);
    }
    return std::nullopt;
  }

  static std::optional<int> take_refused(int letter) {
    switch (letter) {
      case 'd':
      case 'p':
        return fail("it does not run in the background: let systemd start it");
      case 'E':
      case 'e':
      case 'W':
        return fail("it starts no external agent");
      case 'h':
      case 'w':
        return fail("it writes no HTML; --output-as xml and --json are there for programs");
      default:
        return std::nullopt;
    }
  }

  std::optional<int> finish() {
    const bool whole = command_.output == Output::xml || command_.output == Output::old_xml ||
                       command_.output == Output::json;
    command_.once |= command_.output != Output::text;
    unsigned usual = whole ? section::all | section::options : unsigned{section::usual};
    if (quiet_) usual &= ~unsigned{section::times};
    const SectionChoice choice = choose_sections(usual, wishes_);
    if (!choice.complaint.empty()) return fail(choice.complaint);
    command_.show.sections = choice.sections;
    command_.show.ban_prefix = choice.ban_prefix;
    if (whole) command_.show.inactive = command_.show.timing = true;
    if (!form_told_)
      if (const auto ended = read_form_file(command_.form)) return ended;
    const show::MonitorOptions& show = command_.show;
    const bool old_text =
        command_.output == Output::text && command_.form == MonitorCommand::Form::pacemaker_1_1;
    if (old_text && (show.detail || show.brief || (show.sections & section::bans) != 0))
      return fail("the form of Pacemaker 1.1 has no -R, -b, -L");
    return std::nullopt;
  }

  MonitorCommand& command_;
  std::vector<SectionWish> wishes_;
  bool quiet_ = false, form_told_ = false;
};

}  // namespace

std::optional<int> read_monitor_options(int argc, char** argv, MonitorCommand& command) {
  return Reader(command).read(argc, argv);
}

}  // namespace gyre::rm::shell
