// The patterns of rsc-pattern and target-pattern: POSIX extended regular expressions. They come
// from a document, so those are refused that grow without bound once they are compiled, and
// references back, whose search has none.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

namespace gyre::rm {

class Pattern {
 public:
  // Nothing: it is none.
  static std::optional<Pattern> compile(std::string_view);

  // Anywhere in the text.
  bool matches(std::string_view) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace gyre::rm
