#include "tests/traces/script.hh"

#include <fmt/format.h>

namespace gyre::test {
namespace {

constexpr std::string_view divider = "----";
constexpr std::size_t nodes_most = 9;  // one digit each

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

class Reader {
 public:
  Reader(const std::string& name, std::string_view text) : lines_(lines_of(text)) {
    script_.name = name;
  }

  Script read() {
    for (; !blank(); ++at_) script_.title.push_back(lines_[at_]);
    if (script_.title.empty()) refuse("a script begins with what it shows");
    for (skip_blank(); at_ < lines_.size(); skip_blank()) read_block();
    if (script_.blocks.empty()) refuse("nothing happens");
    return std::move(script_);
  }

 private:
  bool blank() const { return at_ >= lines_.size() || lines_[at_].empty(); }
  void skip_blank() {
    while (at_ < lines_.size() && blank()) ++at_;
  }
  [[noreturn]] void refuse(std::string_view why) const {
    throw ScriptError(fmt::format("{}:{}: {}", script_.name, at_ + 1, why));
  }

  void read_block() {
    Block block;
    for (; !blank() && lines_[at_] != divider; ++at_) {
      block.commands.push_back(lines_[at_]);
      if (!lines_[at_].starts_with('#')) read_command(block);
    }
    if (blank()) refuse("commands end with a line ----");
    while (!blank()) ++at_;  // what is expected: the text as a whole is compared
    script_.blocks.push_back(std::move(block));
  }

  void read_command(Block& block) {
    const std::string& line = lines_[at_];
    if (script_.nodes == 0) {
      const bool one_digit = line.size() == 7 && line[6] >= '1' && line[6] <= '9';
      if (!line.starts_with("nodes ") || !one_digit)
        refuse(fmt::format("the first command is 'nodes N', N from 1 to {}", nodes_most));
      script_.nodes = static_cast<std::size_t>(line[6] - '0');
      return;
    }
    try {
      block.actions.push_back({at_ + 1, parse_command(line, script_.nodes)});
    } catch (const std::invalid_argument& error) {
      refuse(error.what());
    }
  }

  Script script_;
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

void append(std::string& text, const std::vector<std::string>& lines) {
  for (const auto& line : lines) text += line + '\n';
}

}  // namespace

Script parse_script(const std::string& name, std::string_view text) {
  return Reader(name, text).read();
}

Played play(const Script& script) {
  Player player(script.nodes);
  Played played;
  append(played.text, script.title);
  for (const Block& block : script.blocks) {
    played.text += '\n';
    append(played.text, block.commands);
    for (const auto& command : block.actions) {
      try {
        command.action(player);
      } catch (const std::invalid_argument& error) {
        std::string trace;
        append(trace, player.take_trace());
        throw ScriptError(
            fmt::format("{}:{}: {}\n{}", script.name, command.line, error.what(), trace));
      }
    }
    played.text += fmt::format("{}\n", divider);
    append(played.text, player.take_trace());
  }
  played.violations = player.violations();
  return played;
}

}  // namespace gyre::test
