#include "ratings/gaussian_kernels.hpp"

#include "cpu/isa.hpp"

namespace boltzkit::ratings {

// Follows what the rest of the library found: AVX-512 with tiles counts as AVX-512 here.
std::vector<const GaussianKernels*> availableGaussianKernels() {
  std::vector<const GaussianKernels*> all;
  for (const cpu::Kernels* found : cpu::availableKernels()) {
    const std::string_view isa = found->isa;
#if defined(BOLTZKIT_HAVE_AVX512)
    if (isa == "avx512") all.push_back(&gaussianAvx512);
#endif
#if defined(BOLTZKIT_HAVE_AVX2)
    if (isa == "avx2") all.push_back(&gaussianAvx2);
#endif
#if defined(BOLTZKIT_HAVE_NEON)
    if (isa == "neon") all.push_back(&gaussianNeon);
#endif
    if (isa == "portable") all.push_back(&gaussianPortable);
  }
  return all;
}

const GaussianKernels& gaussianKernels() {
  const std::string wanted = cpu::kernelsNamed(cpu::requestedIsa()).isa;
  const std::vector<const GaussianKernels*> all = availableGaussianKernels();
  for (const GaussianKernels* kernels : all)
    if (wanted == kernels->isa) return *kernels;
  return *all.front();
}

}  // namespace boltzkit::ratings
