#pragma once

#include <string>

namespace gyre::test {

// The lines that differ, with three of context: what `diff -u` shows. Empty when nothing does.
std::string unified_diff(const std::string& before, const std::string& after);

}  // namespace gyre::test
