// Matrix kernels for the baseline of the target.
#define BOLTZKIT_MATRIX_ISA portable
#include <cstddef>

namespace boltzkit::ratings::BOLTZKIT_MATRIX_ISA {
namespace {

typedef double D __attribute__((vector_size(16), may_alias));
typedef float S __attribute__((vector_size(16), may_alias));
constexpr std::size_t blockRows = 4, blockVectors = 3;

inline D fmaD(D a, D b, D c) { return a * b + c; }
inline S fmaS(S a, S b, S c) { return a * b + c; }

}  // namespace
}  // namespace boltzkit::ratings::BOLTZKIT_MATRIX_ISA

#include "ratings/matrix_kernels_body.hpp"

namespace boltzkit::ratings {

const MatrixKernels matrixPortable{"portable", portable::multiplyTiles, portable::addRows};

}  // namespace boltzkit::ratings
