#include "rm/show/outline.hh"

namespace gyre::rm::show {

void Outline::begin(std::string_view title) {
  if (fancy()) {
    if (depth_ > 0) text_.append(2 * depth_, ' ') += "* ";
    text_.append(title) += ":\n";
  }
  ++depth_;
}

void Outline::end() {
  --depth_;
}

void Outline::item(std::string_view text) {
  if (fancy()) text_.append(2 * depth_, ' ') += "* ";
  text_.append(text) += '\n';
}

void Outline::item(std::string_view name, std::string_view text) {
  if (fancy()) text_.append(2 * depth_, ' ').append("* ").append(name) += ": ";
  text_.append(text) += '\n';
}

}  // namespace gyre::rm::show
