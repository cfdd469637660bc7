// First and second moments of chains while they run, in double precision.
#pragma once
#include <span>
#include <vector>

#include "machine/states.hpp"

namespace boltzkit {

// Adds up states on the backend and, every so often, into the caller's double-precision sums, so that float32 sums never grow long.
class Moments {
 public:
  Moments(const Machine& machine, std::vector<std::pair<std::size_t, std::size_t>> pairs, std::vector<std::span<double>> sums,
          std::vector<std::span<double>> products);

  // rowWeights: null, or 0 and 1 for the rows that count; `counted` of them do.
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
