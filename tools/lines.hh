// Cuts what comes in from a descriptor into lines.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gyre::tools {

class Lines {
 public:
  // A line may have `line_max` bytes, the line break not counted.
  Lines(int fd, std::size_t line_max) : fd_(fd), line_max_(line_max) {}

  // Reads once; waits if nothing is there. Throws std::system_error.
  void read();
  // The next whole line, without its break; the last one may lack it. Valid until read(). Throws
  // std::length_error for a line that is too long, naming it by its number.
  std::optional<std::string_view> next();
  // Nothing is left to read, and every line was taken.
  bool done() const noexcept { return ended_ && taken_ == buffer_.size(); }
  bool ended() const noexcept { return ended_; }

 private:
  int fd_;
  std::size_t line_max_;
  std::string buffer_;
  std::size_t taken_ = 0;     // bytes of buffer_ that were handed out
  std::size_t searched_ = 0;  // bytes of buffer_ without a line break behind taken_
  std::size_t number_ = 0;    // lines handed out
  bool ended_ = false;
};

}  // namespace gyre::tools
