// The text of a configuration as lines of words, as a shell would take it apart.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rm/configure/mistake.hh"

namespace gyre::rm::configure {

// One line of the language, of however many lines of the text.
struct Line {
  std::size_t number = 0;  // where it begins; 0: in no text
  std::vector<std::string> words;
  std::string text;  // all of it as it was written
};

// Words end at blanks, unless 'single' or "double" quotes are around these; a backslash takes the
// meaning of the next character, within double quotes only of a quote and of a backslash. Where a
// line ends in a backslash the next one belongs to it. Lines that begin with # say nothing.
//
// A document may have callouts into its listings, "# <1>", at the end of a line, behind the
// backslash too. They say nothing, either.
std::vector<Line> read_lines(std::string_view text);

// Of words that a shell has taken apart.
Line line_of(std::vector<std::string> words);

// A word that read_lines() gives back as it is.
std::string quoted(std::string_view);
// As an attribute's value is shown: quotes are around all but letters, digits and "_.-".
std::string quoted_value(std::string_view);

}  // namespace gyre::rm::configure
