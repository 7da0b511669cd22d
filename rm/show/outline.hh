// Text in lists of lists, as crm_simulate prints: with titles and indentation, or plain for
// scripts.
#pragma once

#include <string>
#include <string_view>

namespace gyre::rm::show {

class Outline {
 public:
  enum class Style { fancy, plain };
  explicit Outline(Style style) : style_(style) {}

  // A list stands between its title and end(). Those of the outermost are set apart by a line.
  void begin(std::string_view title);
  void end();
  // Between two lists of one.
  void gap() { text_ += '\n'; }
  // A line that belongs to no list.
  void note(std::string_view text) { text_.append(text) += '\n'; }

  void item(std::string_view text);
  // "Online: [ a b ]"; who wants it plain knows without the name.
  void item(std::string_view name, std::string_view text);

  bool fancy() const { return style_ == Style::fancy; }
  std::string take() { return std::move(text_); }

 private:
  Style style_;
  int depth_ = 0;
  std::string text_;
};

}  // namespace gyre::rm::show
