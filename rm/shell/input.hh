// Where a command's document comes from, and where it goes.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <variant>

#include "rm/cib/text.hh"

namespace gyre::rm::shell {

struct Unread {
  std::string why;
};
// All of a file, or of standard input, but no more than a document may have.
std::variant<std::string, Unread> read_file(const std::string& path);
std::variant<std::string, Unread> read_all(std::FILE* from);
// The same in memory that the document takes over, for large ones.
std::variant<Text, Unread> read_document(const std::string& path);
std::variant<Text, Unread> read_document(std::FILE* from);
// Says why not, or nothing.
std::string write_file(const std::string& path, std::string_view text);

}  // namespace gyre::rm::shell
