// What a list of measurements says: percentiles, spread, and how sure a ratio is.
#pragma once

#include <span>
#include <vector>

namespace gyre::bench {

// 0 for no values. `share` is 0 to 1; 0.5 is the median.
double percentile(std::span<const double> sorted, double share) noexcept;
double median(std::vector<double> values);
double mean(std::span<const double> values) noexcept;

// Median, quartiles, and the interval in which the median lies with 95 % by bootstrap: the values
// drawn again, with repetition, by a generator of fixed seed.
struct Spread {
  double median = 0, quartile_low = 0, quartile_high = 0;
  double sure_low = 0, sure_high = 0;
};
Spread spread(std::vector<double> values);

}  // namespace gyre::bench
