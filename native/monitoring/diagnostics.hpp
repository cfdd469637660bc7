// Measures of how well chains mix, from one series per chain. All from
//   Vehtari, Gelman, Simpson, Carpenter & Buerkner, "Rank-normalization, folding, and
//   localization", Bayesian Analysis 16 (2021), 667:
//  * split-R-hat: eq. 1 to 4, every chain cut in two (Gelman et al., Bayesian Data Analysis, 3rd
//    ed. 2013, section 11.4);
//  * autocorrelation of several chains: eq. 10;
//  * effective sample size: eq. 11 to 13, the sum truncated by the initial monotone positive
//    sequence of Geyer, Statistical Science 7 (1992), 473, section 3.3.
// Deviations: no ranks, since energies have light tails. Autocovariances follow their definition,
// as the series are short.
#pragma once
#include <cstddef>
#include <vector>

namespace boltzkit {

// One number per chain and time step.
struct Series {
  std::size_t chains, length;
  std::vector<double> values;  // [chains, length], row-major
};

struct Mixing {
  double autocorrelationTime;  // 1 + 2 sum of the autocorrelations, in steps; 1: independent
  double effectiveSampleSize;  // chains x length / autocorrelationTime
  double splitRhat;            // 1: chains agree
};

// Needs at least four steps and finite values; otherwise all results are NaN. A series that never
// moves counts as mixed.
Mixing mixingOf(const Series& series);

// The trend of the mean over the chains: its value in the second half of the series minus that in
// the first half. The standard error comes from the differences between chains, which are
// independent. NaN with fewer than two chains or two steps.
struct Trend {
  double value, standardError;
};
Trend trendOf(const Series& series);

}  // namespace boltzkit
