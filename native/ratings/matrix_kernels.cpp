#include "ratings/matrix_kernels.hpp"

namespace boltzkit::ratings {

const MatrixKernels& matrixKernels(std::string_view isa) {
#if defined(BOLTZKIT_HAVE_AVX512)
  if (isa == "amx" || isa == "avx512") return matrixKernelsAvx512;
#endif
#if defined(BOLTZKIT_HAVE_AVX2)
  if (isa == "avx2") return matrixKernelsAvx2;
#endif
#if defined(BOLTZKIT_HAVE_NEON)
  if (isa == "neon") return matrixKernelsNeon;
#endif
  (void)isa;
  return matrixKernelsPortable;
}

}  // namespace boltzkit::ratings
