// What is wrong with a text, for the person who wrote it.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace gyre::rm::configure {

// Nothing of what was asked is done.
class Mistake : public std::runtime_error {
 public:
  // Line 0: it stood in none.
  Mistake(std::size_t line, const std::string& what);

  std::size_t line() const noexcept { return line_; }

 private:
  std::size_t line_;
};

}  // namespace gyre::rm::configure
