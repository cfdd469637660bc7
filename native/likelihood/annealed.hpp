// Annealed importance sampling in both directions.
//   Neal, Statistics and Computing 11 (2001), 125, eq. 3-6; Salakhutdinov & Murray, ICML 2008, section 4.1, for RBMs;
//   in reverse from samples of the machine: Burda, Grosse & Salakhutdinov, AISTATS 2015; the two combined: likelihood/bennett.hpp.
// A chain starts at s_0 ~ p_0 and takes, for k = 1 ... K,
//   log w += log p*_k(s_(k-1)) - log p*_(k-1)(s_(k-1)),   s_k ~ T_k(s_(k-1)),   T_k keeps p_k:
// each weight is worked out before the step that follows it, so that E[w] = Z_K / Z_0 for any number of temperatures. In reverse, from
// s ~ p_K, E[w] = Z_0 / Z_K. log Z is therefore too low on average from the one side, too high from the other.
// Deviations: layers are summed out wherever the wiring allows; log weights are kept in double precision. The intermediate distributions may be those of
// the machine with rounded weights, as E[w] does not depend on them; a last step without a move then leads from it to the machine.
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

  // log w of the chains in `states`, drawn from p_0 first. One step of the stream per temperature.
  void forward(States& states, const Round& round, const Cancelled& cancelled, std::span<double> logWeights);
  // log w of the chains in `states`, which are samples of the machine and are used up.
  void reverse(States& states, const Round& round, const Cancelled& cancelled, std::span<double> logWeights);
  // The variance over all chains so far of every increment of log w on the way forward.
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
  std::vector<double> means_, squares_;  // of increments
};

// Inverse temperatures in the proportions of Salakhutdinov & Murray 2008 (500 up to 0.5, 4,000 up to 0.9, 10,000 up to 1), n of them.
std::vector<double> usualTemperatures(std::size_t n);

// n inverse temperatures between which log w varies equally, given the variances of its increments between `betas`: the path's thermodynamic
// length is cut in equal parts (Crooks, PRL 99 (2007), 100602), some of them spread evenly in case the pilot missed something.
std::vector<double> equalisedTemperatures(std::span<const double> betas, std::span<const double> variances, std::size_t n);

// Throws ParameterError unless the betas, two or more, rise strictly from 0 to 1.
void requireTemperatures(std::span<const double> betas);

}  // namespace boltzkit
