#include "bench/plot.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <iterator>
#include <system_error>

namespace gyre::bench {
namespace {

constexpr double width = 720, height = 420, left = 70, right = 150, top = 40, bottom = 60;
constexpr std::array colours = {"#0b6e99", "#b3541e", "#3a7d34", "#7a4fa0", "#8a6d00", "#444444"};

// Where values lie between two ends in pixels.
struct Scale {
  double low = 1, high = 10, begin = 0, end = 1;
  double operator()(double value) const {
    const double share = std::log(value / low) / std::log(high / low);
    return begin + share * (end - begin);
  }
};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

using Out = std::back_insert_iterator<std::string>;

void write(Out out, double x, double y, const char* anchor, const std::string& text) {
  fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y,
                 anchor, escaped(text));
}

void line(Out out, double x1, double y1, double x2, double y2) {
  fmt::format_to(out,
                 "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
                 "stroke=\"#dddddd\"/>\n",
                 x1, y1, x2, y2);
}

void draw(Out out, const Curve& curve, std::size_t number, const Scale& x, const Scale& y) {
  const char* const colour = colours[number % colours.size()];
  fmt::format_to(out, "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" points=\"", colour);
  for (const auto& [across, up] : curve.points)
    fmt::format_to(out, "{:.1f},{:.1f} ", x(across), y(up));
  fmt::format_to(out, "\"/>\n");
  const double at = top + 20 * static_cast<double>(number);
  fmt::format_to(out, "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"4\" fill=\"{}\"/>\n",
                 width - right + 12, at + 4, colour);
  write(out, width - right + 30, at + 10, "start", curve.name);
}

[[noreturn]] void fail(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), path);
}

std::pair<double, double> ends(const std::vector<std::pair<double, std::string>>& marks) {
  return {marks.front().first, marks.back().first};
}

}  // namespace

std::vector<std::pair<double, std::string>> round_marks(double low, double high) {
  std::vector<std::pair<double, std::string>> marks;
  for (double power = std::pow(10, std::floor(std::log10(low)));; power *= 10) {
    for (const double step : {1.0, 2.0, 5.0}) {
      const double value = step * power;
      if (value <= low) marks.clear();
      marks.emplace_back(value, fmt::format("{:.6g}", value));
      if (value >= high && marks.size() > 1) return marks;
    }
  }
}

std::string plot(const std::string& title, const Axis& across, const std::vector<Curve>& curves) {
  double low = HUGE_VAL, high = 0;
  for (const Curve& curve : curves)
    for (const auto& point : curve.points) {
      low = std::min(low, point.second);
      high = std::max(high, point.second);
    }
  if (high <= 0) low = high = 1;
  const auto marks = round_marks(low, high);
  const auto [first, last] = ends(across.marks);
  const auto [least, most] = ends(marks);
  const Scale x{first, last, left, width - right}, y{least, most, height - bottom, top};

  std::string svg;
  Out out(svg);
  fmt::format_to(out,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
                 "height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
                 "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
                 width, height);
  write(out, left, top - 16, "start", title);
  for (const auto& [value, text] : across.marks) {
    line(out, x(value), top, x(value), height - bottom);
    write(out, x(value), height - bottom + 18, "middle", text);
  }
  for (const auto& [value, text] : marks) {
    line(out, left, y(value), width - right, y(value));
    write(out, left - 8, y(value) + 4, "end", text);
  }
  write(out, (left + width - right) / 2, height - 16, "middle", across.title);
  for (std::size_t i = 0; i < curves.size(); ++i) draw(out, curves[i], i, x, y);
  return svg += "</svg>\n";
}

void begin_plot(const std::string& path) {
  if (!std::ofstream(path, std::ios::app)) fail(path);
}

void write_plot(const std::string& path, const std::string& svg) {
  std::ofstream file(path);
  file << svg;
  file.close();
  if (!file) fail(path);
}

}  // namespace gyre::bench
