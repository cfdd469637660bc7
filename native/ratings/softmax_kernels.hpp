// The inner loops of the softmax rating machine. They run over hidden units, in vectors of one
// instruction set, chosen when the process starts. All buffers hold a multiple of `softmaxGrain`
// hidden units and begin at a multiple of 64 bytes; places behind the last unit hold zeros.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace boltzkit::ratings {

inline constexpr std::size_t softmaxGrain = 16;

struct SoftmaxKernels {
  const char* isa;
  // field[j] += sum over c of factors[c] rows[c, j]. rows [components, stride].
  void (*addRows)(const float* rows, const float* factors, std::size_t components, std::size_t stride, float* field);
  // out[c] = sum over j of rows[c, j] states[j].
  void (*dots)(const float* rows, const float* states, std::size_t components, std::size_t stride, float* out);
  // means[j] = alive[j] / (1 + exp(-field[j])).
  void (*logistic)(const float* field, const float* alive, std::size_t stride, float* means);
  // logits [n] to probabilities in place. Room for the next multiple of softmaxGrain numbers.
  void (*softmax)(float* logits, std::size_t n);
  // gradient[c, j] += data[c] first[j] - model[c] second[j].
  void (*addOuter)(const float* data, const float* first, const float* model, const float* second, std::size_t components,
                   std::size_t stride, float* gradient);
  // velocity = momentum velocity + rate gradient; value = centre + keep (value - centre) + velocity; gradient = 0.
  void (*step)(float* value, float* velocity, float* gradient, const float* centre, std::size_t n, float momentum, float rate, float keep);
  // value += travel velocity; velocity *= slowed.
  void (*coast)(float* value, float* velocity, std::size_t n, float travel, float slowed);
  // mean += weight (value - mean).
  void (*approach)(float* mean, const float* value, std::size_t n, float weight);
  // For each category k: highs[k] + log products[k] = sum over j of log(1 + exp(field[j] + sum over c
  // of basis[c, k] rows[c, j])). basis [components, categories].
  void (*softplus)(const float* field, const float* rows, const float* basis, std::size_t components, std::size_t categories,
                   std::size_t stride, float* highs, double* products);
};

extern const SoftmaxKernels softmaxPortable;
#if defined(BOLTZKIT_HAVE_AVX2)
extern const SoftmaxKernels softmaxAvx2;
#endif
#if defined(BOLTZKIT_HAVE_AVX512)
extern const SoftmaxKernels softmaxAvx512;
#endif
#if defined(BOLTZKIT_HAVE_NEON)
extern const SoftmaxKernels softmaxNeon;
#endif

// What this processor can run, best first.
std::vector<const SoftmaxKernels*> availableSoftmaxKernels();
// Those that BOLTZKIT_ISA names, or the best.
const SoftmaxKernels& softmaxKernels();

}  // namespace boltzkit::ratings
