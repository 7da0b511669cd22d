// A line of the language as it is read, word by word; and as it is written.
#pragma once

#include <initializer_list>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "rm/configure/lexer.hh"

namespace gyre::rm::configure {

class Words {
 public:
  // Views into the line, which outlives this.
  explicit Words(const Line& line) : line_(line) {}

  bool done() const { return at_ == line_.words.size(); }
  std::size_t left() const { return line_.words.size() - at_; }
  // Nothing: there is none. `ahead`: a later one.
  std::string_view peek(std::size_t ahead = 0) const {
    return at_ + ahead < line_.words.size() ? std::string_view(line_.words[at_ + ahead]) : "";
  }
  // `what`: what is expected there, for a message.
  std::string_view take(std::string_view what);
  bool take_if(std::string_view word);
  bool is_one_of(std::initializer_list<std::string_view> words) const;
  // "NAME=VALUE" with a name; it is taken.
  std::optional<std::pair<std::string_view, std::string_view>> take_pair();
  bool is_pair() const;
  // The value of "NAME=VALUE", if that is the next word.
  std::optional<std::string_view> take_value(std::string_view name);
  // A word that may be the id of an element.
  std::string_view take_id(std::string_view what);

  // Says so of the next word, or of the one before it.
  [[noreturn]] void wrong(std::string_view what) const;
  [[noreturn]] void wrong_before(std::string_view what) const;
  void expect_end(std::string_view what) const;

  const Line& line() const { return line_; }

 private:
  const Line& line_;
  std::size_t at_ = 0;
};

bool is_id(std::string_view);

// One object, the parts of it below each other where they begin with a keyword.
class Text {
 public:
  void word(std::string_view);  // as it is
  void pair(std::string_view name, std::string_view value) {
    word(std::string(name) + '=' + quoted_value(value));
  }
  void part();  // what follows stands in a line of its own
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  bool begins_ = true;
};

void set(pugi::xml_node, const char* name, std::string_view value);
inline std::string_view get(pugi::xml_node node, const char* name) {
  return node.attribute(name).value();
}
inline bool is(pugi::xml_node node, std::string_view name) {
  return name == node.name();
}

}  // namespace gyre::rm::configure
