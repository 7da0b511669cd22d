#include "rm/configure/resource_sets.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/cib/kinds.hh"
#include "rm/cib/values.hh"

namespace gyre::rm::configure {

namespace {

constexpr std::string_view forced = "_rsc_set_";
constexpr std::string_view actions[] = {"start", "promote", "demote", "stop"};

char closing(char bracket) {
  return bracket == '(' ? ')' : ']';
}

bool is_no(pugi::xml_node set, const char* name) {
  return !parse_boolean(set.attribute(name).as_string("true")).value_or(true);
}

}  // namespace

void ResourceSets::parse(Words& words, std::string_view end) {
  constexpr std::string_view what = "a resource";
  while (!words.done() && (end.empty() || words.peek() != end)) {
    if (words.is_pair()) {
      if (!attribute(words)) break;
      continue;
    }
    auto word = words.take(what);
    if (word == forced) {
      needed_ = true;
      continue;
    }
    if (word.starts_with('(') || word.starts_with('[')) {
      open(words, word[0]);
      word.remove_prefix(1);
    }
    const char last = word.empty() ? '\0' : word.back();
    const bool closes = last == ')' || last == ']';
    if (closes) word.remove_suffix(1);
    if (!word.empty()) reference(words, word);
    if (closes) close(words, last);
  }
  if (!end.empty() && !words.take_if(end)) words.wrong(end);
  if (inside_) words.wrong(std::string(1, closing(sets_.back().bracket)));
  if (sets_.empty()) words.wrong(what);
}

void ResourceSets::open(Words& words, char bracket) {
  if (inside_) words.wrong_before("sets are not within each other; the first is to be closed");
  sets_.push_back({bracket, false, bracket == '(', {}});
  inside_ = needed_ = true;
}

void ResourceSets::close(Words& words, char bracket) {
  if (!inside_ || closing(sets_.back().bracket) != bracket)
    words.wrong_before(fmt::format("no {} is open", bracket == ')' ? '(' : '['));
  if (sets_.back().references.empty()) words.wrong_before("a resource is expected in the set");
  inside_ = false;
}

void ResourceSets::reference(Words& words, std::string_view word) {
  const auto colon = word.find(':');
  const Reference made{word.substr(0, colon),
                       colon == word.npos ? std::string_view() : word.substr(colon + 1)};
  if (!is_id(made.id)) words.wrong_before("the id of a resource is expected");
  const bool roles = std::string_view(as_) == "role";
  if (colon != word.npos &&
      !(roles ? is_role(made.as) : std::ranges::find(actions, made.as) != std::end(actions)))
    words.wrong_before(roles ? "a role is expected behind the colon: Started, Stopped, Promoted or "
                               "Unpromoted (Master or Slave)"
                             : "an action is expected behind the colon: start, stop, promote or "
                               "demote");
  const bool goes_on = !sets_.empty() && (inside_ || sets_.back().bracket == 0);
  if (!goes_on) sets_.push_back({});
  if (auto& last = sets_.back(); !last.references.empty() && last.references.back().as != made.as)
    sets_.push_back({last.bracket, last.sequential, last.require_all, {}});
  sets_.back().references.push_back(made);
}

bool ResourceSets::attribute(Words& words) {
  const auto name = words.peek().substr(0, words.peek().find('='));
  if ((name != "sequential" && name != "require-all") || sets_.empty()) return false;
  const auto value = parse_boolean(words.take_pair()->second);
  if (!value) words.wrong_before("true or false is expected");
  (name == "sequential" ? sets_.back().sequential : sets_.back().require_all) = *value;
  needed_ = true;
  return true;
}

std::vector<Reference> ResourceSets::plain(std::size_t count) const {
  std::vector<Reference> row;
  for (const Set& set : sets_) row.insert(row.end(), set.references.begin(), set.references.end());
  return needed_ || row.size() != count ? std::vector<Reference>() : row;
}

void ResourceSets::write(pugi::xml_node constraint) const {
  for (const Set& set : sets_) {
    auto made = constraint.append_child("resource_set");
    if (!set.require_all) configure::set(made, "require-all", "false");
    if (!set.sequential) configure::set(made, "sequential", "false");
    if (const auto as = set.references.front().as; !as.empty()) configure::set(made, as_, as);
    for (const Reference& one : set.references) {
      auto reference = made.append_child("resource_ref");
      configure::set(reference, "id", one.id);
    }
  }
}

void show_reference(Text& text, std::string_view id, std::string_view as) {
  text.word(fmt::format("{}{}{}", id, as.empty() ? "" : ":", as));
}

void show_sets(Text& text, pugi::xml_node constraint, const char* as, std::size_t least) {
  std::size_t there = 0;
  for (const auto set : constraint.children("resource_set"))
    there += static_cast<std::size_t>(std::ranges::distance(set.children("resource_ref")));
  Text sets;
  bool after_plain = false;
  std::string_view before;
  for (const auto set : constraint.children("resource_set")) {
    const bool parallel = is_no(set, "sequential"), any = is_no(set, "require-all");
    const auto now = get(set, as);
    // In a row with the one before it would be one set with it.
    const bool apart = !parallel && !any && after_plain && now == before;
    const bool bracket = parallel || any || apart;
    if (bracket) sets.word(any ? "[" : "(");
    for (const auto reference : set.children("resource_ref"))
      show_reference(sets, get(reference, "id"), now);
    if (bracket && !parallel) sets.word("sequential=true");
    if (bracket) sets.word(any ? "]" : ")");
    after_plain = !bracket;
    before = now;
  }
  const auto first = constraint.child("resource_set");
  const bool alone = !first.next_sibling("resource_set");
  const bool bracketed = is_no(first, "sequential") || is_no(first, "require-all");
  if (there <= least && !(alone && bracketed)) text.word(forced);
  text.word(sets.take());
}

}  // namespace gyre::rm::configure
