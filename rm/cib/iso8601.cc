#include "rm/cib/iso8601.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace gyre::rm {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int year_min = 1, year_max = 9999;
constexpr Seconds minute = 60, hour = 60 * minute, day = 24 * hour;

Seconds midnight(year_month_day date) {
  return sys_days(date).time_since_epoch().count() * day;
}
Seconds first_instant() {
  return midnight(std::chrono::year(year_min) / std::chrono::January / 1);
}
Seconds last_instant() {
  return midnight(std::chrono::year(year_max) / std::chrono::December / 31) + day - 1;
}

sys_days new_year(int year) {
  return std::chrono::year(year) / std::chrono::January / 1;
}

// The Monday of the week that has the year's first Thursday, and with it January 4th.
sys_days first_monday(int year) {
  const sys_days fourth = std::chrono::year(year) / std::chrono::January / 4;
  return fourth - days(std::chrono::weekday(fourth).iso_encoding() - 1);
}

// Reads a text from its beginning.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool at_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  bool at(char c) const { return rest_.starts_with(c); }
  std::size_t digits() const {
    return std::min(rest_.find_first_not_of("0123456789"), rest_.size());
  }
  bool take(char c) {
    if (!at(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::size_t skip_blanks() {
    const auto count = std::min(rest_.find_first_not_of(' '), rest_.size());
    rest_.remove_prefix(count);
    return count;
  }
  // Exactly that many digits.
  std::optional<int> number(std::size_t width) {
    int value = 0;
    if (rest_.size() < width) return std::nullopt;
    for (std::size_t i = 0; i < width; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(width);
    return value;
  }

 private:
  std::string_view rest_;
};

// Behind the year: the separator, if there is one, decides for all of the date.
std::optional<sys_days> read_date(Reader& text) {
  const auto y = text.number(4);
  if (!y || *y < year_min) return std::nullopt;
  const bool dashes = text.take('-');
  if (text.take('W')) {
    const auto week = text.number(2);
    if (!week || (dashes && !text.take('-'))) return std::nullopt;
    const auto week_day = text.number(1);
    if (!week_day || *week < 1 || *week_day < 1 || *week_day > 7) return std::nullopt;
    const sys_days monday = first_monday(*y) + days(7 * (*week - 1));
    if (monday >= first_monday(*y + 1)) return std::nullopt;
    return monday + days(*week_day - 1);
  }
  if (text.digits() == 3) {
    const auto date = new_year(*y) + days(text.number(3).value_or(0) - 1);
    if (date < new_year(*y) || date >= new_year(*y + 1)) return std::nullopt;
    return date;
  }
  const auto m = text.number(2);
  if (!m || (dashes && !text.take('-'))) return std::nullopt;
  const auto d = text.number(2);
  if (!d) return std::nullopt;
  const auto date = std::chrono::year(*y) / *m / *d;
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

// "15", "15:10", "15:10:52", the same without colons.
std::optional<Seconds> read_clock(Reader& text) {
  const auto h = text.number(2);
  if (!h || *h > 24) return std::nullopt;
  Seconds of_day = *h * hour;
  const bool colons = text.at(':');
  for (const Seconds unit : {minute, Seconds{1}}) {
    if (colons ? !text.take(':') : !text.at_digit()) break;
    const auto part = text.number(2);
    // The sixtieth second of a minute, too: a leap second.
    if (!part || *part > (unit == 1 ? 60 : 59)) return std::nullopt;
    of_day += *part * unit;
  }
  if (of_day > day) return std::nullopt;
  return of_day;
}

std::optional<Seconds> read_time(Reader& text) {
  const auto of_day = read_clock(text);
  if (!of_day) return std::nullopt;
  if (text.take('.') || text.take(',')) {
    if (!text.at_digit()) return std::nullopt;
    while (text.at_digit()) text.number(1);
  }
  return of_day;
}

// Seconds east of UTC.
std::optional<Seconds> read_zone(Reader& text) {
  if (text.done() || text.take('Z')) return 0;
  const bool west = text.at('-');
  if (!text.take('-') && !text.take('+')) return std::nullopt;
  const auto h = text.number(2);
  const bool colon = text.take(':');
  const auto m = text.done() && !colon ? std::optional(0) : text.number(2);
  if (!h || !m || *h > 24 || *m > 59) return std::nullopt;
  const Seconds offset = *h * hour + *m * minute;
  return west ? -offset : offset;
}

std::int64_t plus(std::int64_t sum, std::int64_t count, std::int64_t unit) {
  std::int64_t part = 0;
  constexpr auto most = std::int64_t{1} << 60;  // beyond every year that counts
  if (__builtin_mul_overflow(count, unit, &part)) part = count > 0 ? most : -most;
  return std::clamp(sum + std::clamp(part, -most, most), -most, most);
}

}  // namespace

std::optional<Seconds> parse_instant(std::string_view written) noexcept {
  Reader text(written);
  text.skip_blanks();
  const auto date = read_date(text);
  if (!date) return std::nullopt;
  Seconds instant = date->time_since_epoch().count() * day;
  const bool blank = text.skip_blanks() > 0;
  if (text.done()) return instant;
  if (!text.take('T') && !blank) return std::nullopt;
  const auto of_day = read_time(text);
  if (!of_day) return std::nullopt;
  text.skip_blanks();
  const auto zone = read_zone(text);
  if (!zone || !text.done()) return std::nullopt;
  return std::clamp(instant + *of_day - *zone, first_instant(), last_instant());
}

std::optional<Duration> parse_duration(std::string_view written) noexcept {
  struct Unit {
    char name;
    bool of_day;
    std::int64_t Duration::*part;
  };
  static constexpr std::array<Unit, 7> units = {{{'Y', false, &Duration::years},
                                                 {'M', false, &Duration::months},
                                                 {'W', false, &Duration::weeks},
                                                 {'D', false, &Duration::days},
                                                 {'H', true, &Duration::hours},
                                                 {'M', true, &Duration::minutes},
                                                 {'S', true, &Duration::seconds}}};
  constexpr std::size_t digits_max = 9;
  Reader text(written);
  if (!text.take('P')) return std::nullopt;
  Duration duration;
  bool of_day = false, empty = true;
  for (std::size_t next = 0; !text.done() || empty;) {
    if (!of_day && text.take('T')) {
      of_day = empty = true;
      continue;
    }
    const std::size_t width = text.digits();
    if (width == 0 || width > digits_max) return std::nullopt;
    const auto value = text.number(width);
    while (next < units.size() && (units[next].of_day != of_day || !text.at(units[next].name)))
      ++next;
    if (next == units.size()) return std::nullopt;
    text.take(units[next].name);
    duration.*units[next++].part = *value;
    empty = false;
  }
  return duration;
}

Seconds add(Seconds instant, const Duration& duration) noexcept {
  instant = std::clamp(instant, first_instant(), last_instant());
  const auto date =
      std::chrono::floor<days>(std::chrono::sys_seconds(std::chrono::seconds(instant)));
  const Seconds of_day = instant - date.time_since_epoch().count() * day;
  const year_month_day from(date);
  const std::int64_t months_before =
      (int{from.year()} * 12LL) + (static_cast<unsigned>(from.month()) - 1);
  const std::int64_t months =
      std::clamp<std::int64_t>(plus(plus(months_before, duration.years, 12), duration.months, 1),
                               year_min * 12, year_max * 12 + 11);
  const auto month = std::chrono::year(static_cast<int>(months / 12)) /
                     std::chrono::month(static_cast<unsigned>(months % 12) + 1);
  const auto last = (month / std::chrono::last).day();
  Seconds sum = midnight(month / std::min(from.day(), last)) + of_day;
  sum = plus(sum, duration.weeks, 7 * day);
  sum = plus(sum, duration.days, day);
  sum = plus(sum, duration.hours, hour);
  sum = plus(sum, duration.minutes, minute);
  sum = plus(sum, duration.seconds, 1);
  return std::clamp(sum, first_instant(), last_instant());
}

Civil civil(Seconds instant) noexcept {
  instant = std::clamp(instant, first_instant(), last_instant());
  const auto date =
      std::chrono::floor<days>(std::chrono::sys_seconds(std::chrono::seconds(instant)));
  const int of_day = static_cast<int>(instant - date.time_since_epoch().count() * day);
  const year_month_day on(date);
  const int year = int{on.year()};
  const int week_year =
      date < first_monday(year) ? year - 1 : year + (date >= first_monday(year + 1) ? 1 : 0);
  const auto count = [](days span) { return static_cast<int>(span.count()); };
  return {.year = year,
          .month = static_cast<int>(static_cast<unsigned>(on.month())),
          .day = static_cast<int>(static_cast<unsigned>(on.day())),
          .hour = of_day / 3600,
          .minute = of_day / 60 % 60,
          .second = of_day % 60,
          .year_day = count(date - new_year(year)) + 1,
          .week_year = week_year,
          .week = count(date - first_monday(week_year)) / 7 + 1,
          .week_day = static_cast<int>(std::chrono::weekday(date).iso_encoding())};
}

}  // namespace gyre::rm
