// corosync-cmapctl: the key map from a shell.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "tools/cmap_entry.hh"
#include "tools/cmap_file.hh"
#include "tools/corosync.hh"

namespace gyre::tools {
namespace {

constexpr const char* usage = R"(
usage:  {0} [-b] [-DdghsqTCt] [-p filename] [-m map] [params...]

    -b show binary values
    -m select map to use: icmap (the configuration, who is here, and what programs
       wrote down) or stats (what was counted); icmap if not said

Set key:
    {0} -s key_name type value

    where type is one of ([i|u][8|16|32|64] | flt | dbl | str | bin)
    for bin, value is file name (or - for stdin)

Clear stats:
    {0} -C [knet|ipc|totem|schedmiss|all]

Load settings from a file:
    {0} -p filename

    the format of the file is:
    [^[^]]<key_name>[ <type> <value>]
    A key behind ^ is deleted (see -d), all keys with a prefix behind ^^ (see -D).
    Other keys are set (see -s).

Delete key:
    {0} -d key_name...

Delete multiple keys with prefix:
    {0} -D key_prefix...

Get key, or its value only:
    {0} [-b] [-q] -g key_name...

Display all keys, or those with a prefix:
    {0} [-b] [-q] [key_prefix...]

Track changes on a key, or on keys with a prefix:
    {0} [-b] [-q] -t key_name...
    {0} [-b] [-q] -T key_prefix...

    --json     one JSON object per line
    --run-dir  {1}

Example:
    gyre cmapctl -q -g runtime.config.totem.token

Exit status: 0 done, 1 failed.
)";

class Cmapctl {
 public:
  bool binary = false, quiet = false;
  std::string map = "icmap";
  Common common;

  int list(const Words& prefixes) const {
    int status = 0;
    for (const std::string& prefix : prefixes.empty() ? Words{""} : prefixes) {
      const std::vector<CmapEntry> entries = read_entries(common, map, prefix);
      if (entries.empty()) status = 1;
      for (const CmapEntry& entry : entries) show(entry);
    }
    return status;
  }

  int get(const Words& keys) const {
    return for_each(keys, [&](const std::string& key) {
      const Json answer = ask(common, "cmap.get", {map, key});
      if (answer.contains("error")) return refused("Can't get key {}. Error {}", key, answer);
      show(read_entry(answer));
      return 0;
    });
  }

  int set(const std::string& key, const std::string& type, const std::string& value) const {
    std::string written = value;
    if (type == "bin") {
      const auto bytes = read_file(value, value_max);
      if (!bytes) return failed(fmt::format("Can't open input file: {}", std::strerror(errno)));
      written = to_hex(*bytes);
    }
    const Json answer = ask(common, "cmap.set", {map, key, type, written});
    if (!answer.contains("error")) return 0;
    // What is no value at all is told in the daemon's words only.
    if (const auto reason = answer.at("reason").get<std::string>();
        reason == "Unknown type " + type || reason.starts_with(written + " is not valid " + type))
      return failed(reason);
    return refused("Failed to set key {}. Error {}", key, answer);
  }

  int remove(const Words& keys) const {
    return for_each(keys, [&](const std::string& key) {
      const Json answer = ask(common, "cmap.delete", {map, key});
      if (!answer.contains("error")) return 0;
      return refused("Can't delete key {}. Error {}", key, answer);
    });
  }

  int remove_prefixes(const Words& prefixes) const {
    return for_each(prefixes, [&](const std::string& prefix) {
      Words keys;
      for (const CmapEntry& entry : read_entries(common, map, prefix)) keys.push_back(entry.key);
      return remove(keys);
    });
  }

  // Until q, or the end of standard input.
  int track(const Words& names, bool prefix) const {
    std::vector<client::Answers> all;
    for (const std::string& name : names)
      all.emplace_back("cmap.track", common.options(), Words{map, prefix ? "prefix" : "key", name});
    for (client::Answers& answers : all)  // each says first that it has begun
      if (!answers.next(common.options().connect_timeout))
        throw client::Error(client::ErrorCode::timed_out, "gyred does not answer");
    fmt::print("Type \"q\" to finish\n");
    std::fflush(stdout);
    std::vector<pollfd> ready{{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
    for (const client::Answers& answers : all)
      ready.push_back({.fd = answers.fd(), .events = POLLIN, .revents = 0});
    while (::poll(ready.data(), ready.size(), -1) >= 0 || errno == EINTR) {
      for (client::Answers& answers : all)
        while (const auto text = answers.next(std::chrono::milliseconds(0)))
          show_change(read_answer(*text, "cmap.track"));
      std::fflush(stdout);
      if (ready[0].revents != 0 && is_over()) return 0;
    }
    return failed(fmt::format("poll: {}", std::strerror(errno)));
  }

  int load(const std::string& path) const {
    const auto text = read_file(path, settings_max);
    if (!text) return failed(fmt::format("Couldn't open file.: {}", std::strerror(errno)), path);
    const CmapFile orders = read_cmap_file(*text);
    if (!orders.complaint.empty()) return failed(orders.complaint, path + ": nothing was done");
    int status = 0;
    for (const CmapOrder& order : orders.list)
      status |= order.kind == CmapOrder::Kind::set      ? set(order.key, order.type, order.value)
                : order.kind == CmapOrder::Kind::remove ? remove({order.key})
                                                        : remove_prefixes({order.key});
    return status;
  }

 private:
  template <typename Call>
  static int for_each(const Words& words, Call call) {
    int status = 0;
    for (const std::string& word : words) status |= call(word);
    return status;
  }

  static int refused(fmt::string_view words, const std::string& key, const Json& answer) {
    return failed(fmt::format(fmt::runtime(words), key, answer.at("error").get<std::string>()),
                  answer.at("reason").get<std::string>());
  }

  void show(const CmapEntry& entry) const {
    if (common.json)
      fmt::print("{}\n", json_of(entry).dump(-1, ' ', false, Json::error_handler_t::replace));
    else
      fmt::print("{}\n", plain_text(entry, quiet, binary));
  }

  void show_change(const Json& change) const {
    const CmapEntry entry = read_entry(change);
    const std::string kind = change.at("change").get<std::string>();
    if (!common.json) {
      fmt::print("{}> {}\n", kind, plain_text(entry, quiet, binary));
      return;
    }
    Json json = json_of(entry);
    json["change"] = kind;
    fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  static bool is_over() {
    char input[256];
    const auto got = ::read(STDIN_FILENO, input, sizeof input);
    return got <= 0 || std::memchr(input, 'q', static_cast<std::size_t>(got));
  }

  static constexpr std::size_t value_max = 24 << 10;  // more than the daemon takes: it says so
};

int clear(const Cmapctl& cmapctl, const std::string& what) {
  for (const char* known : {"knet", "ipc", "totem", "schedmiss", "all"})
    if (what == known) {
      Cmapctl stats = cmapctl;
      stats.map = "stats";
      return stats.set("stats.clear." + what, "u32", "1");
    }
  return failed("argument to -C should be 'knet', 'totem', 'ipc', 'schedmiss' or 'all'");
}

int run(Cmapctl& cmapctl, int action, const std::string& argument, const Words& words) {
  if (action == 'C') return clear(cmapctl, argument);
  if (action == 'p') return cmapctl.load(argument);
  if (action == 0) return cmapctl.list(words);
  if (words.empty()) return failed("Expected key after options");
  switch (action) {
    case 'g':
      return cmapctl.get(words);
    case 'd':
      return cmapctl.remove(words);
    case 'D':
      return cmapctl.remove_prefixes(words);
    case 't':
    case 'T':
      return cmapctl.track(words, action == 'T');
    default:
      break;
  }
  if (words.size() < 3) return failed("At least 3 parameters are expected for set");
  if (words.size() > 3) return failed(fmt::format("\"{}\" is one word too many for set", words[3]));
  return cmapctl.set(words[0], words[1], words[2]);
}

}  // namespace

int cmapctl(int argc, char** argv) {
  Options options(argc, argv, {.usage = usage, .letters = "m:gsdDtTbqC:p:", .words = true});
  Cmapctl cmapctl;
  int action = 0;
  std::string argument;
  for (int letter; (letter = options.next()) != -1;) switch (letter) {
      case 'b':
        cmapctl.binary = true;
        break;
      case 'q':
        cmapctl.quiet = true;
        break;
      case 'm':
        cmapctl.map = std::strcmp(optarg, "default") == 0 ? "icmap" : optarg;
        if (cmapctl.map != "icmap" && cmapctl.map != "stats")
          return failed("invalid map name, must be 'default', 'icmap' or 'stats'");
        break;
      default:
        action = letter;
        if (optarg) argument = optarg;
    }
  if (options.ended()) return *options.ended();
  cmapctl.common = options.common();
  try {
    return run(cmapctl, action, argument, options.rest());
  } catch (const client::Error& error) {
    const bool lost = error.code() == client::ErrorCode::disconnected;
    return failed(fmt::format("{} the cmap API. Error {}", lost ? "Lost" : "Failed to initialize",
                              cs_error(error).word),
                  error.what());
  }
}

}  // namespace gyre::tools
