// Rows for a network with their targets, held by the backend.
#pragma once
#include <memory>
#include <vector>

#include "network/network.hpp"

namespace boltzkit {

struct NetworkRows {
  std::shared_ptr<const Rows> rows;
  std::shared_ptr<const Rows> targets;  // null: the rows themselves
};

class NetworkData {
 public:
  // Throws ShapeError if rows or columns do not fit the network or each other, ParameterError where
  // values are missing.
  NetworkData(const Network& network, const NetworkRows& given);
  // Rows without targets, for layer `from`.
  NetworkData(const Network& network, std::shared_ptr<const Rows> rows, std::size_t from);

  std::size_t rows() const { return rows_->rows(); }
  void gatherRows(const Batch& batch, Tensor& input) const { backend_.gather(*rows_, batch, input); }
  void gatherTargets(const Batch& batch, Tensor& target) const { backend_.gather(targets_ ? *targets_ : *rows_, batch, target); }

 private:
  Backend& backend_;
  DataPtr rows_, targets_;  // targets: null where they are the rows
};

}  // namespace boltzkit
