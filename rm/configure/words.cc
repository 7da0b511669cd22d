#include "rm/configure/words.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/cib/characters.hh"
#include "rm/cib/kinds.hh"

namespace gyre::rm::configure {

std::string_view Words::take(std::string_view what) {
  if (done()) wrong(what);
  return line_.words[at_++];
}

bool Words::take_if(std::string_view word) {
  if (done() || peek() != word) return false;
  ++at_;
  return true;
}

bool Words::is_one_of(std::initializer_list<std::string_view> words) const {
  return !done() && std::ranges::find(words, peek()) != words.end();
}

bool Words::is_pair() const {
  const auto equals = peek().find('=');
  return equals != 0 && equals != std::string_view::npos;
}

std::optional<std::pair<std::string_view, std::string_view>> Words::take_pair() {
  if (!is_pair()) return std::nullopt;
  const std::string_view word = line_.words[at_++];
  const auto equals = word.find('=');
  return std::pair(word.substr(0, equals), word.substr(equals + 1));
}

std::optional<std::string_view> Words::take_value(std::string_view name) {
  if (!peek().starts_with(name) || peek().substr(name.size(), 1) != "=") return std::nullopt;
  return std::string_view(line_.words[at_++]).substr(name.size() + 1);
}

std::string_view Words::take_id(std::string_view what) {
  const auto id = take(what);
  if (!is_id(id))
    wrong_before(fmt::format(
        "{} is expected: it begins with a letter or _, and goes on with letters, digits, _ . -",
        what));
  return id;
}

void Words::wrong(std::string_view what) const {
  if (!done())
    throw Mistake(line_.number, fmt::format("at \"{}\": {} is expected", shown(peek()), what));
  const auto last = line_.words.empty() ? "" : shown(line_.words.back());
  throw Mistake(line_.number, fmt::format("after \"{}\": {} is expected", last, what));
}

void Words::wrong_before(std::string_view what) const {
  throw Mistake(line_.number, fmt::format("at \"{}\": {}", shown(line_.words[at_ - 1]), what));
}

void Words::expect_end(std::string_view what) const {
  if (!done()) wrong(what);
}

bool is_id(std::string_view word) {
  for (std::size_t at = 0; at < word.size();) {
    const auto [character, size] = decode(word.substr(at));
    if (size == 0 || character == ':') return false;
    if (at == 0 ? !begins_name(character) : !continues_name(character)) return false;
    at += size;
  }
  return !word.empty();
}

void Text::word(std::string_view word) {
  if (!begins_) text_ += ' ';
  text_ += word;
  begins_ = false;
}

void Text::part() {
  text_ += " \\\n\t";
  begins_ = true;
}

void set(pugi::xml_node node, const char* name, std::string_view value) {
  auto attribute = node.attribute(name);
  if (!attribute) attribute = node.append_attribute(name);
  attribute.set_value(std::string(value).c_str());
}

}  // namespace gyre::rm::configure
