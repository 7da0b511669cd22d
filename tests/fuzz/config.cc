// corosync.conf: a configuration or a refusal with file and line. What was understood can be
// written down again, and is understood in the same way.
#include "node/config.hh"

#include <cassert>
#include <charconv>
#include <string>

#include "node/config_lines.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre::node;

const std::string name = "f";

// "f:LINE: reason" or "f: reason", with a line that there is.
void check_refusal(std::string_view what, std::size_t lines) {
  assert(what.starts_with("f:"));
  what.remove_prefix(2);
  std::size_t line = 0;
  const auto [end, error] = std::from_chars(what.data(), what.data() + what.size(), line);
  if (error == std::errc{}) {
    assert(line >= 1 && line <= lines);
    what.remove_prefix(static_cast<std::size_t>(end - what.data()));
    assert(what.starts_with(":"));
    what.remove_prefix(1);
  }
  assert(what.size() > 2 && what.front() == ' ');
}

// Sections and items as they stood, without comments and blanks.
std::string write(const Lines& lines) {
  std::string text;
  std::size_t open = 0, section = 1, item = 0;
  const auto close_to = [&](std::size_t parent) {
    for (; open != parent; open = lines.sections[open].parent) text += "}\n";
  };
  while (section < lines.sections.size() || item < lines.items.size()) {
    const bool next_is_section =
        item == lines.items.size() ||
        (section < lines.sections.size() && lines.sections[section].line < lines.items[item].line);
    if (next_is_section) {
      const std::string& path = lines.sections[section].path;
      close_to(lines.sections[section].parent);
      text += path.substr(path.rfind('.') + 1) + " {\n";
      open = section++;
    } else {
      close_to(lines.items[item].section);
      text += lines.items[item].key + ": " + lines.items[item].value + "\n";
      ++item;
    }
  }
  close_to(0);
  return text;
}

void check_same(const Config& a, const Config& b) {
  assert(a.keys == b.keys && a.form == b.form && a.links.size() == b.links.size());
  for (std::size_t i = 0; i < a.links.size(); ++i)
    assert(a.links[i].bindnetaddr == b.links[i].bindnetaddr &&
           a.links[i].mcastaddr == b.links[i].mcastaddr &&
           a.links[i].ip_version == b.links[i].ip_version &&
           a.links[i].transport == b.links[i].transport);
  assert(a.redundancy.mode == b.redundancy.mode);
  assert(a.nodes.size() == b.nodes.size() && a.notices.size() == b.notices.size());
  assert(a.timers.token_loss == b.timers.token_loss && a.timers.consensus == b.timers.consensus);
}

void check_config(const Config& config) {
  using std::chrono::milliseconds;
  assert(config.nodes.size() <= gyre::nodes_max);
  assert(!config.links.empty() && config.links.size() <= gyre::links_max);
  for (const Link& link : config.links) {
    assert(link.mcastport >= 2 && link.line > 0);
    assert(link.bindnetaddr.empty() == (config.form == Form::nodelist));
    assert(link.transport == TransportKind::udpu || !link.mcastaddr.empty());
  }
  assert(config.redundancy.misses > 0 && config.redundancy.sound > 0);
  assert(config.netmtu >= 1000 && config.netmtu <= 65535);
  assert(config.timers.consensus >= config.timers.token_loss);
  assert(config.timers.token_retransmit < config.timers.token_loss);
  assert(config.keys.count("totem.key") == 0 && !config.protection.on);
  assert(config.form == Form::interface || !config.nodes.empty());
  for (const ListedNode& node : config.nodes) {
    assert(node.addresses.size() == config.links.size() && node.line > 0);
    for (const std::string& address : node.addresses) assert(!address.empty());
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  std::string again;
  std::optional<Config> config;
  try {
    again = write(split_lines(text, name));
    config = parse_config(text, name);
  } catch (const ConfigError& error) {
    check_refusal(error.what(), lines);
  }
  if (again.empty()) return 0;
  assert(write(split_lines(again, name)) == again);
  if (!config) return 0;
  check_config(*config);
  check_same(*config, parse_config(again, name));
  return 0;
}
