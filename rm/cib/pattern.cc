#include "rm/cib/pattern.hh"

#include <regex.h>

#include <charconv>
#include <string>

namespace gyre::rm {

namespace {

constexpr std::size_t size_max = 4096;
constexpr std::size_t copied_size_max = 16384;

// A repetition with a count is compiled as so many copies, and those of one inside another
// multiply.
bool is_bounded(std::string_view pattern) {
  if (pattern.size() > size_max) return false;
  std::size_t copies = 1;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (pattern[i] == '\\') {
      if (next >= '1' && next <= '9') return false;
      ++i;
    } else if (pattern[i] == '{') {
      const auto bounds = pattern.substr(i + 1, pattern.find('}', i) - i - 1);
      const auto last = bounds.substr(bounds.find(',') + 1);  // all of it without a comma
      std::size_t count = 1;
      for (const auto text : {bounds, last}) {
        std::size_t one = 1;
        if (std::from_chars(text.begin(), text.end(), one).ec == std::errc::result_out_of_range)
          return false;
        count = std::max(count, one);
      }
      if (count > copied_size_max || (copies *= count) * pattern.size() > copied_size_max)
        return false;
    }
  }
  return true;
}

}  // namespace

struct Pattern::Compiled {
  explicit Compiled(const regex_t& from) : expression(from) {}
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() { ::regfree(&expression); }

  regex_t expression;
};

std::optional<Pattern> Pattern::compile(std::string_view text) {
  if (!is_bounded(text)) return std::nullopt;
  regex_t expression;
  if (::regcomp(&expression, std::string(text).c_str(), REG_EXTENDED | REG_NOSUB) != 0)
    return std::nullopt;
  Pattern pattern;
  pattern.compiled_ = std::make_shared<const Compiled>(expression);
  return pattern;
}

bool Pattern::matches(std::string_view text) const {
  return ::regexec(&compiled_->expression, std::string(text).c_str(), 0, nullptr, 0) == 0;
}

}  // namespace gyre::rm
