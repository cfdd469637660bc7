// Replicated softmax (Salakhutdinov & Hinton, NIPS 22 (2009)): how often each of `size` words
// occurs in a document of D words, given D. The places are counts that sum to D; they come from D
// independent softmax draws with shared biases and fields. U(s) = -sum_k bias_k s_k with the
// measure D! / prod_k s_k!. A Gibbs draw keeps the total D of its row.
//
// The paper multiplies the hidden biases by D. Adding each hidden bias to all weights of its unit
// has the same effect, so this code has no special case.
#pragma once
#include "units/softmax.hpp"
#include "units/trials.hpp"

namespace boltzkit {

struct Counts : Uncountable {
  using Unmeasured = Softmax;
  static constexpr const char* name = "counts";
  static constexpr std::size_t parameters = 1;
  static constexpr const char* parameterNames[] = {"bias"};
  // Marks parameters that act like a constant field.
  static constexpr bool isBias[] = {true};
  static constexpr bool grouped = true;
  static constexpr bool linear = true;
  static constexpr bool keepsTotal = true;
  // The variance of a place with this mean; `total` is the sum of the means of its unit.
  BOLTZKIT_HD static constexpr double spread(double mean, double total) { return total > 0 ? mean * (1 - mean / total) : 0; }
  // Most words in one row: float32 holds every whole number up to here.
  static constexpr std::uint64_t mostWords = 1 << 24;
  static UnitDomain domain(std::uint32_t) { return {0, mostWords, true, 0, mostWords}; }
  // A draw takes as many words as its total needs. A layer has one group, so no other unit's words
  // follow.
  BOLTZKIT_HD static constexpr std::uint64_t words(std::uint32_t) { return 0; }

  // U(s) - log measure(s).
  template <class Real>
  BOLTZKIT_HD static Real energy(const Real* s, UnitView<Real> u) {
    double total = 0, sum = 0;
    for (std::uint32_t k = 0; k < u.size; ++k) {
      total += s[k];
      sum += std::lgamma(static_cast<double>(s[k]) + 1) - static_cast<double>(u.p[k]) * s[k];
    }
    return static_cast<Real>(sum - std::lgamma(total + 1));
  }

  template <class Real>
  BOLTZKIT_HD static Real cumulant(const Real* field, Real beta, UnitView<Real> u, Real total) {
    return total * Softmax::cumulant(field, beta, u, Real(1));
  }

  template <class Real>
  BOLTZKIT_HD static void mean(const Real* field, Real beta, UnitView<Real> u, Real total, Real* out) {
    Softmax::mean(field, beta, u, Real(1), out);
    for (std::uint32_t k = 0; k < u.size; ++k) out[k] *= total;
  }

  template <class Real>
  BOLTZKIT_HD static void variance(const Real* field, Real beta, UnitView<Real> u, Real total, Real* out) {
    Softmax::variance(field, beta, u, Real(1), out);
    for (std::uint32_t k = 0; k < u.size; ++k) out[k] *= total;
  }

  // Unbounded, since it grows with the total.
  template <class Real>
  BOLTZKIT_HD static Real widest(UnitView<Real>) {
    return std::numeric_limits<Real>::infinity();
  }

  // The most probable counts: the whole part of every category's mean, then each remaining word
  // where it costs least probability.
  template <class Real>
  BOLTZKIT_HD static void mode(const Real* field, UnitView<Real> u, Real total, Real* out) {
    mean(field, Real(1), u, total, out);
    Real left = total;
    for (std::uint32_t k = 0; k < u.size; ++k) left -= out[k] = std::fmin(std::floor(out[k]), left);
    for (; left > 0; left -= 1) out[next(field, u, out)] += 1;
  }

  // The category for one more word: the largest p_k / (s_k + 1).
  template <class Real>
  BOLTZKIT_HD static std::uint32_t next(const Real* field, UnitView<Real> u, const Real* s) {
    std::uint32_t best = 0;
    const auto gain = [&](std::uint32_t k) { return field[k] + u.p[k] - std::log(s[k] + 1); };
    for (std::uint32_t k = 1; k < u.size; ++k)
      if (gain(k) > gain(best)) best = k;
    return best;
  }

  // Splits the words between the two halves of the categories, then recursively within each half.
  template <class Real>
  BOLTZKIT_HD static void sample(const Real* field, Real beta, UnitView<Real> u, Real total, RowWords& words, std::uint64_t first,
                                 Real* out) {
    const Real top = Softmax::largest(field, u);
    for (std::uint32_t k = 0; k < u.size; ++k) out[k] = std::exp(beta * (field[k] + u.p[k] - top));
    RowBits bits(words, first);
    deal(total > 0 ? static_cast<std::uint64_t>(total < Real(mostWords) ? total + Real(0.5) : Real(mostWords)) : 0, bits, u.size, out);
  }

  // Replaces the weights of `size` categories by their shares of n words.
  template <class Real>
  BOLTZKIT_HD static void deal(std::uint64_t n, RowBits& bits, std::uint32_t size, Real* weights) {
    if (n == 0 || size == 1) {
      for (std::uint32_t k = 0; k < size; ++k) weights[k] = static_cast<Real>(n);
      return;
    }
    const std::uint32_t half = size / 2;
    double low = 0, high = 0;
    for (std::uint32_t k = 0; k < size; ++k) (k < half ? low : high) += static_cast<double>(weights[k]);
    const std::uint64_t lower = successes(n, low / (low + high), bits);
    deal(lower, bits, half, weights);
    deal(n - lower, bits, size - half, weights + half);
  }

  template <class Real>
  BOLTZKIT_HD static void statistics(Real s, UnitView<Real>, Real* out) {
    out[0] = s;
  }

  // The parameters of the energy U_p + weight U_q; the measure is unchanged.
  static void combine(const double* p, const double* q, double weight, double* out) { out[0] = p[0] + weight * q[0]; }

  // Log frequencies. Their constant offset does not matter: a softmax ignores it.
  static void initialise(const double* statistics, double n, std::uint32_t categories, double* p) {
    p[0] = std::log((statistics[0] * n + 1.0 / categories) / (n + 1));
  }
};

}  // namespace boltzkit
