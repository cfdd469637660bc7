// Chains of the machine itself, warmed up until they count as samples, and the marginals that they and the data have.
#pragma once
#include <optional>
#include <vector>

#include "core/interrupt.hpp"
#include "likelihood/annealing_path.hpp"
#include "likelihood/base_units.hpp"
#include "likelihood/partition_options.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

// Chains start in turn at independent units with the machine's own biases, at states annealed from units
// without biases, and at data rows where there are some (layers without rows are drawn first). A mode
// that one kind of start misses, another may find.
class ModelSamples {
 public:
  ModelSamples(Machine& machine, const PartitionOptions& options);

  void run(const Cancelled& cancelled);

  // The chains, chunkRows of them at a time.
  std::vector<States>& blocks() { return blocks_; }
  // Independent units with the mean of the data's marginals and those that the chains have in the
  // second half of their sweeps; of a layer without rows, those of the chains. Of their biases only a
  // share is taken, in [0, 1].
  AnnealingPath::Base base(double shareOfBiases) const;

 private:
  bool hasRows(std::size_t layer) const { return data_ && data_->given()[layer]; }
  std::size_t kinds() const { return data_ ? 3 : 2; }
  Stream stream(std::uint64_t steps);
  void addRows(const Cancelled& cancelled);
  void start(States& states, std::size_t first, const Stream& stream);
  // Puts other states into every kinds()-th chain, from the one numbered `kind` on.
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
