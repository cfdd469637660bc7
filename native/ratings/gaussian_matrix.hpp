// Small dense matrices in double precision, row-major [k, k], for hyper-parameters: a few per sweep.
#pragma once
#include <cstddef>
#include <vector>

namespace boltzkit::ratings {

// L, lower triangular, a = L L^T. Throws Error{divergence} where a is not positive definite.
std::vector<double> choleskyLower(const std::vector<double>& a, std::size_t k);
// x = L^-1 x and x = L^-T x.
void solvePlain(const std::vector<double>& lower, std::size_t k, std::vector<double>& x);
void solveTransposed(const std::vector<double>& lower, std::size_t k, std::vector<double>& x);
// Of a symmetric positive definite matrix.
std::vector<double> inverse(const std::vector<double>& a, std::size_t k);

// T with T^T a T = I and T^T b T = diag(values), and T^-1, of symmetric a and b, a positive definite.
struct Diagonalised {
  std::vector<double> to, from;  // T and T^-1
  std::vector<double> values;
};
Diagonalised diagonalise(const std::vector<double>& a, const std::vector<double>& b, std::size_t k);

}  // namespace boltzkit::ratings
