// Matrix kernels for AVX2 with FMA.
#define BOLTZKIT_MATRIX_ISA avx2
#include <immintrin.h>

#include <cstddef>

namespace boltzkit::ratings::BOLTZKIT_MATRIX_ISA {
namespace {

typedef double D __attribute__((vector_size(32), may_alias));
typedef float S __attribute__((vector_size(32), may_alias));
// 12 sums, 3 vectors of b and one broadcast fill the 16 registers.
constexpr std::size_t blockRows = 4, blockVectors = 3;

inline D fmaD(D a, D b, D c) { return (D)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
inline S fmaS(S a, S b, S c) { return (S)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }

}  // namespace
}  // namespace boltzkit::ratings::BOLTZKIT_MATRIX_ISA

#include "ratings/matrix_kernels_body.hpp"

namespace boltzkit::ratings {

const MatrixKernels matrixAvx2{"avx2", avx2::multiplyTiles, avx2::addRows};

}  // namespace boltzkit::ratings
