// The kinds of values, and the words that a message about them is made of.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rm/cib/grammar.hh"

namespace gyre::rm {

// Whether a value is what its rule wants; of a reference only a document can tell.
bool is_of_kind(std::string_view value, const Attributed& rule);
// What it wants: "a score, as 100 or -INFINITY,".
std::string wanted(const Attributed& rule);

bool is_role(std::string_view);

// All of it, in decimal digits, with or without a sign.
std::optional<std::int64_t> read_number(std::string_view);

// As much of a text as a message needs.
std::string shown(std::string_view);
// "id, name", "<op>, <rule>"
std::string listed(std::span<const std::string_view> names, std::string_view between = ", ");
std::string elements(std::span<const std::string_view> names, std::string_view between = ", ");

}  // namespace gyre::rm
