// cibadmin: the document itself, and changes of any of its elements.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>

#include "rm/cib/difference_xml.hh"
#include "rm/cib/edit.hh"
#include "rm/cib/steps.hh"
#include "rm/cib/xml_text.hh"
#include "rm/shell/cluster.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"
#include "rm/shell/options.hh"

namespace gyre::rm::shell {

namespace {

constexpr int force = 'f';
constexpr Option options[] = {
    heading("What is done (one of these):"),
    {'Q', "query", nullptr, "print it"},
    {'C', "create", nullptr, "add an element; it must not be there"},
    {'M', "modify", nullptr, "set attributes of an element and of what is in it"},
    {'R', "replace", nullptr, "put an element in the place of the one with its name and id"},
    {'D', "delete", nullptr, "remove the first element with this name and these attributes"},
    {'d', "delete-all", nullptr, "with --xpath, remove all that it finds; wants --force"},
    {'P', "patch", nullptr, "do what a difference says that crm_diff printed"},
    {'B', "bump", nullptr, "raise the epoch by one"},
    {'E', "erase", nullptr, "remove everything; wants --force"},
    {'a', "empty", nullptr, "print a document in which nothing is configured"},
    heading("With what:"),
    {'X', "xml-text", "TEXT", "the element is in the text"},
    {'x', "xml-file", "FILE", "the element is in a file"},
    {'p', "xml-pipe", nullptr, "the element is on standard input"},
    heading("In which part:"),
    {'o', "scope", "SECTION",
     "configuration, nodes, resources, constraints, crm_config,\nrsc_defaults, op_defaults, acls, "
     "fencing-topology, tags,\nalerts or status"},
    {'A', "xpath", "PATH", "what this expression of XPath finds"},
    {'e', "node-path", nullptr, "print the paths of what --xpath finds"},
    {'n', "no-children", nullptr, "print the elements without what is in them"},
    {'c', "allow-create", nullptr, "with --modify: add the element if it is not there"},
    {force, "force", nullptr, "do it although it may destroy a lot"},
    {'l', "local", nullptr, "accepted and of no effect: each node has the whole document"},
    {'s', "sync-call", nullptr, "accepted and of no effect: this always waits"},
    timeout('t'),
};
constexpr Usage usage = {
    "cibadmin", "Prints and changes the document of the cluster.", options,
    R"(CIB_file may name a file, which is then read and written instead of asking the cluster.

Exit status: 0 done, 64 wrong usage, 70 something is missing, 78 it would be no valid
configuration, 102 no cluster, 103 it was made for another version, 105 there is no such object,
107 --force is wanted, 108 it is there already.

Example: cibadmin --query --scope resources
)"};

struct Task {
  char what = 0;
  std::optional<std::string> text, file, scope, xpath;
  bool pipe = false, paths = false, bare = false, may_create = false, forced = false;
};

[[noreturn]] void refuse(int exit, const std::string& words) {
  throw Refused(exit, words);
}

// An element that a command is given, parsed.
class Element {
 public:
  explicit Element(const Task& task) {
    if (!task.text) refuse(exits::software, "Invalid argument: no element is given (-X, -x, -p)");
    const std::string& text = *task.text;
    if (const auto fault = scan(text)) refuse(exits::config, "the element: " + fault->text());
    document_.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  }
  static std::optional<std::string> read(const Task& task) {
    if (task.text) return task.text;
    if (!task.pipe && !task.file) return std::nullopt;
    const auto name = task.file.value_or("standard input");
    auto found = task.file ? read_file(*task.file) : read_all(stdin);
    if (const auto* unread = std::get_if<Unread>(&found))
      refuse(exits::config, fmt::format("Couldn't parse input from {}: {}", name, unread->why));
    return std::get<std::string>(std::move(found));
  }
  pugi::xml_node get() const { return document_.document_element(); }

 private:
  pugi::xml_document document_;
};

// In the order of the document, so that what is in an element comes after it.
std::vector<pugi::xml_node> find_all(const Document& document, const std::string& xpath) {
  std::vector<pugi::xml_node> found;
  try {
    auto nodes = document.cib().parent().select_nodes(xpath.c_str());
    nodes.sort();
    for (const auto& one : nodes) found.push_back(one.node() ? one.node() : one.parent());
  } catch (const pugi::xpath_exception& error) {
    refuse(exits::no_such_object, fmt::format("{}: {}", xpath, error.what()));
  }
  std::erase_if(found, [](pugi::xml_node node) { return node.type() != pugi::node_element; });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

pugi::xml_node find_first(const Document& document, const std::string& xpath) {
  const auto found = find_all(document, xpath);
  if (found.empty()) refuse(exits::no_such_object, "No such device or address");
  return found.front();
}

// Where to look for an element: in a section, at what an expression finds, or everywhere.
pugi::xml_node scope_of(Document& document, const Task& task) {
  if (task.xpath) return find_first(document, *task.xpath);
  if (!task.scope) return document.cib();
  const auto found = section(document, *task.scope);
  if (!found) refuse(exits::no_such_object, "No such device or address");
  return found;
}

void print(pugi::xml_node node, bool bare) {
  pugi::xml_document copy;
  auto shown = copy.append_copy(node);
  if (bare) shown.remove_children();
  std::fputs(indented_text(shown).c_str(), stdout);
}

void query(Cluster& cluster, const Task& task) {
  auto document = cluster.read();
  if (!task.xpath) return print(scope_of(document, task), task.bare);
  const auto found = find_all(document, *task.xpath);
  if (found.empty()) refuse(exits::no_such_object, "No such device or address");
  if (task.paths) {
    for (const auto node : found) fmt::print("{}\n", to_xpath(path_to(node)));
    return;
  }
  if (found.size() == 1) return print(found.front(), task.bare);
  pugi::xml_document all;
  auto list = all.append_child("xpath-query");
  for (const auto node : found) {
    auto shown = list.append_copy(node);
    if (task.bare) shown.remove_children();
  }
  print(list, false);
}

// Pacemaker's words for what could not be added, and why.
void print_failed(pugi::xml_node element) {
  pugi::xml_document all;
  auto failed = all.append_child("failed").append_child("failed_update");
  failed.append_attribute("id") = element.attribute("id").value();
  failed.append_attribute("object_type") = element.name();
  failed.append_attribute("operation") = "cib_create";
  failed.append_attribute("reason") = "File exists";
  failed.append_copy(element);
  print(all.document_element(), false);
}

void create(Document& document, const Task& task, pugi::xml_node element) {
  if (!task.xpath && !task.scope)
    refuse(exits::no_such_object, "No such device or address: which section is meant (-o)?");
  auto into = task.xpath ? scope_of(document, task) : make_section(document, *task.scope);
  const auto add = [&](pugi::xml_node one) {
    if (find_child(into, step(one))) {
      print_failed(one);
      refuse(exits::exists, "File exists");
    }
    into.append_copy(one);
  };
  if (task.xpath || *task.scope != element.name()) return add(element);
  for (const auto child : element.children()) add(child);
}

void modify(Document& document, const Task& task, pugi::xml_node element) {
  auto scope = task.may_create && task.scope ? make_section(document, *task.scope)
                                             : scope_of(document, task);
  if (const auto found = find_same(scope, element))
    merge(found, element);
  else if (task.may_create)
    scope.append_copy(element);
  else
    refuse(exits::no_such_object, "No such device or address");
}

void replace_all(Document& document, pugi::xml_node with) {
  const auto version = document.version();
  auto cib = document.cib();
  while (cib.last_attribute()) cib.remove_attribute(cib.last_attribute());
  cib.remove_children();
  for (const auto attribute : with.attributes()) cib.append_copy(attribute);
  for (const auto child : with) cib.append_copy(child);
  if (document.version() < version)
    refuse(exits::old, "Update was older than existing configuration");
}

void replace_part(Document& document, const Task& task, pugi::xml_node element) {
  const bool all = std::string_view(element.name()) == "cib";
  if (all && (!task.scope || *task.scope == "cib" || *task.scope == "all") && !task.xpath)
    return replace_all(document, element);
  if (all && task.scope)
    element = element.find_node([&](pugi::xml_node node) { return *task.scope == node.name(); });
  const auto scope = scope_of(document, task);
  const auto found = task.xpath ? scope : find_same(scope, element);
  if (!element || !found) refuse(exits::no_such_object, "No such device or address");
  replace(found, element);
}

void remove_first(pugi::xml_node scope, pugi::xml_node like) {
  if (auto found = find_like(scope, like)) found.parent().remove_child(found);
}

void remove(Document& document, const Task& task) {
  if (task.xpath) {
    auto found = find_all(document, *task.xpath);
    if (task.what == 'D' && !found.empty()) found.resize(1);
    while (!found.empty()) {
      if (found.back() == document.cib())
        refuse(exits::software, "Invalid argument: not all of it");
      found.back().parent().remove_child(found.back());
      found.pop_back();
    }
    return;
  }
  if (task.what == 'd') refuse(exits::usage, "--delete-all is told by --xpath what it removes");
  const Element element(task);
  const auto scope = scope_of(document, task);
  if (step(element.get()) == step(scope))
    for (const auto child : element.get().children()) remove_first(scope, child);
  else
    remove_first(scope, element.get());
}

void do_patch(Cluster& cluster, const Task& task) {
  if (!task.text) refuse(exits::software, "Invalid argument: no difference is given (-X, -x, -p)");
  const auto result = read_difference(*task.text);
  if (const auto* fault = std::get_if<Fault>(&result))
    refuse(exits::config, "the difference: " + fault->text());
  make_change(cluster, [&](Document& document) {
    if (const auto why = patch(document, std::get<ReadDifference>(result)))
      refuse(exits::old, *why);
  });
}

constexpr const char* nothing = R"(<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9"
 epoch="1" num_updates="0" admin_epoch="0"><configuration><crm_config/><nodes/><resources/>
<constraints/></configuration><status/></cib>)";

void erase(Document& document) {
  const auto version = document.version();
  const auto empty = std::get<Document>(Document::load(nothing));
  document.cib().remove_children();
  for (const auto child : empty.cib()) document.cib().append_copy(child);
  document.set_version({version.admin_epoch + 1, version.epoch, version.num_updates});
}

void edit(Document& document, const Task& task) {
  switch (task.what) {
    case 'C':
      return create(document, task, Element(task).get());
    case 'M':
      return modify(document, task, Element(task).get());
    case 'R':
      return replace_part(document, task, Element(task).get());
    case 'E':
      return erase(document);
    case 'B': {
      const auto [admin_epoch, epoch, num_updates] = document.version();
      return document.set_version({admin_epoch, epoch + 1, num_updates});
    }
    default:
      return remove(document, task);
  }
}

void run(Task task) {
  if (task.what == 'a') return print(std::get<Document>(Document::load(nothing)).cib(), false);
  if ((task.what == 'E' || task.what == 'd') && !task.forced)
    refuse(exits::unsafe,
           "The supplied command is considered dangerous.  To prevent accidental destruction of "
           "the cluster, the --force flag is required in order to proceed.");
  const auto cluster = open_cluster();
  if (task.what == 'Q') return query(*cluster, task);
  task.text = Element::read(task);
  if (task.what == 'P') return do_patch(*cluster, task);
  make_change(*cluster, [&](Document& document) { edit(document, task); });
}

// Nothing: as it was told, it makes no sense.
std::optional<Task> task_of(const Words& words) {
  Task task;
  for (const auto& [letter, value] : words.options) switch (letter) {
      case 'X':
        task.text = value;
        break;
      case 'x':
        task.file = value;
        break;
      case 'p':
        task.pipe = true;
        break;
      case 'o':
        task.scope = value;
        break;
      case 'A':
        task.xpath = value;
        break;
      case 'e':
        task.paths = true;
        break;
      case 'n':
        task.bare = true;
        break;
      case 'c':
        task.may_create = true;
        break;
      case force:
        task.forced = true;
        break;
      case 'l':
      case 's':
        break;
      default:
        if (task.what != 0 && !(task.what == 'D' && letter == 'd')) return std::nullopt;
        task.what = static_cast<char>(letter);
    }
  const bool is_known = !task.scope || is_section(*task.scope);
  return task.what != 0 && is_known && words.others.empty() ? std::optional(task) : std::nullopt;
}

}  // namespace

int cibadmin(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  const auto task = task_of(std::get<Words>(words));
  if (!task) {
    fmt::print(stderr, "cibadmin: one thing is to be done, in a section that there is\n{}",
               help(usage));
    return exits::usage;
  }
  try {
    run(*task);
    return exits::ok;
  } catch (const Refused& refused) {
    const bool asked = refused.exit() != exits::disconnected && refused.exit() != exits::unsafe;
    fmt::print(stderr, "{}{}\n", asked ? "Call failed: " : "", refused.what());
    return refused.exit();
  }
}

}  // namespace gyre::rm::shell
