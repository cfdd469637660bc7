// Walks over data rows in chunks that are loaded into states, so that scratch memory does not grow with the data.
#pragma once
#include <functional>
#include <vector>

#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

// Rows per chunk: enough to keep the matrix kernels busy, few enough for the states of a 784-500 machine to fit in a few MiB.
inline constexpr std::size_t chunkRows = 512;

enum class Values { allPresent, someMissing };

// Data sets of some layers, as the backend holds them; all have the same number of rows.
class LayerData {
 public:
  // Throws ShapeError when rows or columns do not fit the machine or each other, ParameterError when values are missing that must be present
  // (all of them, or where units are counts: what is missing would be part of the row's total).
  LayerData(const Machine& machine, const std::vector<LayerRows>& layers, Values values = Values::allPresent);

  std::size_t rows() const { return rows_; }
  // Layers that have rows, those of them that lack no value, and whether a layer has rows that lack some.
  const std::vector<bool>& given() const { return given_; }
  const std::vector<bool>& complete() const { return complete_; }
  bool missing(std::size_t layer) const { return given_[layer] && !complete_[layer]; }
  bool anyMissing() const { return given_ != complete_; }
  // Missing values come as NaN.
  void gather(const Batch& batch, States& states) const;
  void gather(std::vector<std::uint32_t> rows, States& states) const;

 private:
  const Machine& machine_;
  std::vector<DataPtr> data_;  // per layer, null where not given
  std::vector<bool> given_, complete_;
  std::size_t rows_ = 0;
};

// Calls body(first, states) for every chunk of `data`, with the given layers of `states` filled in.
using ChunkBody = std::function<void(std::size_t first, States& states)>;
void forEachChunk(const Machine& machine, const LayerData& data, const Cancelled& cancelled, const ChunkBody& body);
// The same in states that have room for a chunk.
void forEachChunk(States& states, const LayerData& data, const Cancelled& cancelled, const ChunkBody& body);

}  // namespace boltzkit
