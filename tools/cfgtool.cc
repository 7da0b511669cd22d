// corosync-cfgtool: the links of the local node, and a few orders to it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tools/corosync.hh"

namespace gyre::tools {
namespace {

constexpr const char* usage =
    R"({0} [[-i <interface ip>] [-b] -s] [-n] [-R] [-L] [-k nodeid] [-a nodeid] [-H] [-h]

A tool for displaying and configuring active parameters within corosync.
options:
	-s	Displays the status of the current links on this node. In the form
		of the first Corosync where the configuration is of that form, unless -b.
	-i	Only the link with this address or number, when used with -s.
	-b	Displays the brief status of the current links on this node when used with -s.
	-n	Displays the status of the connected nodes and their links.
	-R	Tell all instances of gyred in this cluster to reload corosync.conf:
		all go by it, or none. What cannot change at run time is named.
	-L	Tell gyred to reopen all logging files.
	-k	Kill a node identified by node id.
	-a	Display the IP address(es) of a node
	-r	Re-enable links that failed: they are used again at once, until something is
		found against them. They come back by themselves, too.
	-H	Shutdown gyred cleanly on this node. (--force is taken and not needed.)
	-h	Print basic usage.
	--json	JSON: with -s and -n what gyred tells of its links, with -a of the node,
		with -R which keys cannot change
	--run-dir	{1}

Example:
  gyre cfgtool -s

Exit status: 0 done, 1 failed, or with -s: a link has a fault or a listed node is not connected.
)";

std::string text_of(const Json& json, const char* key) {
  return json.at(key).get<std::string>();
}

std::string address_on(const Json& node, std::size_t link) {
  return node.at("addresses").at(link).get<std::string>();
}

// Where links are not told one by one there is one, which reaches whoever is in the ring.
bool connected_on(const Json& node, std::size_t link) {
  const bool told = node.contains("links");
  return (told ? node.at("links").at(link) : node).at("connected").get<bool>();
}

// A fault, and why, or nothing; the first that there is.
class LinkStatus {
 public:
  LinkStatus(Json answer, bool brief, const std::string& only)
      : answer_(std::move(answer)), brief_(brief), only_(only) {}

  int print() {
    const bool found = std::any_of(answer_.at("links").begin(), answer_.at("links").end(),
                                   [&](const Json& link) { return wanted(link); });
    if (!found) return failed(fmt::format("there is no link {}", only_));
    // The first Corosync had no brief form.
    answer_.at("form") == "interface" && !brief_ ? print_rings() : print_links();
    return fault_.empty() ? 0 : failed(fault_);
  }

 private:
  bool wanted(const Json& link) const {
    return only_.empty() || only_ == link.at("number").dump() || only_ == text_of(link, "address");
  }

  // As the first Corosync.
  void print_rings() {
    fmt::print("Printing ring status.\nLocal node ID {}\n", answer_.at("nodeid").dump());
    for (const Json& link : answer_.at("links")) {
      if (!wanted(link)) continue;
      const std::string number = link.at("number").dump(), address = text_of(link, "address");
      const std::string fault = text_of(link, "fault");
      fmt::print("RING ID {}\n\tid\t= {}\n\tstatus\t= ", number, address);
      if (fault.empty())
        fmt::print("ring {} active with no faults\n", number);
      else
        fmt::print("Marking ringid {} interface {} FAULTY\n", number, address);
      note(fault);
    }
  }

  void print_links() {
    fmt::print("Local node ID {}, transport {}\n", answer_.at("nodeid").dump(),
               text_of(answer_, "transport"));
    for (const Json& link : answer_.at("links")) {
      if (!wanted(link)) continue;
      fmt::print("LINK ID {} \n\taddr\t= {}\n", link.at("number").dump(), text_of(link, "address"));
      note(text_of(link, "fault"));
      const auto number = link.at("number").get<std::size_t>();
      brief_ ? print_brief(number) : print_nodes(number);
    }
  }

  void print_nodes(std::size_t link) {
    fmt::print("\tstatus:\n");
    for (const Json& node : answer_.at("nodes")) {
      const bool local = node.at("local").get<bool>(), connected = connected_on(node, link);
      fmt::print("\t\tnodeid: {:>10}:\t{}\n", node.at("nodeid").dump(),
                 local       ? "localhost"
                 : connected ? "connected"
                             : "disconnected");
      note(node, link);
    }
  }

  // One digit for each node: 1 for a link that is in use, and 2 if it is connected.
  void print_brief(std::size_t link) {
    std::string digits;
    for (const Json& node : answer_.at("nodes")) {
      const bool local = node.at("local").get<bool>(), connected = connected_on(node, link);
      digits += local ? 'n' : connected ? '3' : '1';
      note(node, link);
    }
    fmt::print("\tstatus\t= {}\n", digits);
  }

  // Whom nobody has listed may have gone for good.
  void note(const Json& node, std::size_t link) {
    if (answer_.at("form") != "interface" && !node.at("connected").get<bool>())
      note(fmt::format("node {} is not connected", node.at("nodeid").dump()));
    if (node.at("connected").get<bool>() && !node.at("local").get<bool>() &&
        !connected_on(node, link))
      note(fmt::format("node {} is not reached over link {}", node.at("nodeid").dump(), link));
  }
  void note(const std::string& fault) {
    if (fault_.empty()) fault_ = fault;
  }

  Json answer_;
  bool brief_;
  std::string only_, fault_;
};

void print_connected(const Json& answer) {
  fmt::print("Local node ID {}, transport {}\n", answer.at("nodeid").dump(),
             text_of(answer, "transport"));
  for (const Json& node : answer.at("nodes")) {
    if (node.at("local").get<bool>() || !node.at("connected").get<bool>()) continue;
    fmt::print("nodeid: {} reachable\n", node.at("nodeid").dump());
    for (const Json& link : answer.at("links")) {
      const auto number = link.at("number").get<std::size_t>();
      fmt::print("   LINK: {}  ({}) enabled{} mtu: {}\n", number, address_on(node, number),
                 connected_on(node, number) ? " connected" : "", answer.at("mtu").dump());
    }
    fmt::print("\n");
  }
}

int print_addresses(const Common& common, const std::string& nodeid) {
  const Json answer = ask(common, "links");
  for (const Json& node : answer.at("nodes"))
    if (node.at("nodeid").dump() == nodeid) {
      std::string addresses;
      for (const Json& address : node.at("addresses"))
        addresses += (addresses.empty() ? "" : " ") + address.get<std::string>();
      fmt::print("{}\n", common.json ? node.dump() : addresses);
      return 0;
    }
  return failed(fmt::format("Could not get node address for nodeid {}", nodeid));
}

// What is being done, before it is; with --json not in words. Not if there is nobody to do it.
void announce(const Common& common, const std::string& words) {
  ask(common, "links");
  if (!common.json) fmt::print("{}\n", words);
  std::fflush(stdout);
}

// The daemon did it.
int done(const Common& common) {
  if (common.json) fmt::print("{{}}\n");
  return 0;
}

int kill_node(const Common& common, const std::string& nodeid) {
  announce(common, "Killing node " + nodeid);
  const auto not_killed = [](std::string_view error, std::string_view why) {
    return failed(fmt::format("Could not kill node (error = {})", error), why);
  };
  try {
    const Json answer = ask(common, "kill", {nodeid});
    if (!answer.contains("error")) return done(common);
    return not_killed(text_of(answer, "error"), text_of(answer, "reason"));
  } catch (const client::Error& error) {
    return not_killed(cs_error(error).word, error.what());
  }
}

// Of all daemons.
int reload(const Common& common) {
  announce(common, "Reloading corosync.conf...");
  try {
    const Json answer = ask(common, "reload");
    fmt::print("{}\n", common.json ? answer.dump() : "Done");
    std::fflush(stdout);
    for (const Json& key : answer.at("fixed"))
      fmt::print(stderr, "Modified entry '{}' in corosync.conf cannot be changed at run-time\n",
                 key.get<std::string>());
    return 0;
  } catch (const client::Error& error) {
    constexpr int failed_operation = 21;
    const bool refused = error.code() == client::ErrorCode::refused;
    return failed(fmt::format("Could not reload configuration. Error {}",
                              refused ? failed_operation : cs_error(error).number),
                  error.what());
  }
}

int shut_down(const Common& common) {
  announce(common, "Shutting down corosync");
  try {
    ask(common, "shutdown");
    return done(common);
  } catch (const client::Error& error) {
    return failed(fmt::format("Could not shutdown (error = {})", cs_error(error).number),
                  error.what());
  }
}

struct Request {
  int action = 0;
  bool brief = false;
  std::string link, nodeid;
};

int run(const Request& request, const Options& options) {
  const Common& common = options.common();
  switch (request.action) {
    case 's':
    case 'n': {
      Json answer = ask(common, "links");
      if (common.json) return fmt::print("{}\n", answer.dump()), 0;
      if (request.action == 's')
        return LinkStatus(std::move(answer), request.brief, request.link).print();
      print_connected(answer);
      return 0;
    }
    case 'L':
      ask(common, "reopen_logs");
      return done(common);
    case 'r':
      announce(common, "Re-enabling all failed rings.");
      ask(common, "links.reenable");
      return done(common);
    case 'a':
      return print_addresses(common, request.nodeid);
    case 'k':
      return kill_node(common, request.nodeid);
    case 'R':
      return reload(common);
    case 'H':
      return shut_down(common);
    default:
      return options.print_usage();
  }
}

}  // namespace

int cfgtool(int argc, char** argv) {
  static constexpr option longs[] = {
      {"status", no_argument, nullptr, 's'},        {"brief", no_argument, nullptr, 'b'},
      {"nodes", no_argument, nullptr, 'n'},         {"reopen", no_argument, nullptr, 'L'},
      {"reload", no_argument, nullptr, 'R'},        {"kill", required_argument, nullptr, 'k'},
      {"address", required_argument, nullptr, 'a'}, {"shutdown", no_argument, nullptr, 'H'},
      {"force", no_argument, nullptr, 'F'}};
  Options options(argc, argv, {.usage = usage, .letters = "i:sbnRLrk:a:H", .longs = longs});
  Request request;
  for (int letter; (letter = options.next()) != -1;) switch (letter) {
      case 'i':
        request.link = optarg;
        break;
      case 'b':
        request.brief = true;
        break;
      case 'F':
        break;
      case 'k':
      case 'a': {
        const auto nodeid = read_number(optarg);
        if (!nodeid || *nodeid == 0)
          return failed("The nodeid was not valid, try a positive number", optarg);
        request.nodeid = std::to_string(*nodeid);
        request.action = letter;
        break;
      }
      default:
        request.action = letter;
    }
  if (options.ended()) return *options.ended();
  if ((request.brief || !request.link.empty()) && request.action != 's')
    return failed(fmt::format("{}: {} goes with -s", argv[0], request.brief ? "-b" : "-i"));
  try {
    return run(request, options);
  } catch (const client::Error& error) {
    return failed(fmt::format("Could not initialize corosync configuration API error {}",
                              cs_error(error).number),
                  error.what());
  }
}

}  // namespace gyre::tools
