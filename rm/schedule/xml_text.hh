// XML as it is written here: elements by hand, values escaped.
#pragma once

#include <string>
#include <string_view>

namespace gyre::rm::schedule {

struct XmlText {
  std::string out;

  void attribute(std::string_view name, std::string_view value) {
    out += ' ';
    out += name;
    out += "=\"";
    for (const char c : value) escape(c);
    out += '"';
  }

 private:
  void escape(char c) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
};

}  // namespace gyre::rm::schedule
