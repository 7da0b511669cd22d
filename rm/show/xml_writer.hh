// XML as Pacemaker's commands print it: an element a line, indented.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rm/schedule/xml_text.hh"

namespace gyre::rm::show {

class XmlWriter {
 public:
  struct Attribute {
    std::string_view name;
    std::string value;
    bool there = true;

    Attribute(std::string_view named, std::string_view text) : name(named), value(text) {}
    Attribute(std::string_view named, const std::string& text) : name(named), value(text) {}
    Attribute(std::string_view named, const char* text) : name(named), value(text) {}
    Attribute(std::string_view named, std::same_as<bool> auto yes)
        : name(named), value(yes ? "true" : "false") {}
    Attribute(std::string_view named,
              std::integral auto number) requires(!std::same_as<decltype(number), bool>)
        : name(named), value(std::to_string(number)) {}
    // Else it is left out.
    Attribute only_if(bool really) && {
      there = really;
      return std::move(*this);
    }
  };
  using Attributes = std::initializer_list<Attribute>;

  void begin(std::string_view name, Attributes attributes = {}) {
    close_start();
    text_.out.append(2 * open_.size(), ' ').append("<").append(name);
    for (const Attribute& attribute : attributes)
      if (attribute.there) text_.attribute(attribute.name, attribute.value);
    open_.emplace_back(name);
    started_ = true;
  }
  void end() {
    const std::string name = std::move(open_.back());
    open_.pop_back();
    if (started_)
      text_.out += "/>\n";
    else
      text_.out.append(2 * open_.size(), ' ').append("</").append(name).append(">\n");
    started_ = false;
  }
  void element(std::string_view name, Attributes attributes = {}) {
    begin(name, attributes);
    end();
  }
  std::string take() { return std::move(text_.out); }

 private:
  // What has nothing inside ends where it begins.
  void close_start() {
    if (started_) text_.out += ">\n";
    started_ = false;
  }

  schedule::XmlText text_;
  std::vector<std::string> open_;
  bool started_ = false;
};

}  // namespace gyre::rm::show
