#include "sampling/row_chunks.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "core/progress.hpp"

namespace boltzkit {
namespace {

void requireValues(const Rows& rows, const Layer& layer, Values values) {
  if (!rows.hasMissing()) return;
  if (values == Values::allPresent)
    throw parameterError("rows of layer '" + layer.name + "' lack values (NaN), which must all be present here; `impute` fills them in");
  if (keepsTotal(layer.type))
    throw parameterError("layer '" + layer.name + "' holds counts, of which none can be missing: the row's total would be unknown");
}

}  // namespace

LayerData::LayerData(const Machine& machine, const std::vector<LayerRows>& layers, Values values)
    : machine_(machine), data_(machine.wiring().layers().size()), given_(data_.size(), false), complete_(given_) {
  if (layers.empty()) throw parameterError("rows of at least one layer are needed");
  rows_ = layers.front().rows->rows();
  if (rows_ > std::numeric_limits<std::uint32_t>::max()) throw parameterError("at most 4294967295 rows, got " + std::to_string(rows_));
  for (const LayerRows& l : layers) {
    requireLayer(machine.wiring(), l.layer);
    const Layer& layer = machine.wiring().layers()[l.layer];
    if (given_[l.layer]) throw parameterError("rows for layer '" + layer.name + "' are given twice");
    if (l.rows->cols() != layer.places)
      throw shapeError("rows of layer '" + layer.name + "' must have " + std::to_string(layer.places) + " columns, got " +
                       std::to_string(l.rows->cols()));
    if (l.rows->rows() != rows_)
      throw shapeError("layers need the same number of rows, got " + std::to_string(rows_) + " and " + std::to_string(l.rows->rows()));
    requireValues(*l.rows, layer, values);
    given_[l.layer] = true;
    complete_[l.layer] = !l.rows->hasMissing();
    data_[l.layer] = machine.backend().data(l.rows);
  }
}

void LayerData::gather(const Batch& batch, States& states) const {
  for (std::size_t l = 0; l < data_.size(); ++l)
    if (data_[l]) machine_.backend().gather(*data_[l], batch, states[l]);
}

void LayerData::gather(std::vector<std::uint32_t> rows, States& states) const {
  const std::size_t count = rows.size();
  const OrderPtr order = machine_.backend().order(std::move(rows));
  gather({order.get(), 0, count}, states);
}

void forEachChunk(const Machine& machine, const LayerData& data, const Cancelled& cancelled, const ChunkBody& body) {
  States states(machine, std::min(chunkRows, data.rows()));
  forEachChunk(states, data, cancelled, body);
}

void forEachChunk(States& states, const LayerData& data, const Cancelled& cancelled, const ChunkBody& body) {
  for (std::size_t first = 0; first < data.rows(); first += chunkRows) {
    throwIfCancelled(cancelled);
    std::vector<std::uint32_t> rows(std::min(chunkRows, data.rows() - first));
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
    states.setRows(rows.size());
    data.gather(std::move(rows), states);
    const double all = static_cast<double>(data.rows());
    const Progress part(static_cast<double>(first) / all, static_cast<double>(first + states.rows()) / all);
    body(first, states);
    Progress::report(1, 1);
  }
}

}  // namespace boltzkit
