// colocation ID SCORE: A B, order ID [KIND:] A B, rsc_ticket ID TICKET: A B; with sets of
// resources.
#include <fmt/format.h>

#include <algorithm>

#include "rm/cib/kinds.hh"
#include "rm/cib/values.hh"
#include "rm/configure/objects.hh"
#include "rm/configure/resource_sets.hh"
#include "rm/configure/rule.hh"

namespace gyre::rm::configure {

namespace {

// "NAME=VALUE" of these names, to the end.
void parse_attributes(Words& words, pugi::xml_node made,
                      std::initializer_list<std::string_view> names) {
  while (const auto pair = words.take_pair()) {
    if (std::ranges::find(names, pair->first) == names.end())
      words.wrong_before(fmt::format("only these can be said here: {}",
                                     listed(std::vector<std::string_view>(names))));
    set(made, std::string(pair->first).c_str(), pair->second);
  }
  words.expect_end("NAME=VALUE");
}

void show_attributes(Text& text, pugi::xml_node constraint,
                     std::initializer_list<const char*> names) {
  for (const char* const name : names)
    if (const auto attribute = constraint.attribute(name)) text.pair(name, attribute.value());
}

void show_plain(Text& text, pugi::xml_node constraint, const char* id, const char* as) {
  show_reference(text, get(constraint, id), get(constraint, as));
}

void write_plain(pugi::xml_node made, const Reference& reference, const char* id, const char* as) {
  set(made, id, reference.id);
  if (!reference.as.empty()) set(made, as, reference.as);
}

// What is said once; of scores 0 is for what is only preferred, as before there were words for it.
std::optional<std::string_view> read_kind(std::string_view word) {
  for (const std::string_view kind : {"Mandatory", "Optional", "Serialize"})
    if (equal_ignoring_case(word, kind)) return kind;
  if (equal_ignoring_case(word, "advisory")) return "Optional";
  const auto score = read_score(word);
  if (!score) return std::nullopt;
  return parse_score(*score) == Score() ? "Optional" : "Mandatory";
}

}  // namespace

void parse_colocation(Words& words, pugi::xml_node into) {
  auto made = into.append_child("rsc_colocation");
  set(made, "id", words.take_id("the constraint's id"));
  const auto score = take_score(words);
  if (!score) words.wrong("SCORE:, as in inf: or -100:,");
  set_score(made, *score);
  ResourceSets sets("role");
  sets.parse(words);
  parse_attributes(words, made, {"node-attribute", "influence"});
  if (const auto row = sets.plain(1); !row.empty()) words.wrong("a second resource");
  if (const auto row = sets.plain(2); !row.empty()) {
    write_plain(made, row[0], "rsc", "rsc-role");
    write_plain(made, row[1], "with-rsc", "with-rsc-role");
  } else {
    sets.write(made);
  }
}

void show_colocation(Text& text, pugi::xml_node constraint, const Surroundings&) {
  text.word("colocation");
  text.word(get(constraint, "id"));
  text.word(shown_score(constraint) + ":");
  if (constraint.attribute("rsc")) {
    show_plain(text, constraint, "rsc", "rsc-role");
    show_plain(text, constraint, "with-rsc", "with-rsc-role");
  } else {
    show_sets(text, constraint, "role", 2);
  }
  show_attributes(text, constraint, {"node-attribute", "influence"});
}

void parse_order(Words& words, pugi::xml_node into) {
  auto made = into.append_child("rsc_order");
  set(made, "id", words.take_id("the constraint's id"));
  if (const auto said = take_score(words)) {
    const auto kind = read_kind(*said);
    if (!kind) words.wrong_before("Mandatory:, Optional: or Serialize: is expected, or a score");
    set(made, "kind", *kind);
  }
  ResourceSets sets("action");
  sets.parse(words);
  parse_attributes(words, made, {"symmetrical"});
  if (const auto row = sets.plain(1); !row.empty()) words.wrong("a second resource");
  if (const auto row = sets.plain(2); !row.empty()) {
    write_plain(made, row[0], "first", "first-action");
    write_plain(made, row[1], "then", "then-action");
  } else {
    sets.write(made);
  }
}

void show_order(Text& text, pugi::xml_node constraint, const Surroundings&) {
  text.word("order");
  text.word(get(constraint, "id"));
  if (const auto kind = constraint.attribute("kind"))
    text.word(fmt::format("{}:", kind.value()));
  else if (constraint.attribute("score"))
    text.word(fmt::format("{}:", read_kind(get(constraint, "score")).value_or("")));
  if (constraint.attribute("first")) {
    show_plain(text, constraint, "first", "first-action");
    show_plain(text, constraint, "then", "then-action");
  } else {
    show_sets(text, constraint, "action", 2);
  }
  show_attributes(text, constraint, {"symmetrical"});
}

void parse_ticket(Words& words, pugi::xml_node into) {
  auto made = into.append_child("rsc_ticket");
  set(made, "id", words.take_id("the constraint's id"));
  const auto ticket = take_score(words);
  if (!ticket) words.wrong("TICKET:");
  set(made, "ticket", *ticket);
  ResourceSets sets("role");
  sets.parse(words);
  parse_attributes(words, made, {"loss-policy"});
  if (const auto row = sets.plain(1); !row.empty())
    write_plain(made, row[0], "rsc", "rsc-role");
  else
    sets.write(made);
}

void show_ticket(Text& text, pugi::xml_node constraint, const Surroundings&) {
  text.word("rsc_ticket");
  text.word(get(constraint, "id"));
  text.word(quoted(fmt::format("{}:", get(constraint, "ticket"))));
  if (constraint.attribute("rsc"))
    show_plain(text, constraint, "rsc", "rsc-role");
  else
    show_sets(text, constraint, "role", 1);
  show_attributes(text, constraint, {"loss-policy"});
}

}  // namespace gyre::rm::configure
