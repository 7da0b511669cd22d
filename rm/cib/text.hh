// A document's bytes, in memory that its parser takes over: there is no second copy of them.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace gyre::rm {

class Text {
 public:
  Text() = default;
  explicit Text(std::string_view);

  std::string_view view() const noexcept { return {bytes_.get(), size_}; }
  std::size_t size() const noexcept { return size_; }
  char* data() noexcept { return bytes_.get(); }

  // What comes to it holds anything, until it is written.
  void resize(std::size_t size);
  // To the parser, which gives it back by itself.
  char* release() noexcept { return bytes_.release(); }

 private:
  struct GiveBack {
    void operator()(char*) const noexcept;
  };
  std::unique_ptr<char, GiveBack> bytes_;
  std::size_t size_ = 0, room_ = 0;
};

}  // namespace gyre::rm
