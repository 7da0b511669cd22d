#include "rm/control/messages.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "rm/cib/scan.hh"
#include "rm/control/compression.hh"

namespace gyre::rm::control {

namespace {

using nlohmann::json;

// The fields of each, by name: for who writes them and for who reads them.
void fields(auto& m, auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, Hello> {
  f("view", m.view), f("name", m.name), f("software", m.software), f("executor", m.executor),
      f("lineage", m.lineage);
  f("admin_epoch", m.version.admin_epoch), f("epoch", m.version.epoch);
  f("num_updates", m.version.num_updates), f("digest", m.digest), f("quorate", m.quorate);
  f("live", m.live), f("feature_set", m.feature_set);
}
void fields(auto& m, auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, Piece> {
  f("view", m.view), f("number", m.number), f("of", m.of);
}
void fields(auto& m,
            auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, OwnHistory> {
  f("view", m.view), f("executor", m.executor), f("what", m.what), f("state", m.state);
}
void fields(auto& m,
            auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, Configure> {
  f("user", m.user), f("client", m.client), f("written", m.written);
  f("difference", m.difference);
}
void fields(auto& m,
            auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, AttributeChange> {
  f("node", m.node), f("name", m.name), f("value", m.value);
  f("until_reboot", m.until_reboot);
}
void fields(auto& m, auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, Cleanup> {
  f("resource", m.resource), f("node", m.node);
  f("operation", m.operation), f("interval_ms", m.interval_ms);
  f("failures_only", m.failures_only);
}
void fields(auto& m, auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, Confirm> {
  f("node", m.node), f("now", m.now);
}
void fields(auto& m, auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, Begin> {
  auto& o = m.operation;
  f("view", m.view), f("epoch", m.epoch), f("node", m.node), f("now", m.now);
  f("needs_quorum", m.needs_quorum), f("cancelled_task", m.cancelled_task);
  f("key", o.key), f("resource", o.resource), f("standard", o.standard);
  f("provider", o.provider), f("type", o.type), f("task", o.task), f("interval", o.interval);
  f("timeout", o.timeout), f("delay", o.delay), f("parameters", o.parameters);
  f("target", o.target), f("fencing", m.fencing), f("level", m.level), f("completes", m.completes);
}
void fields(auto& m,
            auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, NotFenced> {
  f("view", m.view), f("target", m.target), f("fencing", m.fencing), f("why", m.why);
  f("epoch", m.epoch), f("now", m.now), f("again", m.again);
}
void fields(auto& m, auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, Taken> {
  f("view", m.view), f("key", m.key);
}
void fields(auto& m, auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, Result> {
  auto& o = m.outcome;
  f("node", m.node), f("key", o.key), f("status", o.status);
  f("rc", o.rc), f("exit_reason", o.exit_reason), f("output", o.output), f("began", o.began);
  f("ran", o.ran), f("queued", o.queued);
}
void fields(auto& m, auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, Kept> {
  f("lineage", m.lineage), f("admin_epoch", m.admin_epoch), f("epoch", m.epoch);
}

void fields(auto& m, auto&& f) requires std::is_same_v<std::remove_cvref_t<decltype(m)>, Compare> {
  f("view", m.view), f("digest", m.digest);
}

constexpr std::array kinds = {"hello",   "piece",      "own-history", "configure", "attribute",
                              "forget",  "confirm",    "begin",       "result",    "kept",
                              "compare", "not-fenced", "taken"};
static_assert(kinds.size() == std::variant_size_v<Message>);

// What is longer goes compressed, behind a byte that no object begins with.
constexpr std::size_t plain_max = 16 * 1024;
constexpr char compressed_mark = 'z';

struct Writer {
  json& to;

  void operator()(const char* name, const auto& value) const { to[name] = plain(value); }

  static const auto& plain(const auto& value) { return value; }
  static json plain(std::chrono::milliseconds value) { return value.count(); }
  static json plain(const std::optional<std::string>& value) {
    return value ? json(*value) : json();
  }
  static json plain(const std::optional<std::int64_t>& value) {
    return value ? json(*value) : json();
  }
  static json plain(OwnHistory::What value) { return static_cast<int>(value); }
  static json plain(Outcome::Status value) { return static_cast<int>(value); }
};

// Throws json::exception when a field is missing or of another type.
struct Reader {
  const json& from;

  void operator()(const char* name, auto& value) const { read(from.at(name), value); }

  static void read(const json& at, bool& value) {
    at.get_ref<const json::boolean_t&>(), value = at;
  }
  static void read(const json& at, std::string& value) { value = at.get_ref<const std::string&>(); }
  static void read(const json& at, std::int64_t& value) {
    if (!at.is_number_integer()) throw json::other_error::create(501, "no whole number", &at);
    value = at.get<std::int64_t>();
  }
  static void read(const json& at, std::uint64_t& value) {
    value = at.get_ref<const json::number_unsigned_t&>();
  }
  static void read(const json& at, std::chrono::milliseconds& value) {
    std::int64_t count = 0;
    read(at, count);
    value = std::chrono::milliseconds(count);
  }
  template <typename T>
  static void read(const json& at, std::optional<T>& value) {
    if (at.is_null()) return value.reset();
    read(at, value.emplace());
  }
  template <typename T>
  requires std::is_enum_v<T>
  static void read(const json& at, T& value) {
    std::int64_t number = 0;
    read(at, number);
    value = static_cast<T>(number);
  }
  static void read(const json& at, int& value) {
    std::int64_t number = 0;
    read(at, number);
    value = static_cast<int>(number);
  }
  static void read(const json& at, Parameters& value) {
    for (const json& each : at.get_ref<const json::array_t&>())
      value.emplace_back(each.at(0).get_ref<const std::string&>(),
                         each.at(1).get_ref<const std::string&>());
  }
};

template <std::size_t Kind = 0>
Message read(std::size_t kind, const json& from) {
  if constexpr (Kind == std::variant_size_v<Message>) {
    throw json::other_error::create(501, "no kind of message", &from);
  } else {
    if (kind != Kind) return read<Kind + 1>(kind, from);
    std::variant_alternative_t<Kind, Message> message;
    fields(message, Reader{from});
    return message;
  }
}

}  // namespace

std::string to_text(const Place& place) {
  return fmt::format("{}.{}.{}", place.ring, place.seq, place.index);
}

std::string encode(std::uint64_t serial, const Message& message) {
  json to = {{"kind", kinds[message.index()]}, {"serial", serial}};
  std::visit([&](const auto& each) { fields(each, Writer{to}); }, message);
  std::string text = to.dump(-1, ' ', false, json::error_handler_t::replace);
  if (const auto* piece = std::get_if<Piece>(&message)) {
    text += '\0';
    text += piece->bytes;
  } else if (text.size() > plain_max) {
    return compressed_mark + compress(text);
  }
  return text;
}

std::optional<Envelope> decode(std::string_view payload) {
  if (payload.starts_with(compressed_mark)) {
    const auto text = decompress(payload.substr(1), document_size_max);
    if (!text || !text->starts_with('{')) return std::nullopt;
    auto envelope = decode(*text);
    // Its bytes would be those of the text, which is gone.
    if (envelope && std::holds_alternative<Piece>(envelope->message)) return std::nullopt;
    return envelope;
  }
  const auto end = payload.find('\0');
  const json from = json::parse(payload.substr(0, end), nullptr, false);
  if (!from.is_object()) return std::nullopt;
  try {
    const auto kind = std::ranges::find(kinds, from.at("kind").get_ref<const std::string&>());
    Envelope envelope{0, read(static_cast<std::size_t>(kind - kinds.begin()), from)};
    Reader{from}("serial", envelope.serial);
    if (auto* piece = std::get_if<Piece>(&envelope.message); piece && end != payload.npos)
      piece->bytes = payload.substr(end + 1);
    return envelope;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace gyre::rm::control
