// Annealed importance sampling in both directions.
//   Neal, Statistics and Computing 11 (2001), 125, eq. 3-6.
//   For RBMs: Salakhutdinov & Murray, ICML 2008, section 4.1.
//   In reverse, from samples of the machine: Burda, Grosse & Salakhutdinov, AISTATS 2015.
//   The combination of both directions: likelihood/bennett.hpp.
// A chain starts at s_0 ~ p_0. For k = 1 ... K it takes
//   log w += log p*_k(s_(k-1)) - log p*_(k-1)(s_(k-1)),   s_k ~ T_k(s_(k-1)),   T_k keeps p_k.
// Each increment is computed before the step that follows it, so E[w] = Z_K / Z_0 for any number of
// temperatures. In reverse, from s ~ p_K, E[w] = Z_0 / Z_K. Forward estimates of log Z are
// therefore too low on average, reverse ones too high.
// Deviations: layers are summed out wherever the wiring allows. Log weights are kept in double
// precision. The intermediate distributions may use rounded weights, since E[w] does not depend on
// them; a last increment without a move then leads to the exact machine.
#pragma once
#include <vector>

#include "core/interrupt.hpp"
#include "likelihood/annealing_path.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

class Annealer {
 public:
  // `betas` rise strictly from 0 to 1.
  Annealer(AnnealingPath& path, std::vector<double> betas);

  // Draws `states` from p_0 and anneals them; writes log w per chain. Uses one step of the stream
  // per temperature.
  void forward(States& states, const Round& round, const Cancelled& cancelled, std::span<double> logWeights);
  // Writes log w per chain. `states` must hold samples of the machine; they are overwritten.
  void reverse(States& states, const Round& round, const Cancelled& cancelled, std::span<double> logWeights);
  // The variance of each forward increment of log w, over all chains since recordIncrements.
  std::vector<double> incrementVariances() const;
  void recordIncrements() { recording_ = true; }

  std::uint64_t steps() const { return betas_.size(); }

 private:
  void record(std::size_t k, std::span<const double> before, std::span<const double> after);

  AnnealingPath& path_;
  std::vector<double> betas_;
  AnnealingPath::Point from_, to_;
  bool recording_ = false;
  double recorded_ = 0;
  std::vector<double> means_, squares_;  // sums over all recorded chains
};

// n inverse temperatures in the proportions of Salakhutdinov & Murray 2008: 500 up to 0.5, 4,000 up
// to 0.9, 10,000 up to 1.
std::vector<double> usualTemperatures(std::size_t n);

// Places n inverse temperatures such that log w varies equally between neighbours. `variances` are
// those of its increments between `betas`. This cuts the thermodynamic length of the path into
// equal parts (Crooks, PRL 99 (2007), 100602). A share of the density is uniform in beta, in case
// the pilot run missed something.
std::vector<double> equalisedTemperatures(std::span<const double> betas, std::span<const double> variances, std::size_t n);

// Throws ParameterError unless there are at least two betas that rise strictly from 0 to 1, those
// above 0 at least 1e-9.
void requireTemperatures(std::span<const double> betas);

}  // namespace boltzkit
