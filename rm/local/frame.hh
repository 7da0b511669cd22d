// Frames of a stream: four bytes say how long one is, the least of them first; its bytes follow.
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gyre::rm::local {

inline constexpr std::size_t frame_header_size = 4;

void append_frame(std::string& stream, std::string_view payload);

// Takes a stream apart as it comes. Holds what came and no more, whatever a frame says it will be.
class Frames {
 public:
  explicit Frames(std::size_t frame_max) : frame_max_(frame_max) {}

  void add(std::string_view bytes);
  // The next that is whole; it lies here until the next add().
  std::optional<std::string_view> next();
  // It announced a frame longer than frame_max: nothing more is to be had from it.
  bool broken() const noexcept { return broken_; }
  // Whether it may end here: not within a frame.
  bool between() const noexcept { return begin_ == bytes_.size(); }

 private:
  std::size_t frame_max_, begin_ = 0;
  std::string bytes_;  // what came and was not handed out begins at begin_
  bool broken_ = false;
};

}  // namespace gyre::rm::local
