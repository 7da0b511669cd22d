#include "rm/cib/iso8601.hh"

#include <algorithm>
#include <array>
#include <limits>

#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

// Reads a text from its beginning.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool at(char c) const { return rest_.starts_with(c); }
  std::size_t digits() const {
    return std::min(rest_.find_first_not_of("0123456789"), rest_.size());
  }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool take_blanks() {
    const auto count = std::min(rest_.find_first_not_of(' '), rest_.size());
    rest_.remove_prefix(count);
    return count > 0;
  }
  // As many digits as there are, up to `width`, nine at most; fewer only if `loose`.
  std::optional<int> number(std::size_t width, bool loose = false) {
    const std::size_t count = std::min(digits(), width);
    if (count == 0 || (count < width && !loose)) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, count)) value = value * 10 + (c - '0');
    rest_.remove_prefix(count);
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<sys_days> read_week(Reader& text, int year, bool dashes) {
  const auto week = text.number(2, dashes);
  if (!week || (dashes && !text.take("-"))) return std::nullopt;
  const auto day = text.number(1);
  if (!day || *week < 1 || *day < 1 || *day > 7) return std::nullopt;
  const sys_days monday = first_monday(year) + days(7 * (*week - 1));
  if (monday >= first_monday(year + 1)) return std::nullopt;
  return monday + days(*day - 1);
}

std::optional<sys_days> read_date(Reader& text) {
  const auto year = text.number(4);
  if (!year || *year < year_min) return std::nullopt;
  const bool dashes = text.take("-");
  if (text.take("W")) return read_week(text, *year, dashes);
  if (text.digits() == 3) {
    const sys_days date = new_year(*year) + days(*text.number(3) - 1);
    if (date < new_year(*year) || date >= new_year(*year + 1)) return std::nullopt;
    return date;
  }
  const auto month = text.number(2, dashes);
  if (!month || (dashes && !text.take("-"))) return std::nullopt;
  const auto day = text.number(2, dashes);
  if (!day) return std::nullopt;
  const auto date = std::chrono::year(*year) / *month / *day;
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

// Seconds since midnight, at most 24 hours.
std::optional<Seconds> read_time(Reader& text) {
  const auto hours = text.number(2, true);
  if (!hours) return std::nullopt;
  Seconds of_day = *hours * hour_s;
  const bool colons = text.at(':');
  for (const Seconds unit : {minute_s, Seconds{1}}) {
    if (colons ? !text.take(":") : text.digits() == 0) break;
    const auto part = text.number(2, colons);
    if (!part || *part > 59) return std::nullopt;
    of_day += *part * unit;
  }
  if (of_day > day_s) return std::nullopt;
  if (text.take(".") || text.take(",")) {
    if (!text.number(1)) return std::nullopt;
    while (text.number(1)) continue;
  }
  return of_day;
}

// Seconds east of UTC.
std::optional<Seconds> read_zone(Reader& text) {
  if (text.take("Z") || text.take("UTC")) return 0;
  const int sign = text.take("-") ? -1 : text.take("+") ? 1 : 0;
  const auto hours = text.number(2, true);
  if (sign == 0 || !hours) return std::nullopt;
  const bool colon = text.take(":");
  const auto minutes = colon || !text.done() ? text.number(2) : 0;
  if (!minutes || *minutes > 59 || *hours > 24) return std::nullopt;
  return sign * (*hours * hour_s + *minutes * minute_s);
}

}  // namespace

std::optional<Seconds> parse_instant(std::string_view written, Seconds utc_offset) noexcept {
  Reader text(written);
  const auto date = read_date(text);
  if (!date) return std::nullopt;
  Seconds instant = midnight(*date);
  const bool blank = text.take_blanks();
  if (!text.done()) {
    if (!text.take("T") && !blank) return std::nullopt;
    const auto of_day = read_time(text);
    if (!of_day) return std::nullopt;
    instant += *of_day;
  }
  text.take_blanks();
  if (text.done()) return within_years(instant - utc_offset);
  const auto zone = read_zone(text);
  if (!zone || !text.done()) return std::nullopt;
  return within_years(instant - *zone);
}

std::optional<Duration> parse_duration(std::string_view written) noexcept {
  struct Unit {
    std::string_view name;
    bool of_day;  // behind the "T"
    std::int64_t Duration::*part;
  };
  static constexpr std::array<Unit, 7> units = {{{"Y", false, &Duration::years},
                                                 {"M", false, &Duration::months},
                                                 {"W", false, &Duration::weeks},
                                                 {"D", false, &Duration::days},
                                                 {"H", true, &Duration::hours},
                                                 {"M", true, &Duration::minutes},
                                                 {"S", true, &Duration::seconds}}};
  constexpr std::size_t digits_max = 9;
  Reader text(written);
  if (!text.take("P")) return std::nullopt;
  Duration duration;
  bool of_day = false;
  auto unit = units.begin();  // each once, in this order
  do {
    if (!of_day) of_day = text.take("T");
    if (text.digits() > digits_max) return std::nullopt;
    const auto value = text.number(digits_max, true);
    if (!value) return std::nullopt;
    unit = std::find_if(unit, units.end(), [&](const Unit& next) {
      const bool fits = next.of_day == of_day || (next.of_day && next.name != "M");
      return fits && text.take(next.name);
    });
    if (unit == units.end()) return std::nullopt;
    duration.*(unit++)->part = *value;
  } while (!text.done());
  return duration;
}

std::optional<std::int64_t> parse_interval_ms(std::string_view written) noexcept {
  if (const auto plain = parse_duration_ms(written)) return plain;
  const auto duration = parse_duration(written);
  if (!duration) return std::nullopt;
  const auto& [years, months, weeks, days, hours, minutes, seconds] = *duration;
  const Seconds sum = (years * 365 + months * 30 + weeks * 7 + days) * day_s + hours * hour_s +
                      minutes * minute_s + seconds;
  return std::min(sum, std::numeric_limits<std::int64_t>::max() / 1000) * 1000;
}

}  // namespace gyre::rm
