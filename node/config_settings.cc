#include "node/config_settings.hh"

#include <fmt/format.h>
#include <sodium.h>

#include <charconv>

#include "node/config_crypto.hh"
#include "node/config_keys.hh"
#include "node/config_lines.hh"

namespace gyre::node {

// Gives each section its path with numbers, then each item its place.
class SettingsReader {
 public:
  SettingsReader(Lines& lines, Settings& settings) : lines_(lines), settings_(settings) {}

  void read() {
    for (const Item& item : lines_.items) {
      check(item);
      items_[{item.section, item.key}] = &item;  // of two, the last one counts, as everywhere
    }
    silent_.push_back(false);
    paths_.emplace_back();
    for (std::size_t i = 1; i < lines_.sections.size(); ++i) enter(i);
    for (Item& item : lines_.items) place_item(item);
  }

 private:
  void check(const Item& item) const {
    if (const Key* key = find_key(lines_.sections[item.section].path, item.key))
      if (const std::string reason = complaint(*key, item.value); !reason.empty())
        refuse(settings_.file_, item.line, reason);
  }

  void enter(std::size_t index) {
    const Section& section = lines_.sections[index];
    const std::string path = path_of(index);
    if (path.size() > key_path_max)
      refuse(settings_.file_, section.line, "key path too long with its number or name");
    paths_.push_back(path);
    settings_.section_lines_.emplace(path, section.line);
    if (section.path == "totem.interface") settings_.interfaces_.push_back({path, section.line});
    if (section.path == "nodelist.node") settings_.nodes_.push_back({path, section.line});
    if (section.path == "service") settings_.services_.push_back({path, section.line});
    note(section, index);
  }

  void note(const Section& section, std::size_t index) {
    const bool inside = silent_[section.parent];
    const SectionWithoutEffect* nothing = find_section_without_effect(section.path);
    const bool known = is_known_section(section.path);
    silent_.push_back(inside || nothing || !known);
    if (inside) return;
    if (nothing)
      settings_.notices_.emplace(section.line, fmt::format("section {} has no effect here: {}",
                                                           section.path, nothing->no_effect));
    else if (!known)
      settings_.notices_.emplace(
          section.line,
          fmt::format("section {} is not known: kept in the key map, no effect", paths_[index]));
  }

  std::string path_of(std::size_t index) const {
    const Section& section = lines_.sections[index];
    if (section.path == "totem.interface") return numbered_interface(index);
    if (section.path == "nodelist.node")
      return fmt::format("{}.{}", section.path, settings_.nodes_.size());
    if (section.path == "service")
      return fmt::format("{}.{}", section.path,
                         settings_.services_elsewhere_ + settings_.services_.size());
    if (section.path == "logging.logger_subsys") return labelled(index, "subsys");
    if (section.path == "logging.logging_daemon") return labelled(index, "name");
    const std::string& above = paths_[section.parent];
    const std::string name = section.path.substr(section.path.rfind('.') + 1);
    return above.empty() ? name : fmt::format("{}.{}", above, name);
  }

  const Item* item_of(std::size_t section, std::string_view key) const {
    const auto found = items_.find({section, key});
    return found == items_.end() ? nullptr : found->second;
  }

  std::string labelled(std::size_t index, std::string_view key) const {
    const Item* label = item_of(index, key);
    const std::string& path = lines_.sections[index].path;
    return label ? fmt::format("{}.{}", path, label->value) : path;
  }

  // ringnumber is the name that linknumber had before version 3.
  std::string numbered_interface(std::size_t index) const {
    const Section& section = lines_.sections[index];
    const Item* link = item_of(index, "linknumber");
    const Item* ring = item_of(index, "ringnumber");
    if (link && ring && link->value != ring->value)
      refuse(settings_.file_, ring->line,
             "ringnumber and linknumber are one thing and differ here");
    const Item* number = link ? link : ring;
    const std::string path = fmt::format("{}.{}", section.path, number ? number->value : "0");
    for (const Settings::Numbered& other : settings_.interfaces_)
      if (other.path == path)
        refuse(settings_.file_, section.line,
               fmt::format("interface number {} appears twice, first in line {}",
                           path.substr(path.rfind('.') + 1), other.line));
    return path;
  }

  void place_item(Item& item) {
    const Section& section = lines_.sections[item.section];
    const std::string& above = paths_[item.section];
    std::string path = above.empty() ? item.key : fmt::format("{}.{}", above, item.key);
    std::string value = item.value;
    if (section.path == "totem.interface.member" && item.key == "memberaddr") {
      path = fmt::format("{}.{}", above, settings_.members_.size());
      settings_.members_.push_back({path, item.line});
    } else if (section.path == "uidgid") {
      grant(item);
      path = fmt::format("uidgid.config.{}.{}", item.key, item.value);
      value.assign(1, '1');
    } else if (path == "totem.key") {
      wipe(value);
      settings_.secret_ = Secret(std::move(item.value));
    }
    if (path.size() > key_path_max)
      refuse(settings_.file_, item.line, "key path too long with its number or name");
    note(item, section);
    Settings::Value& place = settings_.values_[path];
    if (place.line != 0 && place.text != value)
      settings_.notices_.emplace(
          place.line, fmt::format("{} is written again in line {}, which counts", path, item.line));
    place = {std::move(value), item.line};
  }

  // Whatever else stands there was meant to let somebody in, or to keep somebody out.
  void grant(const Item& item) {
    if (item.key != "uid" && item.key != "gid")
      refuse(settings_.file_, item.line,
             fmt::format("uidgid: only uid and gid stand here, not {}", item.key));
    settings_.grants_.push_back({item.key == "uid" ? Grant::Kind::uid : Grant::Kind::gid,
                                 item.value, place(settings_.file_, item.line)});
  }

  void note(const Item& item, const Section& section) {
    if (silent_[item.section]) return;
    const std::string path =
        section.path.empty() ? item.key : fmt::format("{}.{}", section.path, item.key);
    const Key* key = find_key(section.path, item.key);
    if (const std::string meant = key ? "" : mistaken_crypto_key(section.path, item.key);
        !meant.empty())
      refuse(settings_.file_, item.line, meant);
    if (!key)
      settings_.notices_.emplace(
          item.line, fmt::format("{} is not known: kept in the key map, no effect", path));
    else if (!key->no_effect.empty())
      settings_.notices_.emplace(item.line,
                                 fmt::format("{} has no effect here: {}", path, key->no_effect));
  }

  Lines& lines_;
  Settings& settings_;
  std::map<std::pair<std::size_t, std::string_view>, const Item*> items_;
  std::vector<std::string> paths_;  // of each section, with numbers
  std::vector<bool> silent_;        // of each section: its keys need no notice of their own
};

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // what was there before, too
  sodium_memzero(text.data(), text.size());
  text.clear();
}

Secret::~Secret() {
  wipe(text_);
}

Settings::Settings(std::string_view text, const std::string& file, std::size_t services)
    : file_(file), services_elsewhere_(services) {
  Lines lines = split_lines(text, file);
  SettingsReader(lines, *this).read();
}

std::string Settings::text(const std::string& path, std::string_view otherwise) const {
  const auto found = values_.find(path);
  return found == values_.end() ? std::string(otherwise) : found->second.text;
}

std::uint64_t Settings::number(const std::string& path, std::uint64_t otherwise) const {
  const auto found = values_.find(path);
  if (found == values_.end()) return otherwise;
  const std::string& digits = found->second.text;
  std::from_chars(digits.data(), digits.data() + digits.size(), otherwise);
  return otherwise;
}

bool Settings::is(const std::string& path, std::string_view value) const {
  const auto found = values_.find(path);
  return found != values_.end() && found->second.text == value;
}

int Settings::line(std::string path) const {
  if (const auto found = values_.find(path); found != values_.end()) return found->second.line;
  while (true) {
    if (const auto found = section_lines_.find(path); found != section_lines_.end())
      return found->second;
    const std::size_t dot = path.rfind('.');
    if (dot == path.npos) return 0;
    path.resize(dot);
  }
}

void Settings::refuse(const std::string& path, std::string_view reason) const {
  node::refuse(file_, line(path), reason);
}

void Settings::notice(const std::string& path, std::string_view text) {
  notices_.emplace(line(path), text);
}

std::vector<std::string> Settings::notices() const {
  std::vector<std::string> result;
  for (const auto& [line, text] : notices_)
    result.push_back(fmt::format("{}: {}", place(file_, line), text));
  return result;
}

}  // namespace gyre::node
