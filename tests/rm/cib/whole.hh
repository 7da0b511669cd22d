// A valid document with nearly every element that there may be, and what comes of it when a piece
// of its text is another.
#pragma once

#include <string>
#include <string_view>

namespace gyre::rm {

std::string whole_document();
// The document with the first `piece`, which must be there, replaced.
std::string whole_document_with(std::string_view piece, std::string_view other);

}  // namespace gyre::rm
