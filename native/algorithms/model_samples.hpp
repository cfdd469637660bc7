// Chains of the machine itself, warmed up until they count as samples, and the marginals that they and the data have.
#pragma once
#include <optional>
#include <vector>

#include "algorithms/annealing_path.hpp"
#include "algorithms/base_units.hpp"
#include "algorithms/partition.hpp"
#include "algorithms/row_chunks.hpp"

namespace boltzkit {

// Where there are data rows every second chain starts at one of them, with a layer that has none drawn first; the others start at independent
// units with the machine's own biases.
class ModelSamples {
 public:
  ModelSamples(Machine& machine, const PartitionOptions& options);

  void run(const Cancelled& cancelled);

  // The chains, chunkRows of them at a time.
  std::vector<States>& blocks() { return blocks_; }
  // Independent units with the marginals of the data, or where a layer has none of the chains in the second half of their sweeps.
  AnnealingPath::Base base() const;

 private:
  bool hasRows(std::size_t layer) const { return data_ && data_->given()[layer]; }
  Stream stream(std::uint64_t steps);
  void addRows(const Cancelled& cancelled);
  void start(States& states, std::size_t first, const Stream& stream);
  void startAtRows(States& states, std::size_t first);
  void warmUp(States& states, std::size_t first, const Stream& stream, const Cancelled& cancelled);
  void sweep(States& states, const Round& round);

  Machine& machine_;
  const PartitionOptions& options_;
  BlockGibbs gibbs_;
  BaseUnits base_;
  std::optional<LayerData> data_;
  std::vector<States> blocks_;
};

}  // namespace boltzkit
