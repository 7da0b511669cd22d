#include "bench/numbers.hh"

#include <algorithm>
#include <numeric>
#include <random>

namespace gyre::bench {

double percentile(std::span<const double> sorted, double share) noexcept {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return percentile(values, 0.5);
}

double mean(std::span<const double> values) noexcept {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Spread spread(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  constexpr int draws = 2000;
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::size_t> which(0, values.size() - 1);
  std::vector<double> medians, drawn(values.size());
  for (int draw = 0; draw < draws; ++draw) {
    for (double& value : drawn) value = values[which(random)];
    medians.push_back(median(drawn));
  }
  std::ranges::sort(medians);
  return {.median = percentile(values, 0.5),
          .quartile_low = percentile(values, 0.25),
          .quartile_high = percentile(values, 0.75),
          .sure_low = percentile(medians, 0.025),
          .sure_high = percentile(medians, 0.975)};
}

}  // namespace gyre::bench
