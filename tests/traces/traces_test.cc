// Plays every script of this folder and compares. GYRE_REWRITE=1 writes what happened into the
// files instead: the change is to be read before it is committed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/traces/diff.hh"
#include "tests/traces/script.hh"

namespace gyre::test {
namespace {

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(GYRE_TRACES))
    if (entry.path().extension() == ".txt") found.push_back(entry.path().stem());
  std::sort(found.begin(), found.end());
  return found;
}

class Traces : public testing::TestWithParam<std::string> {};

TEST_P(Traces, AreAsWritten) {
  const std::string path = std::string(GYRE_TRACES) + "/" + GetParam() + ".txt";
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  Played played;
  try {
    played = play(parse_script(path, text.str()));
  } catch (const ScriptError& error) {
    FAIL() << error.what();
  }
  for (const auto& violation : played.violations) ADD_FAILURE() << violation;
  if (std::getenv("GYRE_REWRITE"))
    std::ofstream(path) << played.text;
  else if (played.text != text.str())
    ADD_FAILURE() << path << " (GYRE_REWRITE=1 takes the new trace over)\n"
                  << unified_diff(text.str(), played.text);
}

INSTANTIATE_TEST_SUITE_P(, Traces, testing::ValuesIn(names()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace gyre::test
