#include "tools/lines.hh"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace gyre::tools {

void Lines::read() {
  std::array<char, 65536> block;
  const ssize_t count = ::read(fd_, block.data(), block.size());
  if (count < 0) {
    if (errno == EINTR || errno == EAGAIN) return;
    throw std::system_error(errno, std::generic_category(), "read of standard input");
  }
  ended_ = count == 0;
  buffer_.erase(0, taken_);
  searched_ -= taken_;
  taken_ = 0;
  buffer_.append(block.data(), static_cast<std::size_t>(count));
}

std::optional<std::string_view> Lines::next() {
  const std::size_t found = buffer_.find('\n', searched_);
  const bool whole = found != std::string::npos;
  const std::size_t end = whole ? found : buffer_.size();
  if (end - taken_ > line_max_)
    throw std::length_error("line " + std::to_string(number_ + 1) +
                            " is too long: a message has at most " + std::to_string(line_max_) +
                            " bytes");
  if (!whole && (!ended_ || end == taken_)) {
    searched_ = end;
    return std::nullopt;
  }
  const std::string_view line(buffer_.data() + taken_, end - taken_);
  taken_ = searched_ = whole ? end + 1 : end;
  ++number_;
  return line;
}

}  // namespace gyre::tools
