// What one asks of a network outside of training. Rows are processed in chunks, so scratch memory
// does not grow with the data. Every function polls `cancelled` between chunks and throws
// Error{aborted}.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/interrupt.hpp"
#include "network/loss.hpp"
#include "network/network_data.hpp"
#include "network/network_pass.hpp"

namespace boltzkit {

// Rows per chunk: enough to keep the matrix kernels busy.
inline constexpr std::size_t networkChunk = 512;

// The outputs of a layer, nothing dropped, of rows that go into layer `from`; out [rows, outputs of
// the layer].
void networkOutputs(const Network& network, const NetworkData& data, std::size_t from, std::size_t layer, const Cancelled& cancelled,
                    std::span<float> out);

// The loss of each row, and its error: of softmax outputs the part of the units whose likeliest
// category is not the target's (of equal ones the first), else the sum of squared differences.
class NetworkScorer {
 public:
  NetworkScorer(const Network& network, LossKind kind, std::size_t mostRows);

  // Of all rows.
  void score(const NetworkData& data, const Cancelled& cancelled, std::span<double> loss, std::span<double> error);
  // Of the rows with these numbers.
  void score(const NetworkData& data, const std::vector<std::uint32_t>& rows, const Cancelled& cancelled, std::span<double> loss,
             std::span<double> error);

 private:
  void chunk(const NetworkData& data, std::vector<std::uint32_t> rows, double* loss, double* error);

  const Network& network_;
  Loss loss_;
  NetworkPass pass_;
  TensorPtr target_, scratch_;  // [chunk, outputs]
  DoublesPtr sums_;             // [chunk]
};

// The gradient of each row's loss with respect to the row; out [rows, inputs].
void inputGradients(const Network& network, const NetworkData& data, LossKind kind, const Cancelled& cancelled, std::span<float> out);

}  // namespace boltzkit
