// Replicated softmax (Salakhutdinov & Hinton, NIPS 22 (2009)): how often each of `size` words occurs in a document of D words, D given.
// A row's places are counts that sum to D; D independent softmax draws share biases and fields. U(s) = -sum_k bias_k s_k with the measure
// D! / prod_k s_k!. A Gibbs draw keeps the row's total.
//
// The paper multiplies the hidden biases by D. That is the same as adding each hidden bias to all of that unit's weights, so no special case is needed.
#pragma once
#include "units/softmax.hpp"

namespace boltzkit {

struct Counts : Uncountable {
  static constexpr const char* name = "counts";
  static constexpr std::size_t parameters = 1;
  static constexpr const char* parameterNames[] = {"bias"};
  static constexpr bool isBias[] = {true};  // parameters that a constant field adds to
  static constexpr bool grouped = true;
  static constexpr bool linear = true;
  static constexpr bool keepsTotal = true;
  // The variance of a place with this mean; `total` is that of the means of its unit.
  static constexpr double spread(double mean, double total) { return total > 0 ? mean * (1 - mean / total) : 0; }
  static UnitDomain domain(std::uint32_t) { return {0, 16777216, true}; }  // float32 counts exactly up to 2^24
  static constexpr std::uint64_t words(std::uint32_t) { return 0; }        // as many as the total; one group per layer

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

  // It grows with the total.
  template <class Real>
  BOLTZKIT_HD static Real widest(UnitView<Real>) {
    return std::numeric_limits<Real>::infinity();
  }

  // All words on the likeliest category: the mode as total -> 1, near enough for a start state.
  template <class Real>
  BOLTZKIT_HD static void mode(const Real* field, UnitView<Real> u, Real total, Real* out) {
    Softmax::mode(field, u, Real(1), out);
    for (std::uint32_t k = 0; k < u.size; ++k) out[k] *= total;
  }

  template <class Real>
  BOLTZKIT_HD static void sample(const Real* field, Real beta, UnitView<Real> u, Real total, RowWords& words, std::uint64_t first,
                                 Real* out) {
    const Real top = Softmax::largest(field, u);
    Real sum = 0;
    for (std::uint32_t k = 0; k < u.size; ++k) {
      sum += std::exp(beta * (field[k] + u.p[k] - top));
      out[k] = 0;
    }
    const auto draws = static_cast<std::uint64_t>(total + Real(0.5));
    for (std::uint64_t d = 0; d < draws; ++d) out[Softmax::pick(field, beta, u, top, sum, words(first + d))] += 1;
  }

  template <class Real>
  BOLTZKIT_HD static void statistics(Real s, UnitView<Real>, Real* out) {
    out[0] = s;
  }

  // The parameters of the energy U_p + weight U_q; the measure stays as it is.
  static void combine(const double* p, const double* q, double weight, double* out) { out[0] = p[0] + weight * q[0]; }

  // Log frequencies, up to the constant that a softmax does not see.
  static void initialise(const double* statistics, double n, std::uint32_t categories, double* p) {
    p[0] = std::log((statistics[0] * n + 1.0 / categories) / (n + 1));
  }
};

}  // namespace boltzkit
