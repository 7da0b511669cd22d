#include "rm/cib/scan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <vector>

#include "rm/cib/characters.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

// Bytes that stand in a text, or in a value, for themselves and need no second look.
constexpr auto plain = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x20; c < 0x80; ++c) table[c] = true;
  for (const char c : {'\t', '\n', '\r'}) table[static_cast<std::size_t>(c)] = true;
  for (const char c : {'<', '&', '"', '\'', ']'}) table[static_cast<std::size_t>(c)] = false;
  return table;
}();
constexpr auto plain_name = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (std::size_t c = '0'; c <= '9'; ++c) table[c] = true;
  for (const char c : {'_', '-', '.', ':'}) table[static_cast<std::size_t>(c)] = true;
  return table;
}();

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
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
  explicit Scanner(std::string_view text) : text_(text) { open_.reserve(depth_max); }

  bool document();
  Fault fault() const;

 private:
  bool element();
  bool start_tag();
  bool attribute(std::string_view element);
  bool maybe_alike() const;
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
  bool next(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  bool blanks() {
    const std::size_t from = at_;
    while (!ends() && is_blank(text_[at_])) ++at_;
    return at_ > from;
  }
  bool refuse(std::string what) {
    what_ = std::move(what);
    return false;
  }
  std::string where() const {
    return open_.empty() ? "outside of all elements" : fmt::format("in <{}>", shown(open_.back()));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string_view> open_, attributes_;
  std::string_view value_;  // of the last attribute
  std::string_view root_;   // once its tag is read
  std::string what_;
};

Fault Scanner::fault() const {
  const auto before = text_.substr(0, at_);
  return {1 + static_cast<std::size_t>(std::ranges::count(before, '\n')), what_,
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
  const std::size_t from = at_;
  while (!ends()) {
    if (plain_name[static_cast<unsigned char>(text_[at_])]) {
      ++at_;
      continue;
    }
    const Decoded found = decode(text_.substr(at_));
    if (found.size < 2 || !continues_name(found.character)) break;
    at_ += found.size;
  }
  const auto found = text_.substr(from, at_ - from);
  if (found.empty() || begins_name(decode(found).character)) return found;
  at_ = from;
  return {};
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
    const bool apart = blanks();
    if (next(">") || next("/>")) break;
    if (ends()) return refuse(fmt::format("the document ends in the tag <{}>", shown(element)));
    if (!apart) return refuse(fmt::format("no blank before an attribute of <{}>", shown(element)));
    if (!attribute(element)) return false;
  }
  if (!unique_attributes(element)) return false;
  if (open_.empty()) root_ = element;
  if (next(">")) open_.push_back(element);
  at_ += next(">") ? 1 : 2;
  return true;
}

bool Scanner::attribute(std::string_view element) {
  const auto attribute = name();
  if (attribute.empty())
    return refuse(
        fmt::format("what should be an attribute of <{}> has no valid name", shown(element)));
  attributes_.push_back(attribute);
  blanks();
  if (!next("="))
    return refuse(
        fmt::format("attribute \"{}\" of <{}> has no value", shown(attribute), shown(element)));
  ++at_;
  blanks();
  if (!next("\"") && !next("'"))
    return refuse(fmt::format("the value of \"{}\" of <{}> is not in quotes", shown(attribute),
                              shown(element)));
  return value(text_[at_++], attribute);
}

// Whether they may be alike: nearly always it takes no comparison to know that they are not.
bool Scanner::maybe_alike() const {
  std::bitset<1024> seen;
  for (const std::string_view name : attributes_) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
    const std::size_t sum = name.size() * 131 + byte(0) * 7u + byte(name.size() / 2) * 37u +
                            byte(name.size() - 1) * 61u;
    if (seen[sum % seen.size()]) return true;
    seen[sum % seen.size()] = true;
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
    while (!ends() && plain[static_cast<unsigned char>(text_[at_])]) ++at_;
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
    while (!ends() && plain[static_cast<unsigned char>(text_[at_])]) ++at_;
    if (at_ - from > value_size_max)
      return refuse(fmt::format("a text has more than {} bytes, {}", value_size_max, where()));
    if (ends() || text_[at_] == '<') return true;
    if (next("]]>")) return refuse(fmt::format("\"]]>\" in a text, {}", where()));
    if (!other()) return false;
  }
}

// One character that is not plain.
bool Scanner::other() {
  if (text_[at_] == '&') return reference();
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
  if (!next(">")) return refuse(fmt::format("the tag </{}> has no end", shown(element)));
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
    if (text_[at_] == '&' || plain[static_cast<unsigned char>(text_[at_])])
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

std::optional<Fault> scan(std::string_view text) {
  Scanner scanner(text);
  if (scanner.document()) return std::nullopt;
  return scanner.fault();
}

}  // namespace gyre::rm
