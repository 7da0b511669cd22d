// Chance from one seed, alike on every machine and with every compiler.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>

#include "transport/time.hh"

namespace gyre::sim {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {  // splitmix64 (Steele, Lea, Flood, 2014)
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  Dice split() { return Dice(next()); }

  // 0 … n-1; n is not 0.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  bool chance(double probability) { return probability > 0 && fraction() < probability; }

  Duration between(Duration low, Duration high) {
    return Duration(static_cast<std::int64_t>(between(static_cast<std::uint64_t>(low.count()),
                                                      static_cast<std::uint64_t>(high.count()))));
  }
  // As likely to lie between 1 and 2 as between 10 and 20.
  double magnitude(double low, double high) { return low * std::pow(high / low, fraction()); }
  Duration magnitude(Duration low, Duration high) {
    return Duration(static_cast<std::int64_t>(
        magnitude(static_cast<double>(low.count()), static_cast<double>(high.count()))));
  }
  Duration exponential(Duration mean) {
    return Duration(
        static_cast<std::int64_t>(-std::log1p(-fraction()) * static_cast<double>(mean.count())));
  }
  template <typename T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[below(choices.size())];
  }

 private:
  std::uint64_t state_;
};

// What a run did, as one number: the same seed and program give the same.
class TraceHash {
 public:
  void add(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15 ^ (hash_ >> 29); }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace gyre::sim
