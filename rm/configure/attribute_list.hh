// Sets of attributes: "params $id=a 2: rule #uname eq node1 ip=10.0.0.1 nic=eth0".
#pragma once

#include "rm/configure/surroundings.hh"
#include "rm/configure/words.hh"

namespace gyre::rm::configure {

// Behind the keyword, into a new child of that name, up to the first word that is no part of it.
pugi::xml_node parse_set(Words&, pugi::xml_node parent, const char* element);
// "NAME=VALUE", "$ID:NAME=VALUE", "$NAME=VALUE", "@ID" or "@ID:NAME" is taken into the set.
bool parse_nvpair(Words&, pugi::xml_node set);

// Without its keyword.
void show_set(Text&, pugi::xml_node set, const Surroundings&);
void show_nvpair(Text&, pugi::xml_node nvpair, const Surroundings&);

// The keyword of a set, and its element. Null: it is none.
const char* set_element(std::string_view keyword);
const char* set_keyword(std::string_view element);

}  // namespace gyre::rm::configure
