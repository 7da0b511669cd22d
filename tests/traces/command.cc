// The commands of scripts.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <memory>

#include "tests/traces/frame_text.hh"
#include "tests/traces/script.hh"

namespace gyre::test {
namespace {

using Refused = std::invalid_argument;

class Words {
 public:
  Words(std::string_view text, std::size_t nodes) : text_(text), nodes_(nodes) { skip(); }

  bool end() const { return text_.empty(); }
  std::string_view rest() { return std::exchange(text_, {}); }
  std::string_view next() {
    if (end()) throw Refused("something is missing at the end");
    const auto word = text_.substr(0, text_.find(' '));
    text_.remove_prefix(word.size());
    skip();
    return word;
  }
  bool accept(std::string_view word) {
    const Words before = *this;
    if (!end() && next() == word) return true;
    *this = before;
    return false;
  }
  void expect(std::string_view word) {
    const auto found = end() ? "the end" : next();
    if (found != word) throw Refused(fmt::format("'{}' where '{}' is due", found, word));
  }
  std::size_t number() {
    const auto word = next();
    std::size_t value = 0;
    const auto [stop, error] = std::from_chars(word.begin(), word.end(), value);
    if (error != std::errc() || stop != word.end())
      throw Refused(fmt::format("'{}' is not a number", word));
    return value;
  }
  std::size_t node() {
    const std::size_t node = number();
    if (node == 0 || node > nodes_) throw Refused(fmt::format("there is no node {}", node));
    return node - 1;
  }
  std::vector<std::size_t> nodes() {
    std::vector<std::size_t> all{node()};
    while (!end() && text_.front() != '|') all.push_back(node());
    return all;
  }
  Duration duration() {
    const auto word = next();
    double value = 0;
    const auto [unit, error] = std::from_chars(word.begin(), word.end(), value);
    const bool milliseconds = std::string_view(unit, word.end()) == "ms";
    if (error != std::errc() || !milliseconds || value <= 0)
      throw Refused(fmt::format("'{}' is not a time like 20ms", word));
    return Duration(static_cast<std::int64_t>(value * 1e6));
  }
  std::string quoted() {
    const auto close = text_.find('"', 1);
    if (end() || text_.front() != '"' || close == text_.npos)
      throw Refused("a message stands in quotation marks");
    const std::string inside(text_.substr(1, close - 1));
    text_.remove_prefix(close + 1);
    skip();
    return inside;
  }
  std::string kind() {
    std::string word(next());
    for (const auto kind : frame_kinds)
      if (word == kind || word == fmt::format("{}s", kind)) return std::string(kind);
    throw Refused(fmt::format("there is no frame called '{}'", word));
  }

 private:
  void skip() { text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size())); }
  std::string_view text_;
  std::size_t nodes_;
};

void must_be_up(Player& player, std::size_t node, bool up = true) {
  if (player.simulation().up(node) != up)
    throw Refused(fmt::format("node {} is {}", node + 1, up ? "down" : "up"));
}

// "1 enters gather", "2 sends token", "3 delivers "a""; without the quotation marks.
std::string parse_event(Words& words) {
  const std::size_t node = words.node() + 1;
  const auto verb = words.next();
  if (verb == "sends") return fmt::format("{} sends {}", node, words.kind());
  if (verb == "delivers") return fmt::format("{} delivers {}", node, words.quoted());
  if (verb == "ends") return fmt::format("{} ends", node);
  if (verb != "enters") throw Refused(fmt::format("nothing is known of '{}'", verb));
  const auto state = words.next();
  for (int i = 0; i <= static_cast<int>(totem::State::leaving); ++i)
    if (state == text(static_cast<totem::State>(i)))
      return fmt::format("{} enters {}", node, state);
  throw Refused(fmt::format("there is no state '{}'", state));
}

Action parse_run(Words& words) {
  if (!words.accept("until")) {
    const Duration span = words.duration();
    return [=](Player& player) { player.simulation().run(span); };
  }
  std::function<bool(Player&)> done;
  std::string awaited;
  if (words.accept("whole")) {
    done = [](Player& player) { return player.simulation().whole(); };
  } else if (words.accept("drained")) {
    done = [](Player& player) { return player.simulation().drained(); };
  } else {
    awaited = parse_event(words);
  }
  return [=](Player& player) {
    auto happened = std::make_shared<bool>(false);
    if (!awaited.empty()) player.when(awaited, [=] { *happened = true; });
    if (!player.run_until([&] { return done ? done(player) : *happened; }))
      throw Refused("it did not come to that within a second");
  };
}

Action parse_send(Words& words) {
  const std::size_t node = words.node();
  std::string payload = words.quoted();
  if (payload.find(padding) != payload.npos) throw Refused("a message has no dots");
  if (words.accept("of")) {
    payload.resize(std::max(payload.size(), words.number()), padding);
    words.expect("bytes");
  }
  const auto guarantee = words.accept("safe") ? totem::Guarantee::safe : totem::Guarantee::agreed;
  return [=](Player& player) {
    must_be_up(player, node);
    player.simulation().submit(node, payload, guarantee);
  };
}

Action parse_rule(Words& words, Player::Rule::Fate fate) {
  Player::Rule rule{.fate = fate, .kind = {}, .from = {}, .to = {}};
  if (words.accept("every")) {
    rule.left = std::numeric_limits<int>::max();
    rule.kind = words.kind();
  } else {
    words.expect("the");
    words.expect("next");
    const Words before = words;
    if (std::isdigit(static_cast<unsigned char>(words.next().front()))) {
      words = before;
      rule.left = static_cast<int>(words.number());
    } else {
      words = before;
    }
    rule.kind = words.kind();
  }
  if (words.accept("from")) rule.from = words.node();
  if (words.accept("to")) rule.to = words.node();
  return [=](Player& player) { player.add_rule(rule); };
}

Action parse_cut(Words& words) {
  const std::size_t from = words.node();
  const bool both = !words.accept(">");
  const std::size_t to = words.node();
  return [=](Player& player) { player.simulation().cut(from, to, both); };
}

Action parse_split(Words& words) {
  const auto side = words.nodes();
  words.expect("|");
  words.nodes();  // for the reader: the others
  return [=](Player& player) { player.simulation().split(side); };
}

Action parse_when(Words& words, std::size_t nodes) {
  const std::string_view all = words.rest();
  const auto colon = all.find(':');
  if (colon == all.npos) throw Refused("no ':' in front of what is to happen");
  Words condition(all.substr(0, colon), nodes);
  const std::string event = parse_event(condition);
  if (!condition.end()) throw Refused(fmt::format("'{}' is too much", condition.rest()));
  const Action action = parse_command(all.substr(colon + 1), nodes);
  return [=](Player& player) { player.when(event, [=, &player] { action(player); }); };
}

Action parse_show(Words& words, bool shown) {
  std::vector<std::string> kinds{words.kind()};
  while (!words.end()) kinds.push_back(words.kind());
  return [=](Player& player) {
    for (const auto& kind : kinds) player.show(kind, shown);
  };
}

// Commands of one node and no more.
Action parse_fault(std::string_view verb, Words& words) {
  if (verb == "lose") words.expect("file");
  const std::size_t node = words.node();
  const Duration span = verb == "pause" ? words.duration() : Duration();
  const std::string what(verb);
  return [=](Player& player) {
    must_be_up(player, node, what != "lose");
    if (what == "crash") player.simulation().crash(node);
    if (what == "leave") player.simulation().leave(node);
    if (what == "pause") player.pause(node, span);
    if (what == "lose") player.simulation().lose_file(node);
  };
}

Action parse(Words& words, std::size_t nodes) {
  const auto verb = words.next();
  if (verb == "run") return parse_run(words);
  if (verb == "send") return parse_send(words);
  if (verb == "cut") return parse_cut(words);
  if (verb == "split") return parse_split(words);
  if (verb == "when") return parse_when(words, nodes);
  if (verb == "show") return parse_show(words, true);
  if (verb == "hide") return parse_show(words, false);
  if (verb == "skip") return [](Player& player) { player.take_trace(); };
  if (verb == "heal") return [](Player& player) { player.simulation().heal(); };
  if (verb == "crash" || verb == "leave" || verb == "pause" || verb == "lose")
    return parse_fault(verb, words);
  if (verb == "spread") return [span = words.duration()](Player& player) { player.spread(span); };
  if (verb == "start")
    return [all = words.nodes()](Player& player) {
      for (const std::size_t node : all) {
        must_be_up(player, node, false);
        player.simulation().start(node);
      }
    };
  using Fate = Player::Rule::Fate;
  if (verb == "drop") {
    if (words.accept("nothing")) return [](Player& player) { player.clear_rules(); };
    return parse_rule(words, Fate::lost);
  }
  if (verb == "copy") return parse_rule(words, Fate::copied);
  if (verb == "hold") {
    words.expect("back");
    return parse_rule(words, Fate::held_back);
  }
  if (verb == "let") {
    words.expect("through");
    return [](Player& player) { player.let_through(); };
  }
  throw Refused(fmt::format("there is no command '{}'", verb));
}

}  // namespace

Action parse_command(std::string_view text, std::size_t nodes) {
  Words words(text, nodes);
  Action action = parse(words, nodes);
  if (!words.end()) throw Refused(fmt::format("'{}' is too much", words.rest()));
  return action;
}

}  // namespace gyre::test
