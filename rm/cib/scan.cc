#include "rm/cib/scan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "rm/cib/characters.hh"
#include "rm/cib/stops.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

// Those of ASCII that a name may go on with.
constexpr auto plain_in_name = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (std::size_t c = '0'; c <= '9'; ++c) table[c] = true;
  for (const char c : {'_', '-', '.', ':'}) table[static_cast<std::size_t>(c)] = true;
  return table;
}();
constexpr bool is_plain_in_name(char c) {
  return plain_in_name[static_cast<unsigned char>(c)];
}

constexpr bool is_plain_at_begin(char c) {
  return is_plain_in_name(c) && (c < '-' || c > '9');
}

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

constexpr bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// US-ASCII is UTF-8, too.
bool is_utf8(std::string_view encoding) {
  constexpr std::string_view names[] = {"utf-8", "us-ascii", "ascii"};
  return std::ranges::any_of(names, [&](auto name) { return equal_ignoring_case(encoding, name); });
}

// As much of a name as a message needs.
std::string_view shown(std::string_view name) {
  return name.substr(0, 64);
}

class Scanner {
 public:
  Scanner(std::string_view text, LineEnds& line_ends)
      : text_(text), stops_(text), line_ends_(line_ends) {
    open_.reserve(depth_max);
  }

  bool document();
  Fault fault() const;

 private:
  bool element();
  bool start_tag();
  bool plain_attribute();
  bool attribute(std::string_view element);
  bool maybe_alike();
  bool unique_attributes(std::string_view element);
  bool end_tag();
  bool content();
  bool special();
  bool instruction();
  bool section(std::string_view name, std::string_view end);
  bool declaration();
  bool value(char quote, std::string_view attribute);
  bool reference();
  bool other();
  std::string_view name();

  bool ends() const { return at_ == text_.size(); }
  char here() const { return ends() ? '\0' : text_[at_]; }
  bool next(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  bool blanks() {
    const std::size_t from = at_;
    for (; is_blank(here()); ++at_)
      if (here() == '\n') end_line();
    return at_ > from;
  }
  void end_line() { line_ends_.push_back(static_cast<LineEnds::value_type>(at_)); }
  bool refuse(std::string what) {
    what_ = std::move(what);
    return false;
  }
  std::string where() const {
    return open_.empty() ? "outside of all elements" : fmt::format("in <{}>", shown(open_.back()));
  }

  std::string_view text_;
  Stops stops_;
  std::size_t at_ = 0;
  LineEnds& line_ends_;  // so far
  std::vector<std::string_view> open_, attributes_;
  std::array<std::uint32_t, 1024> tag_with_{};  // which had a name of that sum last
  std::uint32_t tag_ = 0;                       // how many there were
  std::string_view value_;                      // of the last attribute
  std::string_view root_;                       // once its tag is read
  std::string what_;
};

Fault Scanner::fault() const {
  return {1 + line_ends_.size(), what_,
          root_.empty()    ? Fault::Kind::malformed
          : root_ == "cib" ? Fault::Kind::broken
                           : Fault::Kind::not_cib};
}

bool Scanner::document() {
  if (text_.size() > document_size_max)
    return refuse(fmt::format("{} bytes, and {} are the most", text_.size(), document_size_max));
  if (next("\xef\xbb\xbf")) at_ += 3;
  if (next("<?xml") && text_.size() > at_ + 5 && is_blank(text_[at_ + 5]) && !declaration())
    return false;
  bool had_root = false;
  for (;;) {
    blanks();
    if (ends()) return had_root || refuse("there is no element");
    if (text_[at_] != '<') return refuse("text outside of all elements");
    if (next("<!") || next("<?")) {
      if (!special()) return false;
      continue;
    }
    if (next("</")) return refuse("an end without a beginning");
    if (had_root) return refuse("a second element after the first one's end");
    had_root = true;
    if (!element()) return false;
  }
}

// From the start of an element to its end, with all that is in it.
bool Scanner::element() {
  if (!start_tag()) return false;
  while (!open_.empty()) {
    if (!content()) return false;
    if (ends())
      return refuse(fmt::format("the document ends in <{}>, which is open", shown(open_.back())));
    if (next("</") ? !end_tag() : next("<!") || next("<?") ? !special() : !start_tag())
      return false;
  }
  return true;
}

std::string_view Scanner::name() {
  const char* const from = text_.data() + at_;
  const char* const end = text_.data() + text_.size();
  const char* to = from;
  for (;;) {
    to = std::find_if_not(to, end, is_plain_in_name);
    if (to == end || is_ascii(*to)) break;
    const Decoded found = decode({to, end});
    if (!continues_name(found.character)) break;
    to += found.size;
  }
  const std::string_view found(from, to);
  if (!found.empty() && !begins_name(decode(found).character)) return {};
  at_ += found.size();
  return found;
}

bool Scanner::start_tag() {
  ++at_;
  const auto element = name();
  if (element.empty()) return refuse(fmt::format("a \"<\" that begins no tag, {}", where()));
  if (open_.size() == depth_max)
    return refuse(
        fmt::format("<{}> is more than {} elements deep, {}", shown(element), depth_max, where()));
  attributes_.clear();
  for (;;) {
    while (plain_attribute()) continue;
    const bool apart = blanks();
    if (here() == '>' || next("/>")) break;
    if (ends()) return refuse(fmt::format("the document ends in the tag <{}>", shown(element)));
    if (!apart) return refuse(fmt::format("no blank before an attribute of <{}>", shown(element)));
    if (!attribute(element)) return false;
  }
  if (!unique_attributes(element)) return false;
  if (open_.empty()) root_ = element;
  const bool opens = here() == '>';
  if (opens) open_.push_back(element);
  at_ += opens ? 1 : 2;
  return true;
}

// Takes ` name="value"` if it is as plain as nearly all are; else nothing, for attribute() to
// judge.
bool Scanner::plain_attribute() {
  const char* const end = text_.data() + text_.size();
  const char* const blank = text_.data() + at_;
  if (blank == end || *blank != ' ') return false;
  const char* const name = blank + 1;
  const char* const equals = std::find_if_not(name, end, is_plain_in_name);
  if (end - equals < 2 || equals[0] != '=' || equals[1] != '"') return false;
  if (equals == name || !is_plain_at_begin(*name)) return false;
  const auto from = static_cast<std::size_t>(equals + 2 - text_.data());
  const std::size_t to = stops_.from(from);
  if (to == text_.size() || text_[to] != '"' || to - from > value_size_max) return false;
  attributes_.emplace_back(name, equals);
  at_ = to + 1;
  return true;
}

bool Scanner::attribute(std::string_view element) {
  const auto attribute = name();
  if (attribute.empty())
    return refuse(
        fmt::format("what should be an attribute of <{}> has no valid name", shown(element)));
  attributes_.push_back(attribute);
  blanks();
  if (here() != '=')
    return refuse(
        fmt::format("attribute \"{}\" of <{}> has no value", shown(attribute), shown(element)));
  ++at_;
  blanks();
  if (here() != '"' && here() != '\'')
    return refuse(fmt::format("the value of \"{}\" of <{}> is not in quotes", shown(attribute),
                              shown(element)));
  return value(text_[at_++], attribute);
}

// Whether they may be alike: nearly always it takes no comparison to know that they are not.
bool Scanner::maybe_alike() {
  ++tag_;
  for (const std::string_view name : attributes_) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
    const std::size_t sum = name.size() * 131 + byte(0) * 7u + byte(name.size() / 2) * 37u +
                            byte(name.size() - 1) * 61u;
    auto& tag = tag_with_[sum % tag_with_.size()];
    if (tag == tag_) return true;
    tag = tag_;
  }
  return false;
}

bool Scanner::unique_attributes(std::string_view element) {
  if (!maybe_alike()) return true;
  std::ranges::sort(attributes_);
  const auto twice = std::ranges::adjacent_find(attributes_);
  return twice == attributes_.end() || refuse(fmt::format("attribute \"{}\" stands twice in <{}>",
                                                          shown(*twice), shown(element)));
}

bool Scanner::value(char quote, std::string_view attribute) {
  const std::size_t from = at_;
  for (;;) {
    at_ = stops_.from(at_);
    if (at_ - from > value_size_max)
      return refuse(fmt::format("the value of \"{}\" has more than {} bytes", shown(attribute),
                                value_size_max));
    if (ends()) return refuse(fmt::format("the value of \"{}\" has no end", shown(attribute)));
    if (text_[at_] == quote) break;
    if (text_[at_] == '<')
      return refuse(fmt::format("a \"<\" in the value of \"{}\"", shown(attribute)));
    if (!other()) return false;
  }
  value_ = text_.substr(from, at_ - from);
  ++at_;
  return true;
}

bool Scanner::content() {
  const std::size_t from = at_;
  for (;;) {
    at_ = stops_.from(at_);
    if (at_ - from > value_size_max)
      return refuse(fmt::format("a text has more than {} bytes, {}", value_size_max, where()));
    if (ends() || text_[at_] == '<') return true;
    if (next("]]>")) return refuse(fmt::format("\"]]>\" in a text, {}", where()));
    if (!other()) return false;
  }
}

// One character that is not plain.
bool Scanner::other() {
  if (here() == '&') return reference();
  if (here() == '\n') end_line();
  const Decoded found = decode(text_.substr(at_));
  if (found.size == 0) return refuse(fmt::format("bytes that are not UTF-8, {}", where()));
  if (!is_character(found.character))
    return refuse(
        fmt::format("the character {:#x}, which XML does not have, {}", found.character, where()));
  at_ += found.size;
  return true;
}

bool Scanner::reference() {
  constexpr std::size_t longest = 12;
  const auto end = text_.substr(at_, longest).find(';');
  if (end == text_.npos) return refuse(fmt::format("a \"&\" that begins no entity, {}", where()));
  const auto entity = text_.substr(at_ + 1, end - 1);
  constexpr std::string_view known[] = {"amp", "lt", "gt", "quot", "apos"};
  if (entity.starts_with('#')) {
    const bool hex = entity.starts_with("#x");
    const auto digits = entity.substr(hex ? 2 : 1);
    std::uint32_t c = 0;
    const auto [rest, error] = std::from_chars(digits.begin(), digits.end(), c, hex ? 16 : 10);
    if (error != std::errc() || rest != digits.end() || !is_character(c))
      return refuse(fmt::format("a number that is no character in an entity, {}", where()));
  } else if (std::ranges::find(known, entity) == std::end(known)) {
    return refuse(fmt::format("an entity that is not known, {}", where()));
  }
  at_ += end + 1;
  return true;
}

bool Scanner::end_tag() {
  at_ += 2;
  const auto element = name();
  if (element != open_.back())
    return refuse(fmt::format("</{}> where </{}> is due", shown(element), shown(open_.back())));
  blanks();
  if (here() != '>') return refuse(fmt::format("the tag </{}> has no end", shown(element)));
  ++at_;
  open_.pop_back();
  return true;
}

// A comment, an instruction, or text that is told apart.
bool Scanner::special() {
  if (next("<?")) return instruction();
  if (next("<!--")) {
    at_ += 4;
    return section("a comment", "--") &&
           (next(">") ? ++at_ > 0 : refuse(fmt::format("\"--\" in a comment, {}", where())));
  }
  if (next("<![CDATA[") && !open_.empty()) {
    at_ += 9;
    return section("a CDATA section", "]]>");
  }
  if (next("<!DOCTYPE")) return refuse("a document type is not accepted");
  return refuse(fmt::format("a \"<!\" that begins nothing known, {}", where()));
}

bool Scanner::instruction() {
  at_ += 2;
  const auto target = name();
  if (target.empty()) return refuse(fmt::format("an instruction without a name, {}", where()));
  if (target.size() == 3 && (target[0] | 32) == 'x' && (target[1] | 32) == 'm' &&
      (target[2] | 32) == 'l')
    return refuse("an XML declaration that is not the very first thing");
  if (!next("?>") && !blanks()) return refuse("an instruction without a valid name");
  return section("an instruction", "?>");
}

bool Scanner::section(std::string_view kind, std::string_view end) {
  while (!next(end)) {
    if (ends()) return refuse(fmt::format("{} without an end, {}", kind, where()));
    if (here() == '&' || !Stops::is_stop(static_cast<unsigned char>(here())))
      ++at_;
    else if (!other())
      return false;
  }
  at_ += end.size();
  return true;
}

bool Scanner::declaration() {
  at_ += 5;
  attributes_.clear();
  while (blanks() && !next("?>")) {
    if (!attribute("?xml")) return false;
    if (attributes_.back() == "encoding" && !is_utf8(value_))
      return refuse(fmt::format("the encoding \"{}\", and only UTF-8 is read", shown(value_)));
  }
  if (!next("?>")) return refuse("the XML declaration has no end");
  at_ += 2;
  return unique_attributes("?xml");
}

}  // namespace

std::string Fault::text() const {
  return line == 0 ? what : fmt::format("line {}: {}", line, what);
}

std::optional<Fault> scan(std::string_view text, LineEnds& line_ends) {
  line_ends.clear();
  Scanner scanner(text, line_ends);
  if (scanner.document()) return std::nullopt;
  return scanner.fault();
}

std::optional<Fault> scan(std::string_view text) {
  LineEnds line_ends;
  return scan(text, line_ends);
}

}  // namespace gyre::rm
