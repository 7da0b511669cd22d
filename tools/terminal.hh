// The whole screen of a terminal, for as long as this lives: it is given back as it was, however
// the program ends that can still do anything.
#pragma once

#include <termios.h>

#include <chrono>
#include <string>

namespace gyre::tools {

class Terminal {
 public:
  // Takes the screen of standard output, and keys from standard input if that is the terminal, too.
  // Throws std::system_error.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Standard output is a terminal.
  static bool there() noexcept;

  struct Size {
    std::size_t lines = 24, columns = 80;
  };
  Size size() const noexcept;
  // Shows these lines, as far as they fit, in the place of what stood there.
  void show(const std::string& text);

  enum class Woken { time, resized, quit };
  // Until `until`, a key that means something, or a signal that ends the program. A stop (^Z) gives
  // the terminal back meanwhile.
  Woken wait(std::chrono::steady_clock::time_point until);

 private:
  void take();
  void give_back() noexcept;
  void stop();

  termios before_{};
  bool keys_ = false;
  int signals_ = -1;
};

}  // namespace gyre::tools
