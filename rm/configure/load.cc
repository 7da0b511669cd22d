// Configurations from texts.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "rm/cib/kinds.hh"
#include "rm/configure/edit.hh"
#include "rm/configure/language.hh"

namespace gyre::rm::configure {

namespace {

struct Read {
  const Line* line = nullptr;
  pugi::xml_document document;
  pugi::xml_node object;
};

// What is none of them would be lost.
void check_objects(pugi::xml_node configuration) {
  for (const auto section : configuration.children()) {
    if (kind_of(section) != nullptr) continue;
    for (const auto object : section.children())
      if (kind_of(object) == nullptr)
        throw Mistake(0, fmt::format("<{}> in <{}> is no object of a configuration",
                                     shown(object.name()), shown(section.name())));
  }
}

}  // namespace

void Edit::load(std::string_view text, Load how) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin != text.npos && text[begin] == '<') return load_document(text, how);
  load_objects(read_lines(text), how);
}

// All are read before anything is changed, and resources come before what is made of them.
void Edit::load_objects(std::span<const Line> lines, Load how) {
  std::deque<Read> all;
  std::vector<const Line*> monitors;
  for (const Line& line : lines) {
    if (line.words.front() == "monitor") {
      monitors.push_back(&line);
      continue;
    }
    Read& read = all.emplace_back();
    read.line = &line;
    read.object = parse(line, read.document);
    find_provider(line, read.object);
  }
  std::vector<const Read*> sorted;
  for (const Read& read : all) sorted.push_back(&read);
  std::ranges::stable_sort(sorted, {},
                           [](const Read* read) { return kind_of(read->object)->rank; });
  std::unordered_set<std::string> said;
  for (const Read* read : sorted) said.emplace(name_of(read->object));
  if (how == Load::replace) erase();
  if (how == Load::push) remove_all_but(said);
  said.clear();
  for (const Read* read : sorted) {
    const bool again = !said.emplace(name_of(read->object)).second;
    place(read->object, read->line->number,
          again                 ? Known::refused
          : how == Load::update ? Known::merged
                                : Known::replaced);
  }
  for (const Line* line : monitors) add_monitor(*line);
}

void Edit::remove_all_but(const std::unordered_set<std::string>& said) {
  std::vector<std::string> gone;
  for (const auto object : objects(configuration_))
    if (!is(object, "node") && !said.contains(std::string(name_of(object))))
      gone.emplace_back(name_of(object));
  remove(gone);
}

void Edit::load_document(std::string_view text, Load how) {
  const auto loaded = Document::load(text);
  if (const auto* fault = std::get_if<Fault>(&loaded)) throw Mistake(fault->line, fault->what);
  const auto configuration = std::get<Document>(loaded).configuration();
  if (!configuration) throw Mistake(0, "there is no <configuration> in it");
  check_objects(configuration);
  std::unordered_set<std::string> said;
  for (const auto object : objects(configuration)) said.emplace(name_of(object));
  if (how == Load::replace) erase();
  if (how == Load::push) remove_all_but(said);
  for (const auto object : objects(configuration)) {
    if (is_resource(object.parent())) continue;  // it comes with that
    place(object, 0, how == Load::update ? Known::merged : Known::replaced);
  }
}

}  // namespace gyre::rm::configure
