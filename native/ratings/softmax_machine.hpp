// The restricted Boltzmann machine over rated entries (Salakhutdinov, Mnih & Hinton 2007, "Restricted
// Boltzmann machines for collaborative filtering", equations 1 to 3 and section 4): softmax visible
// units over the K values of a scale, present only where a case has rated, and binary hidden units.
//
//   -E(v, h) = sum over rated i of [b_i(v_i) + W_i(v_i) . h] + c . h
//
// A case is a user and its visibles are items, or the other way round. The weights of a visible are
// spanned by orthonormal polynomials p_c of the scale's values:
//
//   W_i(k) = sum over c of p_c(k) U_i[c],  c from 0 (constant) to `degree`.
//
// With all K polynomials these are the paper's free weights, turned. The constant one says only that
// i is rated: it is the paper's conditional layer D, D_i = p_0 U_i[0], and cancels in P(v_i | h).
// Fewer polynomials tie the categories to their order, which leaves fewer numbers to learn.
#pragma once
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include "ratings/rated_entries.hpp"
#include "ratings/softmax_kernels.hpp"

namespace boltzkit::ratings {

template <class T>
struct LineAllocator {
  using value_type = T;
  LineAllocator() = default;
  template <class Other>
  LineAllocator(const LineAllocator<Other>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T* p, std::size_t) { ::operator delete (p, std::align_val_t{64}); }
  bool operator==(const LineAllocator&) const { return true; }
};
// Begins at a multiple of 64 bytes.
using LineFloats = std::vector<float, LineAllocator<float>>;

inline constexpr std::size_t mostCategories = 64, mostSoftmaxHidden = 1008;

struct SoftmaxSpec {
  std::size_t visibles = 0, hidden = 0;
  std::vector<double> values;  // of the scale, rising; K of them
  std::size_t degree = 1;      // of the polynomials, 1 ... K - 1
  bool conditional = true;     // with the constant polynomial
};

class SoftmaxMachine {
 public:
  explicit SoftmaxMachine(const SoftmaxSpec& spec);

  const SoftmaxSpec& spec() const { return spec_; }
  std::size_t visibles() const { return spec_.visibles; }
  std::size_t hidden() const { return spec_.hidden; }
  std::size_t categories() const { return spec_.values.size(); }
  std::size_t components() const { return components_; }
  std::size_t stride() const { return stride_; }  // of hidden units
  std::size_t rowSize() const { return components_ * stride_; }
  // Components that a visible's probabilities do not depend on: 1 with the conditional layer.
  std::size_t silent() const { return spec_.conditional ? 1 : 0; }
  std::size_t bytes() const { return (weights_.size() + visibleBias_.size() + hiddenBias_.size()) * sizeof(float); }

  // basis [components, categories]; factorsOf(k) [components] is its column k.
  const float* basis() const { return basis_.data(); }
  const float* factorsOf(std::size_t k) const { return columns_.data() + k * components_; }
  // 1 for hidden units, 0 for the places behind them, [stride].
  const float* alive() const { return alive_.data(); }

  LineFloats& weights() { return weights_; }                  // [visibles, components, stride]
  std::vector<float>& visibleBias() { return visibleBias_; }  // [visibles, categories]
  LineFloats& hiddenBias() { return hiddenBias_; }            // [stride]
  const LineFloats& weights() const { return weights_; }
  const std::vector<float>& visibleBias() const { return visibleBias_; }
  const LineFloats& hiddenBias() const { return hiddenBias_; }
  const float* row(std::size_t visible) const { return weights_.data() + visible * rowSize(); }
  const float* biasOf(std::size_t visible) const { return visibleBias_.data() + visible * categories(); }

  // Adds what category k of a visible adds to the field.
  void addEntry(std::size_t visible, std::size_t k, float* field) const {
    kernels_.addRows(row(visible), factorsOf(k), components_, stride_, field);
  }
  // The field of a case, [stride]: what its hidden units get, their bias included.
  void field(std::span<const std::uint32_t> visibles, std::span<const std::uint8_t> categories, float* field) const;
  // P(v_i = k | h) for states or means of hidden units [stride]; out [categories].
  void givenHidden(std::size_t visible, const float* states, float* out) const;
  // P(v_i = k | the other visibles of the case), hidden units summed out: proportional to
  // exp(b_i(k)) times the product over j of 1 + exp(field[j] + W_i(k)[j]). The field lacks i.
  void givenOthers(std::size_t visible, const float* field, double* out) const;
  // log of the sum over all hidden states of exp(-E), for a case: its unnormalised log-likelihood.
  double freeEnergy(std::span<const std::uint32_t> visibles, std::span<const std::uint8_t> categories) const;

  const SoftmaxKernels& kernels() const { return kernels_; }

 private:
  SoftmaxSpec spec_;
  const SoftmaxKernels& kernels_;
  std::size_t components_, stride_;
  std::vector<float> basis_, columns_;
  LineFloats alive_, weights_, hiddenBias_;
  std::vector<float> visibleBias_;
};

// Orthonormal polynomials of degree 0 ... degree over some values, [degree + 1, values].
std::vector<double> orthonormalPolynomials(std::span<const double> values, std::size_t degree);

}  // namespace boltzkit::ratings
