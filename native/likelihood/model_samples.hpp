// Chains of the machine, warmed up until they count as samples, and the marginals of chains and
// data.
#pragma once
#include <optional>
#include <vector>

#include "core/interrupt.hpp"
#include "likelihood/annealing_path.hpp"
#include "likelihood/base_units.hpp"
#include "likelihood/partition_options.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

// Chains take three kinds of start in turn: independent units with the machine's own biases, states
// annealed from units without biases, and data rows if there are any. Sweeps begin with the layers
// without rows. Different starts may find different modes.
class ModelSamples {
 public:
  ModelSamples(Machine& machine, const PartitionOptions& options);

  void run(const Cancelled& cancelled);
  // Work of `run`, in sweeps of a chain, for progress.
  static double work(const PartitionOptions& options);

  // The chains, in blocks of at most chunkRows.
  std::vector<States>& blocks() { return blocks_; }
  // Parameters of independent units. Their marginals are the mean of the data's and of the chains'
  // in the second half of their sweeps; for a layer without rows, only the chains'. The biases are
  // multiplied by shareOfBiases, in [0, 1].
  AnnealingPath::Base base(double shareOfBiases) const;

 private:
  bool hasRows(std::size_t layer) const { return data_ && data_->given()[layer]; }
  double startShare() const;  // of the work: annealing the starts
  std::size_t kinds() const { return data_ ? 3 : 2; }
  Stream stream(std::uint64_t steps);
  void addRows(const Cancelled& cancelled);
  void start(States& states, std::size_t first, const Stream& stream);
  // Replaces the states of every kinds()-th chain, starting with the chain numbered `kind`.
  void replace(std::size_t kind, std::size_t layer, const Tensor& by, States& states);
  void startAnnealed(States& states, std::size_t first, const Stream& stream, const Cancelled& cancelled);
  void startAtRows(States& states, std::size_t first, const Stream& stream);
  void warmUp(States& states, std::size_t first, const Stream& stream, const Cancelled& cancelled);
  void sweep(States& states, const Round& round);

  Machine& machine_;
  const PartitionOptions& options_;
  BlockGibbs gibbs_;
  BaseUnits rowUnits_, chainUnits_;
  std::optional<LayerData> data_;
  std::vector<States> blocks_;
};

}  // namespace boltzkit
