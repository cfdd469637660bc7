// The inverse Hessian of limited-memory BFGS, from the last pairs of steps s and gradient changes y:
// Nocedal & Wright, Numerical Optimization (2nd ed., 2006), algorithm 7.4. Vectors are lists of
// tensors in a backend's memory.
#pragma once
#include <deque>
#include <vector>

#include "backend.hpp"

namespace boltzkit {

using TensorList = std::vector<TensorPtr>;

// A list of tensors of the same shapes; zeros.
TensorList likeThese(Backend& backend, const std::vector<Tensor*>& shapes);

class LimitedMemory {
 public:
  LimitedMemory(Backend& backend, const std::vector<Tensor*>& shapes, std::size_t history);

  void clear() { used_ = 0; }
  bool empty() const { return used_ == 0; }
  // Keeps a pair, unless s . y is too small for a positive definite matrix.
  void add(const TensorList& s, const TensorList& y);
  // direction = -H gradient. Equation 7.20 scales the first matrix.
  void direct(const TensorList& gradient, TensorList& direction);

  // Reads back.
  double dot(const TensorList& a, const TensorList& b);
  void combine(double alpha, const TensorList& x, double beta, TensorList& y);

 private:
  struct Pair {
    TensorList s, y;
    double product = 0;  // s . y
  };
  Backend& backend_;
  std::vector<Tensor*> shapes_;
  std::size_t history_, used_ = 0;
  std::deque<Pair> pairs_;        // the oldest first; those behind `used_` are spare
  std::vector<DoublesPtr> sums_;  // per tensor, one number per row
};

}  // namespace boltzkit
