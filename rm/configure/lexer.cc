#include "rm/configure/lexer.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/cib/characters.hh"

namespace gyre::rm::configure {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool is_blank(char c) {
  return blanks.find(c) != blanks.npos;
}

std::string_view without_end(std::string_view text, std::string_view characters) {
  return text.substr(0, text.find_last_not_of(characters) + 1);
}

// "... # <1> <2>" without that.
std::string_view without_callouts(std::string_view line) {
  auto text = without_end(line, blanks);
  bool any = false;
  while (text.ends_with('>')) {
    const auto open = text.rfind('<');
    if (open == text.npos || open + 2 > text.size() - 1) return line;
    const auto number = text.substr(open + 1, text.size() - open - 2);
    if (number.find_first_not_of("0123456789") != number.npos) return line;
    text = without_end(text.substr(0, open), blanks);
    any = true;
  }
  const bool stands_alone = text.size() > 1 && text.ends_with('#') && is_blank(text.end()[-2]);
  return any && stands_alone ? without_end(text.substr(0, text.size() - 1), blanks) : line;
}

bool goes_on(std::string_view line) {
  const auto without = without_end(line, "\\");
  return (line.size() - without.size()) % 2 == 1;
}

void check_characters(std::string_view text, std::size_t number) {
  for (std::size_t at = 0; at < text.size();) {
    const auto [character, size] = decode(text.substr(at));
    if (size == 0) throw Mistake(number, "this is not UTF-8");
    if (!is_character(character))
      throw Mistake(
          number, fmt::format("a character that no configuration may have (U+{:04X})", character));
    at += size;
  }
}

class Splitter {
 public:
  Splitter(std::string_view text, std::size_t number) : text_(text), number_(number) {}

  std::vector<std::string> run() {
    for (; at_ < text_.size(); ++at_) character(text_[at_]);
    if (quote_ != 0)
      throw Mistake(number_, fmt::format("a quote is open, {} is missing at the end", quote_));
    end_word();
    return std::move(words_);
  }

 private:
  void character(char c) {
    if (c == quote_)
      quote_ = 0;
    else if (c == '\\' && quote_ != '\'')
      escaped();
    else if (quote_ == 0 && (c == '"' || c == '\''))
      quote_ = c, in_word_ = true;
    else if (quote_ == 0 && is_blank(c))
      end_word();
    else
      add(c);
  }
  void escaped() {
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\\';
    if (quote_ != 0 && next != '"' && next != '\\') return add('\\');
    ++at_;
    add(next);
  }
  void add(char c) {
    word_ += c;
    in_word_ = true;
  }
  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  std::string_view text_;
  std::size_t number_, at_ = 0;
  char quote_ = 0;
  bool in_word_ = false;
  std::string word_;
  std::vector<std::string> words_;
};

std::string in_quotes(std::string_view text) {
  std::string quoted = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '"';
    if (text[i] == '"' || (text[i] == '\\' && (next == '"' || next == '\\'))) quoted += '\\';
    quoted += text[i];
  }
  return quoted + '"';
}

}  // namespace

std::vector<Line> read_lines(std::string_view text) {
  std::vector<Line> lines;
  std::size_t number = 0;
  bool inside = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto one = without_end(text.substr(0, end), blanks);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    check_characters(one, number);
    const auto begin = one.find_first_not_of(blanks);
    if (!inside && (begin == one.npos || one[begin] == '#')) continue;
    one = without_callouts(one);
    const bool more = goes_on(one);
    if (more) one.remove_suffix(1);
    if (!inside) lines.push_back({number, {}, {}});
    lines.back().text += one;
    if (more) lines.back().text += ' ';
    inside = more;
  }
  for (Line& line : lines) line.words = Splitter(line.text, line.number).run();
  std::erase_if(lines, [](const Line& line) { return line.words.empty(); });
  return lines;
}

Line line_of(std::vector<std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    check_characters(word, 0);
    text += text.empty() ? "" : " ";
    text += word;
  }
  return {0, std::move(words), std::move(text)};
}

std::string quoted(std::string_view word) {
  const bool plain = !word.empty() && word.find_first_of(" \t\r\n\"'\\") == word.npos;
  return plain ? std::string(word) : in_quotes(word);
}

std::string quoted_value(std::string_view value) {
  const bool plain = !value.empty() && std::ranges::all_of(value, [](char c) {
    return letters.find(c) != letters.npos || c == '_' || c == '.' || c == '-';
  });
  return plain ? std::string(value) : in_quotes(value);
}

}  // namespace gyre::rm::configure
