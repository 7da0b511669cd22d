// What programs ask of the key maps, in the words of libcmap.
#include <fmt/format.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "node/answers.hh"
#include "node/cmap_rules.hh"
#include "node/key_map.hh"

namespace gyre::node {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view clear_prefix = "stats.clear.";

std::string failed(CmapStatus status, std::string_view key) {
  switch (status) {
    case CmapStatus::ok:
      break;
    case CmapStatus::bad_key:
      return failure("CS_ERR_NAME_TOO_LONG",
                     fmt::format("a key has {} to {} letters, digits and . _ - / :", cmap_key_min,
                                 cmap_key_max));
    case CmapStatus::bad_value:
      return failure("CS_ERR_INVALID_PARAM",
                     fmt::format("a value has at most {} bytes, and some", cmap_value_max));
    case CmapStatus::missing:
      return failure("CS_ERR_NOT_EXIST", fmt::format("there is no key {}", key));
    case CmapStatus::full:
      return failure("CS_ERR_NO_SPACE", "the map is full");
  }
  return "{}";
}

Json entry(std::string_view key, const CmapValue& value) {
  return {{"key", key}, {"type", cmap_type(value)}, {"value", cmap_text(value)}};
}

Refused no_map(const std::string& map) {
  return {fmt::format("there is no map {}: icmap and stats are there", map)};
}

bool is_text(const std::optional<CmapValue>& value, std::string_view text) {
  return value && std::holds_alternative<std::string>(*value) &&
         std::get<std::string>(*value) == text;
}

// Changes as they come, kept until they are told.
class Tracking final : public Stream {
 public:
  Tracking(KeyMap& maps, Cmap& map, const std::string& key, bool prefix, bool polled)
      : maps_(maps), polled_(polled) {
    tracked_ = map.track(key, prefix, [this](const Cmap::Change& change) { note(change); });
  }

  std::optional<std::string> next(const Snapshot& snapshot) override {
    // What stands there at first is no news; but that it is tracked from now on is.
    if (!std::exchange(begun_, true)) return "{}";
    maps_.refresh(snapshot);
    if (changes_.empty()) return std::nullopt;
    std::string first = std::move(changes_.front());
    changes_.pop_front();
    return first;
  }
  std::chrono::milliseconds every() const override {
    return std::chrono::milliseconds(polled_ ? 1500 : 0);
  }

 private:
  void note(const Cmap::Change& change) {
    const CmapValue& now = change.after ? *change.after : *change.before;
    Json json = entry(change.key, now);
    json["change"] = !change.before ? "create" : !change.after ? "delete" : "modify";
    if (change.before) {
      json["old_type"] = cmap_type(*change.before);
      json["old_value"] = cmap_text(*change.before);
    }
    changes_.push_back(one_line(json));
  }

  KeyMap& maps_;
  bool polled_, begun_ = false;
  std::deque<std::string> changes_;
  std::shared_ptr<void> tracked_;
};

}  // namespace

Topics KeyMap::topics() {
  const auto topic = [this](Answer (KeyMap::*method)(const Asked&)) {
    return [this, method](const Asked& asked) {
      refresh(asked.snapshot);
      return (this->*method)(asked);
    };
  };
  return {{"cmap.get", topic(&KeyMap::get)},
          {"cmap.list", topic(&KeyMap::list)},
          {"cmap.set", topic(&KeyMap::set)},
          {"cmap.delete", topic(&KeyMap::remove)},
          {"cmap.track", topic(&KeyMap::track)}};
}

Cmap* KeyMap::find(std::string_view map) noexcept {
  return map == "icmap" ? &icmap_ : map == "stats" ? &stats_ : nullptr;
}

Answer KeyMap::get(const Asked& asked) {
  if (asked.arguments.size() != 2) return wrong_arguments("map key");
  const Cmap* map = find(asked.arguments[0]);
  if (!map) return no_map(asked.arguments[0]);
  const std::string& key = asked.arguments[1];
  const CmapValue* value = map->find(key);
  return value ? one_line(entry(key, *value)) : failed(CmapStatus::missing, key);
}

Answer KeyMap::list(const Asked& asked) {
  if (asked.arguments.size() != 2) return wrong_arguments("map prefix");
  const Cmap* map = find(asked.arguments[0]);
  if (!map) return no_map(asked.arguments[0]);
  Json entries = Json::array();
  map->each(asked.arguments[1], [&](const std::string& key, const CmapValue& value) {
    entries.push_back(entry(key, value));
  });
  return one_line({{"entries", std::move(entries)}});
}

Answer KeyMap::set(const Asked& asked) {
  if (asked.arguments.size() != 4) return wrong_arguments("map key type value");
  CmapReading reading = read_cmap_value(asked.arguments[2], asked.arguments[3]);
  if (!reading.value) return failure("CS_ERR_INVALID_PARAM", reading.complaint);
  return change(asked, std::move(reading.value));
}

Answer KeyMap::remove(const Asked& asked) {
  if (asked.arguments.size() != 2) return wrong_arguments("map key");
  return change(asked, std::nullopt);
}

// By a program: to a value or, without one, to nothing.
Answer KeyMap::change(const Asked& asked, std::optional<CmapValue> value) {
  const std::string &map = asked.arguments[0], &key = asked.arguments[1];
  if (!find(map)) return no_map(map);
  const auto refused = [&](std::string_view error, std::string_view reason) {
    return failure(error,
                   fmt::format("{} cannot be {}: {}", key, value ? "set" : "deleted", reason));
  };
  if (value && !valid_cmap_key(key)) return failed(CmapStatus::bad_key, key);
  if (!value && !find(map)->find(key)) return failed(CmapStatus::missing, key);
  if (map == "stats" && value && key.starts_with(clear_prefix) &&
      counted_.clear(std::string_view(key).substr(clear_prefix.size()), asked.snapshot))
    return failed(CmapStatus::ok, key);
  if (map == "stats") return refused("CS_ERR_ACCESS", "what was counted is only read");
  const CmapRule rule = cmap_rule(key);
  switch (rule.use) {
    case CmapUse::read_only:
      return refused("CS_ERR_ACCESS", rule.reason);
    case CmapUse::gather:
      if (!value) return refused("CS_ERR_ACCESS", "it is a command");
      if (!is_text(value, "yes")) return refused("CS_ERR_INVALID_PARAM", "it takes str yes");
      return Order{.command = {.kind = Command::Kind::gather}};
    case CmapUse::wait:
      if (!value) return refused("CS_ERR_ACCESS", "it is a command");
      if (*value != CmapValue(std::uint8_t{1}))
        return refused("CS_ERR_INVALID_PARAM", "it takes u8 1");
      return Order{
          .command = {.kind = Command::Kind::votes,
                      .votes = {.what = membership::wire::Votes::What::cancel_wait_for_all}}};
    case CmapUse::debug:
      if (!value) return refused("CS_ERR_ACCESS", "set it to off");
      if (!is_text(value, "on") && !is_text(value, "off") && !is_text(value, "trace"))
        return refused("CS_ERR_INVALID_PARAM", "it takes str on, off or trace");
      set_debug_(!is_text(value, "off"));
      break;
    case CmapUse::admit:
      if (value && !std::holds_alternative<std::uint8_t>(*value))
        return refused("CS_ERR_INVALID_PARAM", "it takes u8 1, or u8 0");
      break;
    case CmapUse::free:
      break;
  }
  return failed(value ? icmap_.set(key, std::move(*value)) : icmap_.remove(key), key);
}

Answer KeyMap::track(const Asked& asked) {
  if (asked.arguments.size() != 3 ||
      (asked.arguments[1] != "key" && asked.arguments[1] != "prefix"))
    return wrong_arguments("map key|prefix name");
  Cmap* map = find(asked.arguments[0]);
  if (!map) return no_map(asked.arguments[0]);
  return std::make_unique<Tracking>(*this, *map, asked.arguments[2], asked.arguments[1] == "prefix",
                                    map == &stats_);
}

}  // namespace gyre::node
