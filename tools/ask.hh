// Questions to the daemon, and what its answers and errors are in Corosync's words.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tools/common.hh"

namespace gyre::tools {

using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

// The object that `text` is. Throws std::runtime_error naming the question.
Json read_answer(const std::string& text, const std::string& question);
Json ask(const Common& common, const std::string& question, const Words& arguments = {});

// A value for people: the entries of a list with commas between them.
std::string plain(const Json& value);
// One line per fact; an object's facts are named after it: "ring.seq".
void print_facts(const Json& object, const std::string& prefix = {});

// "1.16d", of what an answer says of a ring: representative and seq, in hexadecimal.
std::string ring_id(const Json& ring);

// CS_ERR_LIBRARY and its like, and its number.
struct CsError {
  std::string_view word;
  int number = 0;
};
CsError cs_error(const client::Error& error);

}  // namespace gyre::tools
