// A look at a document's bytes before anything else sees them, for the parser behind it is lenient
// and recursive tools stand behind that. Linear in the bytes, but for the names of an element's
// attributes, which are sorted; no recursion; nothing is allocated but the names of open elements,
// those of one element's attributes and where lines end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::rm {

inline constexpr std::size_t document_size_max = std::size_t{1} << 28;
inline constexpr std::size_t value_size_max = 10'000'000;  // one attribute, or one text
inline constexpr std::size_t depth_max = 256;

// What is wrong with a document, and in which line; line 0: in none that can be named.
struct Fault {
  enum class Kind {
    malformed,  // nothing of it can be read
    not_cib,    // it begins with another element
    broken      // it begins as a <cib>
  };

  std::size_t line = 0;
  std::string what;
  Kind kind = Kind::malformed;

  std::string text() const;  // "line 3: ..."
};

// Nothing: one well-formed element in UTF-8, with what may stand around it. A document type is
// refused, and with it all entities but XML's own five and those of a number.
std::optional<Fault> scan(std::string_view text);

// Where the line ends are, too: as far as the fault, if there is one.
using LineEnds = std::vector<std::uint32_t>;
std::optional<Fault> scan(std::string_view text, LineEnds&);

}  // namespace gyre::rm
