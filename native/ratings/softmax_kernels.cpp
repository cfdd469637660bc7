#include "ratings/softmax_kernels.hpp"

#include <string_view>

#include "cpu/isa.hpp"

namespace boltzkit::ratings {

// Follows what the rest of the library found: AVX-512 with tiles counts as AVX-512 here.
std::vector<const SoftmaxKernels*> availableSoftmaxKernels() {
  std::vector<const SoftmaxKernels*> all;
  for (const cpu::Kernels* found : cpu::availableKernels()) {
    const std::string_view isa = found->isa;
#if defined(BOLTZKIT_HAVE_AVX512)
    if (isa == "avx512") all.push_back(&softmaxAvx512);
#endif
#if defined(BOLTZKIT_HAVE_AVX2)
    if (isa == "avx2") all.push_back(&softmaxAvx2);
#endif
#if defined(BOLTZKIT_HAVE_NEON)
    if (isa == "neon") all.push_back(&softmaxNeon);
#endif
    if (isa == "portable") all.push_back(&softmaxPortable);
  }
  return all;
}

const SoftmaxKernels& softmaxKernels() {
  const std::string_view wanted = cpu::kernelsNamed(cpu::requestedIsa()).isa;
  const std::vector<const SoftmaxKernels*> all = availableSoftmaxKernels();
  for (const SoftmaxKernels* kernels : all)
    if (wanted == kernels->isa) return *kernels;
  return *all.front();  // tiles: the best of the others
}

}  // namespace boltzkit::ratings
