#include "rm/execute/output.hh"

#include <algorithm>

#include "rm/execute/command.hh"

namespace gyre::rm::execute {

void Output::add_output(std::string_view bytes) {
  output_.append(bytes.substr(0, output_max_ - output_.size()));
}

void Output::add_error(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    line_.append(bytes.substr(0, std::min(end, line_max - line_.size())));
    bytes.remove_prefix(end);
    if (bytes.empty()) return;
    bytes.remove_prefix(1);
    end_line();
  }
}

void Output::end_line() {
  if (line_.starts_with(exit_reason_prefix)) {
    exit_reason_ = line_.substr(exit_reason_prefix.size());
  } else if (!line_.empty() && complaints_.size() + line_.size() < complaints_max) {
    complaints_ += line_;
    complaints_ += '\n';
  }
  line_.clear();
}

void Output::end() {
  end_line();
}

}  // namespace gyre::rm::execute
