// The words in parentheses behind a line.
#pragma once

#include <string>
#include <string_view>

#include "rm/schedule/model.hh"

namespace gyre::rm::show {

class Flags {
 public:
  void add(bool really, std::string_view word) {
    if (!really) return;
    text_ += text_.empty() ? " (" : ", ";
    text_ += word;
  }
  std::string text() const { return text_.empty() ? text_ : text_ + ")"; }

 private:
  std::string text_;
};

inline bool unmanaged(const schedule::Resource& resource) {
  return !resource.managed || resource.maintenance;
}

}  // namespace gyre::rm::show
