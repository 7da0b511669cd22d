// The log. The reactor writes down what happened as plain data; the helper thread makes words of
// it.
//
// A LogRecord holds its format (a literal, checked when it is compiled), the time and the values,
// with texts copied into the record. Log puts records into a queue and counts those for which there
// was no room. LogWriter formats them and knows the destinations; it belongs to one thread at a
// time.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "node/spsc.hh"
#include "transport/time.hh"

namespace gyre::node {

struct LoggingConfig;

enum class LogLevel : std::uint8_t { debug, info, warning, error, critical };

struct LogValue {
  enum class Kind : std::uint8_t { signed_number, unsigned_number, text } kind{};
  std::uint8_t begin = 0, size = 0;  // of a text, in the record's own bytes
  std::uint64_t number = 0;
};

struct LogRecord {
  static constexpr std::size_t values_max = 8;
  static constexpr std::size_t text_max = 160;  // bytes of all texts; what is longer is cut

  std::string_view format;  // static storage
  Time when{};
  LogLevel level{};
  std::uint8_t value_count = 0, text_size = 0;
  std::array<LogValue, values_max> values{};
  std::array<char, text_max> text{};

  void add(std::signed_integral auto number) noexcept {
    values[value_count++] = {LogValue::Kind::signed_number, 0, 0,
                             static_cast<std::uint64_t>(std::int64_t{number})};
  }
  void add(std::unsigned_integral auto number) noexcept {
    values[value_count++] = {LogValue::Kind::unsigned_number, 0, 0, number};
  }
  void add(std::string_view words) noexcept {
    const auto size = static_cast<std::uint8_t>(std::min(words.size(), text_max - text_size));
    if (size) std::memcpy(text.data() + text_size, words.data(), size);
    values[value_count++] = {LogValue::Kind::text, text_size, size, 0};
    text_size = static_cast<std::uint8_t>(text_size + size);
  }
};

template <typename... Values>
LogRecord make_record(Time when, LogLevel level,
                      fmt::format_string<std::type_identity_t<const Values&>...> format,
                      const Values&... values) noexcept {
  static_assert(sizeof...(Values) <= LogRecord::values_max);
  const fmt::string_view words = format;  // of a literal: the constructor is consteval
  LogRecord record;
  record.format = {words.data(), words.size()};
  record.when = when;
  record.level = level;
  (record.add(values), ...);
  return record;
}

// The reactor's end: never formats, never waits, never allocates.
class Log {
 public:
  explicit Log(std::size_t records = 1024) : queue_(records) {}

  template <typename... Values>
  void write(Time when, LogLevel level,
             fmt::format_string<std::type_identity_t<const Values&>...> format,
             const Values&... values) noexcept {
    write(make_record<Values...>(when, level, format, values...));
  }

  void write(const LogRecord& record) noexcept {
    if (!queue_.push(record))
      dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    pending_ = true;
  }

  // True once after something was written: the helper is to be woken.
  bool take_pending() noexcept { return std::exchange(pending_, false); }

  // The helper's end.
  bool next(LogRecord& record) noexcept { return queue_.pop(record); }
  bool empty() const noexcept { return queue_.empty(); }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  SpscQueue<LogRecord> queue_;
  std::atomic<std::uint64_t> dropped_{0};
  bool pending_ = false;
};

// What a record says, in words. A format that does not fit its values cannot be compiled.
std::string text(const LogRecord&);

class LogWriter {
 public:
  // Opens stderr if `foreground` and the configuration wants it, the file and syslog. Throws
  // std::runtime_error naming the file that cannot be opened.
  LogWriter(const LoggingConfig&, bool foreground);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void write(const LogRecord&);
  void write(LogLevel, std::string_view words);  // now
  // After the file was moved away. If it cannot be opened again, the others get a line saying so.
  void reopen();
  void flush();
  // Other destinations from now on. A file that cannot be opened is told to the others.
  void configure(const LoggingConfig&);
  // Whether every destination takes what is meant for debugging, too.
  void set_debug(bool on);

 private:
  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

}  // namespace gyre::node
