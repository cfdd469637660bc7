// Latent values behind ordinal ratings: a rating has the value j where the latent value, normal around
// f with the precision alpha, lies between the cut points c_(j-1) and c_j (Albert & Chib 1993).
#pragma once
#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "core/random.hpp"

namespace boltzkit::ratings {

// The standard normal's distribution, density and quantile (Wichura 1988, algorithm AS 241: 16 digits).
double normalBelow(double x);
double normalDensity(double x);
double normalQuantile(double p);

// A draw of a standard normal between low and high, low < high, by inversion of u in (0, 1); and its mean.
double truncatedNormal(double u, double low, double high);
double truncatedMean(double low, double high);

// Cut points and what they cut.
struct CutScale {
  std::span<const double> values;  // rising
  std::span<const double> cuts;    // [values - 1], rising
  double noise;                    // alpha

  std::size_t place(double value) const {
    const std::size_t at = std::lower_bound(values.begin(), values.end(), value) - values.begin();
    return std::min(at, values.size() - 1);
  }
  double low(std::size_t j) const { return j == 0 ? -std::numeric_limits<double>::infinity() : cuts[j - 1]; }
  double high(std::size_t j) const { return j + 1 == values.size() ? std::numeric_limits<double>::infinity() : cuts[j]; }
};

}  // namespace boltzkit::ratings
