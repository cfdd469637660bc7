// Softmax (Potts) units: one of `size` categories, stored as `size` places of which one is 1.
// U(s) = -sum_k bias_k s_k.
//   p(k | field) = exp(beta (field_k + bias_k)) / sum_l ...,
//   cumulant = log sum_k exp(beta (field_k + bias_k)).
#pragma once
#include "units/unit.hpp"

namespace boltzkit {

struct Softmax {
  static constexpr const char* name = "softmax";
  static constexpr std::size_t parameters = 1;
  static constexpr const char* parameterNames[] = {"bias"};
  // Marks parameters that act like a constant field.
  static constexpr bool isBias[] = {true};
  static constexpr bool grouped = true;
  static constexpr bool linear = true;
  static constexpr bool keepsTotal = false;
  static constexpr double states(std::uint32_t categories) { return categories; }
  static constexpr double state(std::uint64_t number, std::size_t k) { return number == k ? 1 : 0; }
  static constexpr double share(std::uint64_t number, const double* s) { return s[number]; }
  // The variance of a place with this mean.
  BOLTZKIT_HD static constexpr double spread(double mean, double) { return mean * (1 - mean); }
  // Data are one-hot or probabilities.
  static UnitDomain domain(std::uint32_t) { return {0, 1, false, 1, 1}; }
  BOLTZKIT_HD static constexpr std::uint64_t words(std::uint32_t) { return 1; }

  template <class Real>
  BOLTZKIT_HD static Real energy(const Real* s, UnitView<Real> u) {
    Real sum = 0;
    for (std::uint32_t k = 0; k < u.size; ++k) sum -= u.p[k] * s[k];
    return sum;
  }

  template <class Real>
  BOLTZKIT_HD static Real largest(const Real* field, UnitView<Real> u) {
    Real top = field[0] + u.p[0];
    for (std::uint32_t k = 1; k < u.size; ++k) top = field[k] + u.p[k] > top ? field[k] + u.p[k] : top;
    return top;
  }

  template <class Real>
  BOLTZKIT_HD static Real cumulant(const Real* field, Real beta, UnitView<Real> u, Real) {
    const Real top = largest(field, u);
    Real sum = 0;
    for (std::uint32_t k = 0; k < u.size; ++k) sum += std::exp(beta * (field[k] + u.p[k] - top));
    return beta * top + std::log(sum);
  }

  template <class Real>
  BOLTZKIT_HD static void mean(const Real* field, Real beta, UnitView<Real> u, Real, Real* out) {
    const Real top = largest(field, u);
    Real sum = 0;
    for (std::uint32_t k = 0; k < u.size; ++k) sum += out[k] = std::exp(beta * (field[k] + u.p[k] - top));
    for (std::uint32_t k = 0; k < u.size; ++k) out[k] /= sum;
  }

  template <class Real>
  BOLTZKIT_HD static void variance(const Real* field, Real beta, UnitView<Real> u, Real total, Real* out) {
    mean(field, beta, u, total, out);
    for (std::uint32_t k = 0; k < u.size; ++k) out[k] *= 1 - out[k];
  }

  template <class Real>
  BOLTZKIT_HD static Real widest(UnitView<Real>) {
    return Real(0.5);
  }

  template <class Real>
  BOLTZKIT_HD static void mode(const Real* field, UnitView<Real> u, Real, Real* out) {
    std::uint32_t best = 0;
    for (std::uint32_t k = 1; k < u.size; ++k)
      if (field[k] + u.p[k] > field[best] + u.p[best]) best = k;
    for (std::uint32_t k = 0; k < u.size; ++k) out[k] = k == best ? Real(1) : Real(0);
  }

  // Inverts the cumulative distribution: the category whose interval contains the uniform number.
  template <class Real>
  BOLTZKIT_HD static std::uint32_t pick(const Real* field, Real beta, UnitView<Real> u, Real top, Real sum, std::uint32_t word) {
    const Real threshold = uniform<Real>(word) * sum;
    Real passed = 0;
    std::uint32_t last = 0;
    for (std::uint32_t k = 0; k < u.size; ++k) {
      const Real weight = std::exp(beta * (field[k] + u.p[k] - top));
      if (weight > 0) last = k;
      passed += weight;
      if (threshold < passed) return k;
    }
    return last;  // reached only by rounding
  }

  template <class Real>
  BOLTZKIT_HD static void sample(const Real* field, Real beta, UnitView<Real> u, Real, RowWords& words, std::uint64_t first, Real* out) {
    const Real top = largest(field, u);
    Real sum = 0;
    for (std::uint32_t k = 0; k < u.size; ++k) sum += std::exp(beta * (field[k] + u.p[k] - top));
    const std::uint32_t chosen = pick(field, beta, u, top, sum, words(first));
    for (std::uint32_t k = 0; k < u.size; ++k) out[k] = k == chosen ? Real(1) : Real(0);
  }

  // One statistic per place.
  template <class Real>
  BOLTZKIT_HD static void statistics(Real s, UnitView<Real>, Real* out) {
    out[0] = s;
  }

  // The parameters of the energy U_p + weight U_q.
  static void combine(const double* p, const double* q, double weight, double* out) { out[0] = p[0] + weight * q[0]; }

  static void initialise(const double* statistics, double n, std::uint32_t categories, double* p) {
    p[0] = std::log((statistics[0] * n + 1.0 / categories) / (n + 1));
  }
};

// out[k] = weight (targets[k] - p(k)), with p(k) proportional to exp(logs[k]): the gradient of
// weight sum_k targets[k] log p(k). `out` may be `targets`.
template <class Real>
BOLTZKIT_HD void categoryErrorsOf(const double* logs, std::size_t categories, double weight, const Real* targets, Real* out) {
  double top = logs[0], sum = 0;
  for (std::size_t k = 1; k < categories; ++k) top = logs[k] > top ? logs[k] : top;
  for (std::size_t k = 0; k < categories; ++k) sum += std::exp(logs[k] - top);
  for (std::size_t k = 0; k < categories; ++k)
    out[k] = static_cast<Real>(weight * (static_cast<double>(targets[k]) - std::exp(logs[k] - top) / sum));
}

}  // namespace boltzkit
