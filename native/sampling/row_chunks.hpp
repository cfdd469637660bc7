// Loads data rows into states chunk by chunk, so that scratch memory does not grow with the data.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

// Rows per chunk: enough to keep the matrix kernels busy, few enough for the states of a 784-500
// machine to fit in a few MiB.
inline constexpr std::size_t chunkRows = 512;

enum class Values { allPresent, someMissing };

// The data of some layers, held by the backend. All have the same number of rows. Layers that are
// seen through machines are passed up on the way, so scratch has as many rows as one load.
//
// A row that is seen as a draw is the same draw in every load: its random words are named by its
// number. Those of a question are its own. All other data have one set of words, so monitoring sees
// the same rows at every epoch, and takes no words from training.
class LayerData {
 public:
  // Throws ShapeError if rows or columns do not fit the machine or each other. Throws
  // ParameterError if values are missing that must be present: all values with allPresent, counts
  // always, since the row's total would be unknown, and rows that are seen through machines.
  LayerData(const Machine& machine, const std::vector<LayerRows>& layers, Values values = Values::allPresent);
  // The same for one question: draws have words that the machine uses nowhere else.
  static LayerData forQuestion(Machine& machine, const std::vector<LayerRows>& layers, Values values = Values::allPresent);

  std::size_t rows() const { return rows_; }
  // given: layers with rows. complete: those of them without missing values. missing(layer): the
  // layer has rows and some values are missing.
  const std::vector<bool>& given() const { return given_; }
  const std::vector<bool>& complete() const { return complete_; }
  bool missing(std::size_t layer) const { return given_[layer] && !complete_[layer]; }
  bool anyMissing() const { return given_ != complete_; }
  // True if some layer is seen as draws.
  bool drawn() const { return drawn_; }
  // Missing values come as NaN. The draws of a batch are named by the places of its rows in the
  // order.
  void gather(const Batch& batch, States& states) const;
  void gather(std::vector<std::uint32_t> rows, States& states) const;
  // Draws the rows of the batch with these words. `accuracy`: of the fields behind draws.
  void gather(const Batch& batch, States& states, const DrawWords& words, Accuracy accuracy) const;

 private:
  void see(std::size_t layer, const Batch& batch, const DrawWords& words, Accuracy accuracy, Tensor& out) const;
  void drawScattered(std::size_t layer, const std::vector<std::uint32_t>& rows, Tensor& out) const;

  const Machine& machine_;
  std::vector<DataPtr> data_;  // per layer; null if not given
  // Per layer; null if it has the data themselves. The scratch of a load.
  std::vector<std::unique_ptr<StackPass>> passes_;
  std::vector<std::uint8_t> firstStream_;  // per layer: of the stream layers of its levels
  Stream words_;
  std::vector<bool> given_, complete_;
  bool drawn_ = false;
  std::size_t rows_ = 0;
};

// Calls body(first, states) for every chunk of `data`, with the given layers loaded into `states`.
using ChunkBody = std::function<void(std::size_t first, States& states)>;
void forEachChunk(const Machine& machine, const LayerData& data, const Cancelled& cancelled, const ChunkBody& body);
// The same with the caller's states; their capacity must be a chunk or all rows of the data.
void forEachChunk(States& states, const LayerData& data, const Cancelled& cancelled, const ChunkBody& body);

}  // namespace boltzkit
