// The kernels of softmax_kernels.hpp over the SIMD layer of one instruction set. Everything has
// internal linkage; see cpu/simd/vector.hpp for why.
#pragma once
#include "cpu/kernels/functions.hpp"
#include "ratings/softmax_kernels.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Always in the order of sixteen running sums, whatever the width of a vector.
constexpr std::size_t softmaxParts = ratings::softmaxGrain / lanes;

FORCE_INLINE float sumOfParts(const F (&parts)[softmaxParts]) {
  float sums[ratings::softmaxGrain];
  __builtin_memcpy(sums, parts, sizeof sums);
  for (std::size_t width = ratings::softmaxGrain / 2; width > 0; width /= 2)
    for (std::size_t i = 0; i < width; ++i) sums[i] += sums[i + width];
  return sums[0];
}

template <std::size_t components>
FORCE_INLINE void addSomeRows(const float* rows, const float* factors, std::size_t stride, float* field) {
  F factor[components];
  for (std::size_t c = 0; c < components; ++c) factor[c] = broadcast(factors + c);
  for (std::size_t j = 0; j < stride; j += lanes) {
    F sum = load(field + j);
    for (std::size_t c = 0; c < components; ++c) sum = fma(factor[c], load(rows + c * stride + j), sum);
    store(field + j, sum);
  }
}

void softmaxAddRows(const float* rows, const float* factors, std::size_t components, std::size_t stride, float* field) {
  for (; components >= 2; components -= 2, rows += 2 * stride, factors += 2) addSomeRows<2>(rows, factors, stride, field);
  if (components == 1) addSomeRows<1>(rows, factors, stride, field);
}

void softmaxDots(const float* rows, const float* states, std::size_t components, std::size_t stride, float* out) {
  for (std::size_t c = 0; c < components; ++c, rows += stride) {
    F parts[softmaxParts] = {};
    for (std::size_t j = 0; j < stride; j += ratings::softmaxGrain)
      for (std::size_t p = 0; p < softmaxParts; ++p) parts[p] = fma(load(rows + j + p * lanes), load(states + j + p * lanes), parts[p]);
    out[c] = sumOfParts(parts);
  }
}

void softmaxLogistic(const float* field, const float* alive, std::size_t stride, float* means) {
  for (std::size_t j = 0; j < stride; j += lanes) store(means + j, load(alive + j) * logistic(load(field + j)));
}

void softmaxOfLogits(float* logits, std::size_t n) {
  float highest = logits[0], sum = 0;
  for (std::size_t k = 1; k < n; ++k) highest = logits[k] > highest ? logits[k] : highest;
  for (std::size_t k = n; k % lanes != 0; ++k) logits[k] = highest;
  for (std::size_t k = 0; k < n; k += lanes) store(logits + k, exponential(maxOf(set1(-87), load(logits + k) - set1(highest))));
  for (std::size_t k = 0; k < n; ++k) sum += logits[k];
  const float scale = 1 / sum;
  for (std::size_t k = 0; k < n; ++k) logits[k] *= scale;
}

void softmaxAddOuter(const float* data, const float* first, const float* model, const float* second, std::size_t components,
                     std::size_t stride, float* gradient) {
  for (std::size_t c = 0; c < components; ++c, gradient += stride) {
    const F plus = broadcast(data + c), minus = F{} - broadcast(model + c);
    for (std::size_t j = 0; j < stride; j += lanes)
      store(gradient + j, fma(minus, load(second + j), fma(plus, load(first + j), load(gradient + j))));
  }
}

void softmaxStep(float* value, float* velocity, float* gradient, const float* centre, std::size_t n, float momentum, float rate,
                 float keep) {
  const F slow = set1(momentum), pace = set1(rate), kept = set1(keep);
  for (std::size_t j = 0; j < n; j += lanes) {
    const F moved = fma(slow, load(velocity + j), pace * load(gradient + j)), middle = load(centre + j);
    store(velocity + j, moved);
    store(value + j, fma(kept, load(value + j) - middle, middle) + moved);
    store(gradient + j, F{});
  }
}

void softmaxCoast(float* value, float* velocity, std::size_t n, float travel, float slowed) {
  const F far = set1(travel), left = set1(slowed);
  for (std::size_t j = 0; j < n; j += lanes) {
    const F moving = load(velocity + j);
    store(value + j, fma(far, moving, load(value + j)));
    store(velocity + j, left * moving);
  }
}

void softmaxApproach(float* mean, const float* value, std::size_t n, float weight) {
  const F share = set1(weight);
  for (std::size_t j = 0; j < n; j += lanes) {
    const F middle = load(mean + j);
    store(mean + j, fma(share, load(value + j) - middle, middle));
  }
}

// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|). The second terms are gathered as products of numbers
// in [1, 2], so that one logarithm does for all hidden units. A lane has at most 2^64 for 1,024 units.
void softmaxSoftplus(const float* field, const float* rows, const float* basis, std::size_t components, std::size_t categories,
                     std::size_t stride, float* highs, double* products) {
  for (std::size_t k = 0; k < categories; ++k) {
    F high[softmaxParts] = {}, product[softmaxParts];
    for (F& lane : product) lane = set1(1);
    for (std::size_t j = 0; j < stride; j += ratings::softmaxGrain)
      for (std::size_t p = 0; p < softmaxParts; ++p) {
        const std::size_t at = j + p * lanes;
        F x = load(field + at);
        for (std::size_t c = 0; c < components; ++c) x = fma(broadcast(basis + c * categories + k), load(rows + c * stride + at), x);
        high[p] += maxOf(x, F{});
        product[p] = product[p] * (set1(1) + fallingExponential(x));
      }
    highs[k] = sumOfParts(high);
    float factors[ratings::softmaxGrain];
    __builtin_memcpy(factors, product, sizeof factors);
    double all = 1;
    for (const float factor : factors) all *= static_cast<double>(factor);
    products[k] = all;
  }
}

constexpr ratings::SoftmaxKernels softmaxTable(const char* isa) {
  return {.isa = isa,
          .addRows = softmaxAddRows,
          .dots = softmaxDots,
          .logistic = softmaxLogistic,
          .softmax = softmaxOfLogits,
          .addOuter = softmaxAddOuter,
          .step = softmaxStep,
          .coast = softmaxCoast,
          .approach = softmaxApproach,
          .softplus = softmaxSoftplus};
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
