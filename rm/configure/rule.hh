// Scores, and rules: "rule $role=Promoted 100: #uname eq node1 and date gt 2012-10-07".
#pragma once

#include "rm/configure/words.hh"

namespace gyre::rm::configure {

// "100", "inf", "-INFINITY" as an attribute of a constraint or rule; what is none names an
// attribute of nodes that has it.
void set_score(pugi::xml_node, std::string_view score);
std::string shown_score(pugi::xml_node);
// As it stands in the document. Nothing: it is none.
std::optional<std::string> read_score(std::string_view);
// Whether the next word is a score and a colon: without that, taken.
std::optional<std::string_view> take_score(Words&);

// Behind the word "rule", into a new child.
void parse_rule(Words&, pugi::xml_node parent);
// With that word.
void show_rule(Text&, pugi::xml_node rule, bool with_id);

}  // namespace gyre::rm::configure
