// The file that a well-known guide has its readers write, and what a test takes out of it.
#pragma once

#include <string>

#include "tests/node/temporary.hh"

namespace gyre::test {

inline std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

inline std::string guide_file() {
  return read_file(GUIDE_FILE);
}
// Nothing is secret.
inline std::string open_guide_file() {
  return replaced(guide_file(), "secauth: on", "secauth: off");
}
// What this version runs: one ring besides.
inline std::string short_guide_file() {
  const std::string text = open_guide_file(), opening = "        interface {\n";
  const std::size_t second = text.find(opening, text.find(opening) + 1);
  return text.substr(0, second) + text.substr(text.find("}\n", second) + 2);
}

}  // namespace gyre::test
