// First and second moments of running chains, in double precision.
#pragma once
#include <span>
#include <vector>

#include "machine/states.hpp"

namespace boltzkit {

// Sums states on the backend. From time to time it adds these sums to the caller's, which are in
// double precision, so that float32 sums stay short.
class Moments {
 public:
  Moments(const Machine& machine, std::vector<std::pair<std::size_t, std::size_t>> pairs, std::vector<std::span<double>> sums,
          std::vector<std::span<double>> products);

  // rowWeights: null, or 1 for the rows to count and 0 for the others. `counted` is the number of
  // rows that count.
  void observe(const States& states, const Tensor* rowWeights, std::size_t counted);
  void flush();
  std::uint64_t observations() const { return observations_; }

 private:
  void add(const Tensor& part, std::span<double> to);

  const Machine& machine_;
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;
  std::vector<std::span<double>> sums_, products_;
  std::vector<TensorPtr> sumParts_, productParts_;
  TensorPtr ones_;
  std::vector<double> scratch_;
  std::size_t pending_ = 0;  // rows in the parts
  std::uint64_t observations_ = 0;
};

}  // namespace boltzkit
