// crm_diff: what turns one document into another, and the doing of it.
#include <fmt/format.h>

#include <cstdio>

#include "rm/cib/difference_xml.hh"
#include "rm/cib/xml_text.hh"
#include "rm/shell/cluster.hh"
#include "rm/shell/commands.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"
#include "rm/shell/options.hh"

namespace gyre::rm::shell {

namespace {

constexpr Option options[] = {
    heading("From what:"),
    {'o', "original", "FILE", "the document in a file"},
    {'O', "original-string", "TEXT", "the document that TEXT is"},
    heading("To what (a FILE \"-\" is standard input):"),
    {'n', "new", "FILE", "print what leads to the document in a file"},
    {'N', "new-string", "TEXT", "print what leads to the document that TEXT is"},
    {'p', "patch", "FILE", "print the document that a difference leads to"},
    heading("How it is told:"),
    {'u', "no-version", nullptr, "without the versions: it is for any"},
    {'c', "cib", nullptr, "accepted and of no effect: it always is a document"},
    {'s', "stdin", nullptr, nullptr},
};
constexpr Usage usage = {"crm_diff",
                         "Prints what turns one document of the cluster into another, and does it.",
                         options, R"(What is printed is what cibadmin --patch takes.

Exit status: 0 they are alike, or it is done, 1 they are not alike, 64 wrong usage, 65 something
could not be read, or the difference is for another document.

Example: crm_diff --original cib.xml --new cib2.xml
)"};

struct Source {
  std::string text;
  bool is_file = true;
};
struct Task {
  std::optional<Source> from, to, patch;
  bool versionless = false;
};

std::string read(const Source& source, std::string_view what) {
  if (!source.is_file) return source.text;
  auto found = source.text == "-" ? read_all(stdin) : read_file(source.text);
  if (const auto* unread = std::get_if<Unread>(&found))
    throw Refused(exits::invalid_data, fmt::format("Could not parse the {} XML fragment: {}: {}",
                                                   what, source.text, unread->why));
  return std::get<std::string>(std::move(found));
}

Document load(const Source& source, std::string_view what) {
  auto loaded = Document::load(read(source, what));
  if (const auto* fault = std::get_if<Fault>(&loaded))
    throw Refused(exits::invalid_data,
                  fmt::format("Could not parse the {} XML fragment: {}", what, fault->text()));
  return std::get<Document>(std::move(loaded));
}

void print_patched(const Task& task) {
  auto document = load(*task.from, "first");
  const auto result = read_difference(read(*task.patch, "second"));
  if (const auto* fault = std::get_if<Fault>(&result))
    throw Refused(exits::invalid_data, "Could not parse the second XML fragment: " + fault->text());
  if (const auto why = patch(document, std::get<ReadDifference>(result)))
    throw Refused(exits::invalid_data, "Could not apply patch: " + *why);
  std::fputs(indented_text(document.cib()).c_str(), stdout);
}

// Are they alike?
bool print_difference(const Task& task) {
  const auto from = load(*task.from, "first");
  auto to = load(*task.to, "second");
  if (task.versionless) to.set_version(from.version());
  const auto found = difference(from, to);
  if (found.from == found.to && found.header.empty() && found.configuration.empty() &&
      found.status.empty())
    return true;
  pugi::xml_document written;
  written.load_string(to_text(found, &to).c_str());
  if (task.versionless) written.document_element().remove_child("version");
  std::fputs(indented_text(written.document_element()).c_str(), stdout);
  return false;
}

}  // namespace

int crm_diff(int argc, char** argv) {
  const auto words = read_options(usage, argc, argv);
  if (const int* ended = std::get_if<int>(&words)) return *ended;
  Task task;
  for (const auto& [letter, value] : std::get<Words>(words).options) {
    if (letter == 'o' || letter == 'O') task.from = {value, letter == 'o'};
    if (letter == 'n' || letter == 'N') task.to = {value, letter == 'n'};
    if (letter == 'p') task.patch = {value};
    if (letter == 'u') task.versionless = true;
  }
  if (!task.from || (!task.to && !task.patch)) {
    fmt::print(stderr, "crm_diff: Could not parse the {} XML fragment: none is given\n",
               task.from ? "second" : "first");
    return exits::invalid_data;
  }
  bool alike = true;
  const int status = run_command("crm_diff", [&] {
    if (task.patch)
      print_patched(task);
    else
      alike = print_difference(task);
  });
  return status != exits::ok ? status : alike ? exits::ok : exits::error;
}

}  // namespace gyre::rm::shell
