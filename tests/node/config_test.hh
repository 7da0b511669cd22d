// Configurations as text, and what became of them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "node/config.hh"

namespace gyre::node {

// The seventeen lines that most tests vary: `totem` and `interface` are added to their sections.
inline std::string interface_form(const std::string& totem = {}, const std::string& interface = {},
                                  const std::string& rest = {}) {
  return "totem {\nversion: 2\nsecauth: off\n" + totem +
         "\ninterface {\nbindnetaddr: 10.0.0.0\nmcastaddr: 239.1.1.1\n" + interface + "\n}\n}\n" +
         rest;
}

inline std::string nodelist_form(int nodes, const std::string& totem = {},
                                 const std::string& rest = {}) {
  std::string text = "totem {\nversion: 2\nsecauth: off\n" + totem + "\n}\nnodelist {\n";
  for (int i = 1; i <= nodes; ++i)
    text += "node {\nring0_addr: 10.0.0." + std::to_string(i) + "\n}\n";
  return text + "}\n" + rest;
}

inline Config parse(const std::string& text) {
  return parse_config(text, "f");
}

// what() of the refusal; empty when there was none.
inline std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

}  // namespace gyre::node
