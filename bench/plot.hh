// A picture of measurements as SVG: curves over two logarithmic axes.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace gyre::bench {

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;  // from left to right; both above 0
};

// What is written along an axis, and at which of its values there are lines.
struct Axis {
  std::string title;
  std::vector<std::pair<double, std::string>> marks;
};

// Of 1, 2 and 5 times each power of ten from the last one below `low` to the first above `high`.
std::vector<std::pair<double, std::string>> round_marks(double low, double high);

// A whole file; `title` says what goes up, and in which unit. Up go round_marks() of the curves.
std::string plot(const std::string& title, const Axis& across, const std::vector<Curve>& curves);

// Both throw std::system_error, naming the file. One that cannot be written is better known before
// the measurement; what is in it stays until there is something new.
void begin_plot(const std::string& path);
void write_plot(const std::string& path, const std::string& svg);

}  // namespace gyre::bench
