// Matrix kernels for AVX-512.
#define BOLTZKIT_MATRIX_ISA avx512
#include <immintrin.h>

#include <cstddef>

namespace boltzkit::ratings::BOLTZKIT_MATRIX_ISA {
namespace {

typedef double D __attribute__((vector_size(64), may_alias));
typedef float S __attribute__((vector_size(64), may_alias));
// 24 sums, 4 vectors of b and one broadcast fill 29 of 32 registers.
constexpr std::size_t blockRows = 6, blockVectors = 4;

inline D fmaD(D a, D b, D c) { return (D)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
inline S fmaS(S a, S b, S c) { return (S)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }

}  // namespace
}  // namespace boltzkit::ratings::BOLTZKIT_MATRIX_ISA

#include "ratings/matrix_kernels_body.hpp"

namespace boltzkit::ratings {

const MatrixKernels matrixAvx512{"avx512", avx512::multiplyTiles, avx512::addRows};

}  // namespace boltzkit::ratings
