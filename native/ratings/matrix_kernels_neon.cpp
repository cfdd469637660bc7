// Matrix kernels for NEON.
#define BOLTZKIT_MATRIX_ISA neon
#include <arm_neon.h>

#include <cstddef>

namespace boltzkit::ratings::BOLTZKIT_MATRIX_ISA {
namespace {

typedef double D __attribute__((vector_size(16), may_alias));
typedef float S __attribute__((vector_size(16), may_alias));
constexpr std::size_t blockRows = 6, blockVectors = 4;

inline D fmaD(D a, D b, D c) { return (D)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
inline S fmaS(S a, S b, S c) { return (S)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }

}  // namespace
}  // namespace boltzkit::ratings::BOLTZKIT_MATRIX_ISA

#include "ratings/matrix_kernels_body.hpp"

namespace boltzkit::ratings {

const MatrixKernels matrixNeon{"neon", neon::multiplyTiles, neon::addRows};

}  // namespace boltzkit::ratings
