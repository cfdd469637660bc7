#include "ratings/softmax_machine.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.hpp"

namespace boltzkit::ratings {
namespace {

std::size_t padded(std::size_t hidden) { return (hidden + softmaxGrain - 1) / softmaxGrain * softmaxGrain; }

void check(const SoftmaxSpec& spec) {
  const std::size_t k = spec.values.size();
  if (k < 2 || k > mostCategories)
    throw parameterError("a scale of 2 to " + std::to_string(mostCategories) + " values is needed, got " + std::to_string(k));
  if (!std::is_sorted(spec.values.begin(), spec.values.end(), std::less_equal<double>()))
    throw parameterError("the scale's values must rise");
  for (const double value : spec.values)
    if (!std::isfinite(value)) throw parameterError("the scale's values must be finite, got " + decimal(value));
  if (spec.hidden < 1 || spec.hidden > mostSoftmaxHidden)
    throw parameterError("there must be 1 to " + std::to_string(mostSoftmaxHidden) + " hidden units, got " + std::to_string(spec.hidden));
  if (spec.degree < 1 || spec.degree >= k)
    throw parameterError("`degree` must be from 1 to " + std::to_string(k - 1) + ", got " + std::to_string(spec.degree));
}

}  // namespace

// Modified Gram-Schmidt. The start of each polynomial is the values times the previous one, which
// keeps it far from those before. Its sign is that of its last value.
std::vector<double> orthonormalPolynomials(std::span<const double> values, std::size_t degree) {
  const std::size_t k = values.size();
  std::vector<double> basis((degree + 1) * k);
  for (std::size_t c = 0; c <= degree; ++c) {
    double* row = basis.data() + c * k;
    for (std::size_t i = 0; i < k; ++i) row[i] = c == 0 ? 1 : (values[i] - values[0]) / (values[k - 1] - values[0]) * row[i - k];
    for (int twice = 0; twice < 2; ++twice)
      for (std::size_t d = 0; d < c; ++d) {
        const double* other = basis.data() + d * k;
        double dot = 0;
        for (std::size_t i = 0; i < k; ++i) dot += row[i] * other[i];
        for (std::size_t i = 0; i < k; ++i) row[i] -= dot * other[i];
      }
    double square = 0;
    for (std::size_t i = 0; i < k; ++i) square += row[i] * row[i];
    const double scale = (row[k - 1] < 0 ? -1 : 1) / std::sqrt(square);
    for (std::size_t i = 0; i < k; ++i) row[i] *= scale;
  }
  return basis;
}

SoftmaxMachine::SoftmaxMachine(const SoftmaxSpec& spec) : spec_((check(spec), spec)), kernels_(softmaxKernels()) {
  const std::size_t k = categories(), left = spec.conditional ? 0 : 1;
  components_ = spec.degree + 1 - left;
  stride_ = padded(spec.hidden);
  const std::vector<double> polynomials = orthonormalPolynomials(spec.values, spec.degree);
  basis_.assign(polynomials.begin() + static_cast<std::ptrdiff_t>(left * k), polynomials.end());
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t c = 0; c < components_; ++c) columns_.push_back(basis_[c * k + i]);
  alive_.assign(stride_, 0);
  std::fill_n(alive_.begin(), spec.hidden, 1.0f);
  weights_.assign(spec.visibles * rowSize(), 0);
  visibleBias_.assign(spec.visibles * k, 0);
  hiddenBias_.assign(stride_, 0);
}

void SoftmaxMachine::field(std::span<const std::uint32_t> visibles, std::span<const std::uint8_t> categories, float* field) const {
  std::copy(hiddenBias_.begin(), hiddenBias_.end(), field);
  for (std::size_t e = 0; e < visibles.size(); ++e) addEntry(visibles[e], categories[e], field);
}

void SoftmaxMachine::givenHidden(std::size_t visible, const float* states, float* out) const {
  alignas(64) float logits[mostCategories];
  float dots[mostCategories];
  const std::size_t first = silent(), count = components_ - first, k = categories();
  kernels_.dots(row(visible) + first * stride_, states, count, stride_, dots);
  std::copy_n(biasOf(visible), k, logits);
  for (std::size_t c = 0; c < count; ++c)
    for (std::size_t i = 0; i < k; ++i) logits[i] += dots[c] * basis_[(first + c) * k + i];
  kernels_.softmax(logits, k);
  std::copy_n(logits, k, out);
}

void SoftmaxMachine::givenOthers(std::size_t visible, const float* field, double* out) const {
  float highs[mostCategories];
  const std::size_t k = categories();
  kernels_.softplus(field, row(visible), basis_.data(), components_, k, stride_, highs, out);
  const float* bias = biasOf(visible);
  for (std::size_t i = 0; i < k; ++i) highs[i] += bias[i];
  const double highest = *std::max_element(highs, highs + k);
  double sum = 0;
  for (std::size_t i = 0; i < k; ++i) sum += out[i] *= std::exp(highs[i] - highest);
  for (std::size_t i = 0; i < k; ++i) out[i] /= sum;
}

double SoftmaxMachine::freeEnergy(std::span<const std::uint32_t> visibles, std::span<const std::uint8_t> categories) const {
  LineFloats field(stride_);
  this->field(visibles, categories, field.data());
  double total = 0;
  for (std::size_t j = 0; j < hidden(); ++j)
    total += std::max(field[j], 0.0f) + std::log1p(std::exp(-std::abs(static_cast<double>(field[j]))));
  for (std::size_t e = 0; e < visibles.size(); ++e) total += biasOf(visibles[e])[categories[e]];
  return total;
}

}  // namespace boltzkit::ratings
