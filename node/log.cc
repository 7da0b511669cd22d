#include "node/log.hh"

#include <fmt/args.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>

#include <chrono>
#include <vector>

#include "node/config.hh"

namespace gyre::node {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  constexpr std::array levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                              spdlog::level::err, spdlog::level::critical};
  return levels[static_cast<std::size_t>(level)];
}

// The least urgent record that a destination takes, from a syslog priority.
spdlog::level::level_enum level_of(std::string_view priority, bool debug) {
  if (debug || priority == "debug") return spdlog::level::debug;
  if (priority == "warning") return spdlog::level::warn;
  if (priority == "err") return spdlog::level::err;
  if (priority == "crit" || priority == "alert" || priority == "emerg")
    return spdlog::level::critical;
  return spdlog::level::info;  // info and notice
}

int facility_of(std::string_view name) {
  struct Facility {
    std::string_view name;
    int number;
  };
  static constexpr Facility facilities[] = {
      {"auth", LOG_AUTH},     {"cron", LOG_CRON},     {"daemon", LOG_DAEMON},
      {"kern", LOG_KERN},     {"lpr", LOG_LPR},       {"mail", LOG_MAIL},
      {"news", LOG_NEWS},     {"syslog", LOG_SYSLOG}, {"user", LOG_USER},
      {"uucp", LOG_UUCP},     {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},
      {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
      {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7}};
  for (const Facility& facility : facilities)
    if (facility.name == name) return facility.number;
  return LOG_DAEMON;
}

// The log's clock is the reactor's monotonic one; what is printed is the calendar's.
spdlog::log_clock::time_point calendar(Time when) {
  const auto age = std::chrono::steady_clock::now().time_since_epoch() - when.time_since_epoch();
  return spdlog::log_clock::now() - std::chrono::duration_cast<spdlog::log_clock::duration>(age);
}

// A record is one line and nothing else, whatever a program or another node put into it.
std::string one_line(std::string_view words) {
  std::string line;
  for (const char c : words)
    if (const auto byte = static_cast<unsigned char>(c); byte < ' ' || byte == 0x7f)
      line += fmt::format("\\x{:02x}", byte);
    else
      line += c;
  return line;
}

}  // namespace

std::string text(const LogRecord& record) {
  fmt::dynamic_format_arg_store<fmt::format_context> values;
  for (std::size_t i = 0; i < record.value_count; ++i) {
    const LogValue& value = record.values[i];
    switch (value.kind) {
      case LogValue::Kind::signed_number:
        values.push_back(static_cast<std::int64_t>(value.number));
        break;
      case LogValue::Kind::unsigned_number:
        values.push_back(value.number);
        break;
      case LogValue::Kind::text:
        values.push_back(std::string_view(record.text.data() + value.begin, value.size));
        break;
    }
  }
  return fmt::vformat(record.format, values);
}

struct LogWriter::Sinks {
  Sinks(const LoggingConfig& wanted, bool in_foreground)
      : config(wanted), foreground(in_foreground) {
    logger = std::make_shared<spdlog::logger>("gyred");
    logger->set_level(spdlog::level::debug);  // each destination has its own
    logger->flush_on(spdlog::level::debug);   // the last lines before a crash are the useful ones
    pattern = config.hires       ? "%Y-%m-%d %H:%M:%S.%e %n[%P] %l: %v"
              : config.timestamp ? "%Y-%m-%d %H:%M:%S %n[%P] %l: %v"
                                 : "%n[%P] %l: %v";
    if (config.to_stderr && foreground) {
      standard_error = std::make_shared<spdlog::sinks::stderr_sink_st>();
      standard_error->set_pattern(pattern);
      add(standard_error, "info");
    }
    if (config.to_syslog) {
      syslog = std::make_shared<spdlog::sinks::syslog_sink_st>(
          "gyred", LOG_PID | LOG_NDELAY, facility_of(config.syslog_facility), false);
      add(syslog, config.syslog_priority);
    }
  }
  bool has_file() const { return config.to_logfile && !config.logfile.empty(); }

  // The level of a destination whose priority is `priority`.
  void add(const spdlog::sink_ptr& sink, std::string_view priority) {
    sink->set_level(level_of(priority, config.debug));
    logger->sinks().push_back(sink);
  }
  void open_file() {
    try {
      file = std::make_shared<spdlog::sinks::basic_file_sink_st>(config.logfile);
    } catch (const spdlog::spdlog_ex& error) {
      throw std::runtime_error("logging.logfile: " + std::string(error.what()));
    }
    file->set_pattern(pattern);
    add(file, config.logfile_priority);
  }

  LoggingConfig config;
  bool foreground;
  std::string pattern;
  std::shared_ptr<spdlog::logger> logger;
  spdlog::sink_ptr standard_error, syslog, file;  // those that there are
};

LogWriter::LogWriter(const LoggingConfig& config, bool foreground)
    : sinks_(std::make_unique<Sinks>(config, foreground)) {
  if (sinks_->has_file()) sinks_->open_file();
}

LogWriter::~LogWriter() = default;

void LogWriter::write(const LogRecord& record) {
  sinks_->logger->log(calendar(record.when), spdlog::source_loc{}, level_of(record.level),
                      one_line(text(record)));
}

void LogWriter::write(LogLevel level, std::string_view words) {
  sinks_->logger->log(level_of(level), one_line(words));
}

void LogWriter::reopen() {
  if (!sinks_->has_file()) return;
  std::erase(sinks_->logger->sinks(), std::exchange(sinks_->file, nullptr));
  try {
    sinks_->open_file();
  } catch (const std::runtime_error& error) {
    write(LogLevel::error, error.what());
  }
}

void LogWriter::configure(const LoggingConfig& config) {
  const bool foreground = sinks_->foreground;
  sinks_.reset();  // of syslog a process has but one, and the old one would close the new one's
  sinks_ = std::make_unique<Sinks>(config, foreground);
  reopen();
}

void LogWriter::set_debug(bool on) {
  LoggingConfig& config = sinks_->config;
  config.debug = on;
  const auto set = [on](const spdlog::sink_ptr& sink, std::string_view priority) {
    if (sink) sink->set_level(level_of(priority, on));
  };
  set(sinks_->standard_error, "info");
  set(sinks_->syslog, config.syslog_priority);
  set(sinks_->file, config.logfile_priority);
}

void LogWriter::flush() {
  sinks_->logger->flush();
}

}  // namespace gyre::node
