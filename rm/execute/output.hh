// What an agent writes, as far as it is kept. Pure.
//
// Of its stdout the first `output_max` bytes; of its stderr the reason of its exit (the last line
// that begins with the prefix of OCF), and the first complaints. All else is taken and dropped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gyre::rm::execute {

class Output {
 public:
  static constexpr std::size_t complaints_max = 4096, line_max = 1024;

  explicit Output(std::size_t output_max) : output_max_(output_max) {}

  void add_output(std::string_view bytes);
  void add_error(std::string_view bytes);
  // A last line counts without its end, too.
  void end();

  const std::string& output() const noexcept { return output_; }
  const std::string& exit_reason() const noexcept { return exit_reason_; }
  const std::string& complaints() const noexcept { return complaints_; }

 private:
  void end_line();

  std::size_t output_max_;
  std::string output_, line_, exit_reason_, complaints_;
};

}  // namespace gyre::rm::execute
