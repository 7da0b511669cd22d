// corosync-objctl: the key map in the form of the first Corosync, whose guides use it.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/cmap_entry.hh"
#include "tools/cmap_file.hh"
#include "tools/corosync.hh"

namespace gyre::tools {
namespace {

constexpr const char* usage = R"(usage: {0} [-b] [-h] [--json] [--run-dir DIR]
       [-a | -w object.key=value | -n object.key=value | -d object[.key] | -p filename]
       [object[.key] ...]

Prints the keys of objects, or changes them.
    -a    all keys
    -b    show binary values
    -w    write a key that is there
    -n    new key, a text
    -d    delete a key, or all keys of an object
    -p    write the keys of a file, one object.key=value on a line, whether they are there or not
    -c    is refused: an object is there once it has a key, see -n
    -t    is refused: corosync-cmapctl -T tracks what changes
    -h    this help

Example:
    gyre objctl runtime.totem.pg.mrp.srp.members

Exit status: 0 done, 1 failed.
)";

class Objctl {
 public:
  bool binary = false;
  Common common;

  int print_all() const {
    for (const CmapEntry& entry : read_entries(common, "icmap", "")) print(entry.key, entry);
    return 0;
  }

  // The first Corosync printed what an object's children hold under the name of its parent.
  int print_object(const std::string& object) const {
    const Json key = ask(common, "cmap.get", {"icmap", object});
    if (!key.contains("error")) {
      print(object, read_entry(key));
      return 0;
    }
    const std::vector<CmapEntry> entries = read_entries(common, "icmap", object + ".");
    if (entries.empty()) return failed(fmt::format("there is no object or key {}", object));
    const std::size_t dot = object.rfind('.');
    const std::string parent = dot == object.npos ? "" : object.substr(0, dot + 1);
    for (const CmapEntry& entry : entries) {
      const std::string rest = entry.key.substr(object.size() + 1);
      const bool own = rest.find('.') == rest.npos;
      print(own ? entry.key : parent + rest, entry);
    }
    return 0;
  }

  enum class Key { there, fresh, any };  // what it has to be

  // "object.key=value"
  int write(const std::string& order, Key expected) const {
    const std::size_t equals = order.find('=');
    if (equals == order.npos) return failed(fmt::format("{}: expected object.key=value", order));
    return write(order.substr(0, equals), order.substr(equals + 1), expected);
  }
  int write(const std::string& key, const std::string& value, Key expected) const {
    const Json before = ask(common, "cmap.get", {"icmap", key});
    const bool known = !before.contains("error");
    if (known && expected == Key::fresh)
      return failed(fmt::format("{} is there already: use -w", key));
    if (!known && expected == Key::there)
      return failed(fmt::format("there is no key {}: use -n", key));
    const std::string type = known ? before.at("type").get<std::string>() : "str";
    return said(ask(common, "cmap.set", {"icmap", key, type, value}));
  }

  int remove(const std::string& object) const {
    const Json key = ask(common, "cmap.get", {"icmap", object});
    if (!key.contains("error")) return said(ask(common, "cmap.delete", {"icmap", object}));
    const std::vector<CmapEntry> entries = read_entries(common, "icmap", object + ".");
    if (entries.empty()) return failed(fmt::format("there is no object or key {}", object));
    int status = 0;
    for (const CmapEntry& entry : entries)
      status |= said(ask(common, "cmap.delete", {"icmap", entry.key}));
    return status;
  }

 private:
  static int said(const Json& answer) {
    return answer.contains("error") ? failed(answer.at("reason").get<std::string>()) : 0;
  }

  void print(const std::string& key, const CmapEntry& entry) const {
    const bool bytes = entry.type == "bin";
    if (common.json)
      fmt::print("{}\n", json_of(entry).dump(-1, ' ', false, Json::error_handler_t::replace));
    else if (bytes && !binary)
      fmt::print("{}=**binary**(12)\n", key);
    else
      fmt::print("{}={}\n", key, bytes ? escaped(entry.value) : entry.value);
  }
};

int load(const Objctl& objctl, const std::string& path) {
  const auto text = read_file(path, settings_max);
  if (!text) return failed(fmt::format("{}: {}", path, std::strerror(errno)));
  const CmapFile orders = read_objdb_file(*text);
  if (!orders.complaint.empty()) return failed(orders.complaint, path + ": nothing was done");
  int status = 0;
  for (const CmapOrder& order : orders.list)
    status |= objctl.write(order.key, order.value, Objctl::Key::any);
  return status;
}

int run(const Objctl& objctl, int action, const std::string& argument, const Words& words) {
  if (action == 'a') return objctl.print_all();
  if (action == 'p') return load(objctl, argument);
  if (action == 'c') return failed("an object is there once it has a key: use -n object.key=value");
  if (action == 't') return failed("what changes is tracked by corosync-cmapctl -T");
  if (words.empty()) return failed("Expected an object or a key");
  int status = 0;
  for (const std::string& word : words)
    status |= action == 'w'   ? objctl.write(word, Objctl::Key::there)
              : action == 'n' ? objctl.write(word, Objctl::Key::fresh)
              : action == 'd' ? objctl.remove(word)
                              : objctl.print_object(word);
  return status;
}

}  // namespace

int objctl(int argc, char** argv) {
  Options options(argc, argv, {.usage = usage, .letters = "abwndctp:", .words = true});
  Objctl objctl;
  int action = 0;
  std::string argument;
  for (int letter; (letter = options.next()) != -1;) switch (letter) {
      case 'b':
        objctl.binary = true;
        break;
      default:
        action = letter;
        if (optarg) argument = optarg;
    }
  if (options.ended()) return *options.ended();
  objctl.common = options.common();
  try {
    return run(objctl, action, argument, options.rest());
  } catch (const client::Error& error) {
    return failed(fmt::format("Failed to initialize the objdb API. Error {}", cs_error(error).word),
                  error.what());
  }
}

}  // namespace gyre::tools
