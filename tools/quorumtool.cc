// corosync-quorumtool: whether this side may act, by whose votes, and what changes that.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <variant>

#include "tools/corosync.hh"

namespace gyre::tools {
namespace {

constexpr const char* usage = R"({0} [-s] [-m] [-l] [-p] [-H] [-i] [-o a|n|i] [-v votes [-n nodeid]]
	[-e expected] [-a] [-f] [-h] [-V]

A tool for displaying and changing what is counted for the quorum.
options:
	-s	Displays the status of the quorum; so without any option.
	-m	Displays it again whenever it changes.
	-l	Lists the nodes.
	-p	With -s or -l: always with the column of the quorum device.
	-H	Node ids in hexadecimal.
	-i	IP addresses instead of names.
	-o	Order of the nodes: a, by address, n, by name, i, by id.
	-v	Gives a node this many votes.
	-n	With -v: the node; else it is this one.
	-e	Changes how many votes are expected in the cluster.
	-a	All addresses of a node: as yet there is one.
	-f	Unregisters the quorum device of this node, whatever asks it. *DANGEROUS*
	-h	Print basic usage.
	-V	Print the version.
	--json	One object with all that there is.
	--run-dir	{1}

Example:
  gyre quorumtool -s

Exit status: 0 done, and quorate with -s; 1 failed; 2 not quorate, with -s only.
)";

constexpr int done = 0, not_quorate = 2;

struct Request {
  int action = 's';
  char order = 'a';
  bool parsable = false, hexadecimal = false, addresses = false;
  std::optional<std::uint32_t> node;
  std::uint32_t votes = 0;
};

// What gyred says of the quorum, in Corosync's columns.
class Report {
 public:
  Report(const Json& answer, const Request& request) : answer_(answer), request_(request) {}

  bool quorate() const { return quorum().at("quorate").get<bool>(); }

  void print() const {
    const std::time_t now = std::time(nullptr);
    const Json& provider = answer_.at("provider");
    fmt::print("Quorum information\n------------------\n");
    fmt::print("Date:             {:%a %b %e %H:%M:%S %Y}\n", fmt::localtime(now));
    fmt::print("Quorum provider:  {}\n",
               provider.is_string() ? provider.get<std::string>() : "Not configured");
    fmt::print("Nodes:            {}\n", answer_.at("members").size());
    fmt::print("Node ID:          {}\n", id(answer_.at("nodeid")));
    fmt::print("Ring ID:          {}\n", ring_id(answer_.at("ring")));
    fmt::print("Quorate:          {}\n\n", quorate() ? "Yes" : "No");
    fmt::print("Votequorum information\n----------------------\n");
    fmt::print("Expected votes:   {}\n", quorum().at("expected").dump());
    fmt::print("Highest expected: {}\n", quorum().at("highest").dump());
    fmt::print("Total votes:      {}\n", quorum().at("votes").dump());
    fmt::print("Quorum:           {} {}\n", quorum().at("needed").dump(),
               quorate() ? " " : "Activity blocked");
    fmt::print("Flags:            {}\n", quorum().at("flags").get<std::string>());
    print_nodes();
  }

  void print_nodes() const {
    fmt::print("\nMembership information\n----------------------\n");
    fmt::print("{:>10} {:>10} {}Name\n", "Nodeid", "Votes", device("Qdevice"));
    for (const Json& member : sorted())
      fmt::print("{:>10} {:>10} {}{}{}\n", id(member.at("nodeid")), member.at("votes").dump(),
                 device(said_of(member.at("device"))), name(member),
                 member.at("nodeid") == answer_.at("nodeid") ? " (local)" : "");
    const Json& all = answer_.at("device");
    if (has_device())
      fmt::print("{:>10} {:>10} {}Qdevice\n", 0, all.at("counts") ? all.at("votes").dump() : "0",
                 device(""));
  }

  // What Corosync has no words for: why nobody may act here, or why others may as well.
  void warn() const {
    if (!quorate() || quorum().at("fencing") != "not_needed")
      failed({}, quorum().at("why").get<std::string>());
  }

 private:
  const Json& quorum() const { return answer_.at("quorum"); }
  std::string id(const Json& number) const {
    return request_.hexadecimal ? fmt::format("{:#010x}", number.get<std::uint32_t>())
                                : number.dump();
  }
  bool has_device() const {
    return std::ranges::any_of(answer_.at("members"), [](const Json& member) {
      return member.at("device").at("registered").get<bool>();
    });
  }
  std::string device(const std::string& word) const {
    return request_.parsable || has_device() ? fmt::format("{:>10} ", word) : "";
  }
  // Alive, votes, master wins, or not; or not registered.
  static std::string said_of(const Json& device) {
    const auto word = [&](const char* what, const char* yes) {
      return (device.at(what).get<bool>() ? "" : "N") + std::string(yes);
    };
    if (!device.at("registered").get<bool>()) return "NR";
    return word("alive", "A") + "," + word("votes", "V") + "," + word("master_wins", "MW");
  }
  std::string name(const Json& member) const {
    const auto given = member.at("name").get<std::string>();
    const Json& addresses = member.at("addresses");
    if ((!given.empty() && !request_.addresses) || addresses.empty()) return given;
    return addresses[0].get<std::string>();
  }
  // They come by their ids, which are their addresses unless they are written.
  std::vector<Json> sorted() const {
    std::vector<Json> members(answer_.at("members").begin(), answer_.at("members").end());
    if (request_.order == 'n')
      std::ranges::stable_sort(members, {}, [this](const Json& member) { return name(member); });
    return members;
  }

  const Json& answer_;
  const Request& request_;
};

int show(const Common& common, const Request& request) {
  const Json answer = ask(common, "quorum");
  const Report report(answer, request);
  if (common.json)
    fmt::print("{}\n", answer.dump());
  else
    request.action == 'l' ? report.print_nodes() : report.print();
  if (request.action == 'l') return done;
  if (request.action == 'm' && !common.json) fmt::print("\n");
  if (!common.json) report.warn();
  std::fflush(stdout);
  return report.quorate() ? done : not_quorate;
}

// The ordered stream tells when; the answer is what gyred knows a little later.
int monitor(const Common& common, const Request& request) {
  client::Connection connection(common.options());
  try {
    for (;;) {
      const auto event = connection.receive();
      if (event && (std::holds_alternative<client::View>(*event) ||
                    std::holds_alternative<client::VerdictChange>(*event)))
        show(common, request);
    }
  } catch (const client::Error& error) {
    return failed(fmt::format("Unable to dispatch quorum status: {}", cs_error(error).word),
                  error.what());
  }
}

int change(const Common& common, const Request& request) {
  const Json before = ask(common, "quorum");
  const bool expected = request.action == 'e';
  if (!before.at("provider").is_string())
    return failed(fmt::format("You cannot change {}, corosync is not using votequorum",
                              expected ? "expected votes" : "node votes"));
  const std::string node =
      request.node ? std::to_string(*request.node) : before.at("nodeid").dump();
  const std::string votes = std::to_string(request.votes);
  const Json answer = expected ? ask(common, "quorum.expected", {votes})
                               : ask(common, "quorum.votes", {node, votes});
  if (common.json) fmt::print("{}\n", answer.dump());
  if (!answer.contains("error")) return done;
  const auto error = answer.at("error").get<std::string>();
  return failed(expected
                    ? fmt::format("Unable to set expected votes: {}", error)
                    : fmt::format("Unable to set votes {} for nodeid: {}: {}", votes, node, error),
                answer.at("reason").get<std::string>());
}

// Whoever asks the device may register it again.
int unregister_device(const Common& common) {
  const Json device = ask(common, "quorum.device");
  const bool known = !device.contains("error") && device.at("name") != "";
  if (!device.contains("error") && !known) return done;
  const Json answer =
      known ? ask(common, "quorum.device.unregister", {device.at("name").get<std::string>()})
            : device;
  if (common.json) fmt::print("{}\n", answer.dump());
  if (!answer.contains("error")) return done;
  return failed(
      fmt::format("Unable to unregister quorum device: {}", answer.at("error").get<std::string>()),
      answer.at("reason").get<std::string>());
}

// False: `letter` is not to be had so, which was told.
bool read_option(int letter, const char* argument, Request& request) {
  const auto wrong = [&](const char* words) { return failed(words, argument), false; };
  switch (letter) {
    case 'p':
      return request.parsable = true;
    case 'H':
      return request.hexadecimal = true;
    case 'i':
      return request.addresses = true;
    case 'a':
      return true;  // all addresses of a node: there is one
    case 'o':
      request.order = argument[0];
      return std::string_view("ani").find(argument) != std::string_view::npos && argument[0] != 0
                 ? true
                 : wrong(
                       "Invalid ordering option. valid orders are a(address), i(node ID) or "
                       "n(name)");
    case 'n':
      request.node = read_number(argument);
      return request.node ? true : wrong("The nodeid was not valid, try a positive number");
    case 'v':
    case 'e': {
      const auto votes = read_number(argument);
      if (!votes || (letter == 'e' && *votes == 0))
        return wrong(letter == 'e'
                         ? "New expected votes value was not valid, try a positive number"
                         : "New votes value was not valid, try a positive number or zero");
      request.votes = *votes;
      break;
    }
    default:
      break;
  }
  request.action = letter;
  return true;
}

int run(const Common& common, const Request& request) {
  switch (request.action) {
    case 'm':
      return monitor(common, request);
    case 'v':
    case 'e':
      return change(common, request);
    case 'f':
      return unregister_device(common);
    case 'V':
      fmt::print("corosync-quorumtool version: {}\n", GYRE_VERSION);
      return done;
    default:
      return show(common, request);
  }
}

}  // namespace

int quorumtool(int argc, char** argv) {
  Options options(argc, argv, {.usage = usage, .letters = "sVHlpmafe:v:in:o:"});
  Request request;
  for (int letter; (letter = options.next()) != -1;)
    if (!read_option(letter, optarg, request)) return 1;
  if (options.ended()) return *options.ended();
  try {
    return run(options.common(), request);
  } catch (const client::Error& error) {
    return failed("Cannot initialize QUORUM service", error.what());
  }
}

}  // namespace gyre::tools
