#include "rm/cib/xml_text.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace gyre::rm {

namespace {

void escape(std::string& out, std::string_view value, bool in_quotes) {
  for (const char c : value) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (in_quotes && c == '"')
      out += "&quot;";
    else if (in_quotes && c == '\'')
      out += "&apos;";
    else if (static_cast<unsigned char>(c) < ' ' && (in_quotes || c == '\r'))
      out += fmt::format("&#{};", static_cast<int>(c));
    else
      out += c;
  }
}

bool has_text(pugi::xml_node element) {
  return std::ranges::any_of(element, [](pugi::xml_node child) {
    return child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata;
  });
}

// `laid_out`: there is no text around it, so that blanks and line feeds mean nothing.
void write(std::string& out, pugi::xml_node node, std::size_t depth, bool laid_out) {
  if (node.type() != pugi::node_element) return escape(out, node.value(), false);
  if (laid_out) out.append(2 * depth, ' ');
  out += '<';
  out += node.name();
  for (const auto attribute : node.attributes()) {
    out += fmt::format(" {}=\"", attribute.name());
    escape(out, attribute.value(), true);
    out += '"';
  }
  if (node.first_child()) {
    const bool inner = laid_out && !has_text(node);
    out += inner ? ">\n" : ">";
    for (const auto child : node) write(out, child, depth + 1, inner);
    if (inner) out.append(2 * depth, ' ');
    out += fmt::format("</{}>", node.name());
  } else {
    out += "/>";
  }
  if (laid_out) out += '\n';
}

}  // namespace

std::string indented_text(pugi::xml_node element) {
  std::string out;
  write(out, element, 0, true);
  return out;
}

}  // namespace gyre::rm
