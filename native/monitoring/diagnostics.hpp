// What a set of series, one per chain, tells about how the chains mix. All from
//   Vehtari, Gelman, Simpson, Carpenter & Buerkner, "Rank-normalization, folding, and localization", Bayesian Analysis 16 (2021), 667:
//   split-R-hat (eq. 1 to 4, every chain cut in two; Gelman et al., Bayesian Data Analysis, 3rd ed. 2013, section 11.4), the autocorrelation
//   of several chains (eq. 10) and the effective sample size (eq. 11 to 13), its sum cut off by the initial monotone positive sequence
//   of Geyer, Statistical Science 7 (1992), 473, section 3.3.
// Deviations: no ranks (energies have light tails); autocovariances by their definition, as the series are short.
#pragma once
#include <cstddef>
#include <vector>

namespace boltzkit {

// Numbers of several chains over time.
struct Series {
  std::size_t chains, length;
  std::vector<double> values;  // [chains, length], row-major
};

struct Mixing {
  double autocorrelationTime;  // 1 + 2 sum of the autocorrelations, in steps; 1: independent
  double effectiveSampleSize;  // chains x length / autocorrelationTime
  double splitRhat;            // 1: chains agree
};

// At least four steps, and values that are finite; otherwise NaN throughout. A series that never moves counts as mixed.
Mixing mixingOf(const Series& series);

// Whether the mean over the chains moves: its mean in the later half of the series minus that in the earlier one, and the standard error of
// that difference from the spread between the chains, which are independent of each other.
struct Trend {
  double value, standardError;
};
Trend trendOf(const Series& series);

}  // namespace boltzkit
