// Differences as text: Pacemaker's patch sets, <diff format="2">.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "rm/cib/difference.hh"

namespace gyre::rm {

// In one line. With the document that comes of it, each element that is modified is also there as
// it then is (<change-result>): Pacemaker's own commands need that, read_difference() does not.
std::string to_text(const Difference&, const Document* result = nullptr);

struct ReadDifference {
  Difference difference;
  bool versioned = true;  // else it does not say between which versions it leads
};
// What it says twice (<change-result>, a digest) is not looked at; what it cannot say is refused.
std::variant<ReadDifference, Fault> read_difference(std::string_view text);

// Without versions it is for the document as it is, whose version stays.
std::optional<std::string> patch(Document&, const ReadDifference&);

}  // namespace gyre::rm
