#include "sampling/row_chunks.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "core/progress.hpp"

namespace boltzkit {
namespace {

void requireValues(const LayerRows& given, const Layer& layer, Values values) {
  if (!given.rows->hasMissing()) return;
  if (given.through)
    throw parameterError("rows that layer '" + layer.name + "' sees through machines lack values (NaN), which must all be present");
  if (values == Values::allPresent)
    throw parameterError("rows of layer '" + layer.name + "' lack values (NaN), which must all be present here; `impute` fills them in");
  if (keepsTotal(layer.type))
    throw parameterError("layer '" + layer.name + "' holds counts, of which none can be missing: the row's total would be unknown");
}

// Words of draws that no count of steps comes near.
Stream lastStep(const Machine& machine) { return {machine.seed(), Purpose::chainStart, 0, maxStreamStep}; }

bool consecutive(const std::vector<std::uint32_t>& rows) {
  return std::adjacent_find(rows.begin(), rows.end(), [](std::uint32_t a, std::uint32_t b) { return b != a + 1; }) == rows.end();
}

void requireColumns(const LayerRows& given, const Layer& layer) {
  const std::size_t wanted = given.through ? given.through->bottom().places : layer.places;
  if (given.rows->cols() == wanted) return;
  throw shapeError("rows of layer '" + layer.name + "' must have " + std::to_string(wanted) + " columns" +
                   (given.through ? " (units of '" + given.through->bottom().name + "', through which it sees them)" : "") + ", got " +
                   std::to_string(given.rows->cols()));
}

}  // namespace

LayerData::LayerData(const Machine& machine, const std::vector<LayerRows>& layers, Values values)
    : machine_(machine),
      data_(machine.wiring().layers().size()),
      passes_(data_.size()),
      firstStream_(data_.size()),
      words_(lastStep(machine)),
      given_(data_.size(), false),
      complete_(given_) {
  if (layers.empty()) throw parameterError("rows of at least one layer are needed");
  rows_ = layers.front().rows->rows();
  if (rows_ > std::numeric_limits<std::uint32_t>::max()) throw parameterError("at most 4294967295 rows, got " + std::to_string(rows_));
  for (const LayerRows& l : layers) {
    requireLayer(machine.wiring(), l.layer);
    const Layer& layer = machine.wiring().layers()[l.layer];
    if (given_[l.layer]) throw parameterError("rows for layer '" + layer.name + "' are given twice");
    requireColumns(l, layer);
    if (l.rows->rows() != rows_)
      throw shapeError("layers need the same number of rows, got " + std::to_string(rows_) + " and " + std::to_string(l.rows->rows()));
    requireValues(l, layer, values);
    given_[l.layer] = true;
    complete_[l.layer] = !l.rows->hasMissing();
    data_[l.layer] = machine.backend().data(l.rows);
    if (!l.through) continue;
    l.through->requireFits(layer);
    l.through->requireOn(machine.backend());
    passes_[l.layer] = std::make_unique<StackPass>(machine.backend(), l.through);
    drawn_ = drawn_ || l.through->draw() == Draw::sample;
  }
  std::size_t levels = 0;
  for (std::size_t l = 0; l < passes_.size(); ++l) {
    if (!passes_[l]) continue;
    firstStream_[l] = static_cast<std::uint8_t>(levels);
    levels += passes_[l]->stack().size();
  }
  if (levels > 256) throw parameterError("rows must be seen through at most 256 machines in all, got " + std::to_string(levels));
}

LayerData LayerData::forQuestion(Machine& machine, const std::vector<LayerRows>& layers, Values values) {
  LayerData data(machine, layers, values);
  if (data.drawn()) data.words_ = machine.random().next(Purpose::conditional);
  return data;
}

// Loads one layer.
void LayerData::see(std::size_t layer, const Batch& batch, const DrawWords& words, Accuracy accuracy, Tensor& out) const {
  StackPass* pass = passes_[layer].get();
  if (!pass) return machine_.backend().gather(*data_[layer], batch, out);
  machine_.backend().gather(*data_[layer], batch, pass->input(batch.count));
  if (pass->stack().draw() == Draw::sample)
    pass->run(words, firstStream_[layer], accuracy, out);
  else
    pass->run(std::nullopt, 0, Accuracy::full, out);
}

void LayerData::gather(const Batch& batch, States& states) const {
  gather(batch, states, {words_, static_cast<std::uint32_t>(batch.first)}, Accuracy::full);
}

void LayerData::gather(const Batch& batch, States& states, const DrawWords& words, Accuracy accuracy) const {
  for (std::size_t l = 0; l < data_.size(); ++l)
    if (data_[l]) see(l, batch, words, accuracy, states[l]);
}

void LayerData::gather(std::vector<std::uint32_t> rows, States& states) const {
  const std::size_t count = rows.size();
  const std::uint32_t first = rows.empty() ? 0 : rows.front();
  const bool scattered = drawn_ && !consecutive(rows);
  for (std::size_t l = 0; scattered && l < data_.size(); ++l)
    if (passes_[l] && passes_[l]->stack().draw() == Draw::sample) drawScattered(l, rows, states[l]);
  const OrderPtr order = machine_.backend().order(std::move(rows));
  for (std::size_t l = 0; l < data_.size(); ++l)
    if (data_[l] && !(scattered && passes_[l] && passes_[l]->stack().draw() == Draw::sample))
      see(l, {order.get(), 0, count}, {words_, first}, Accuracy::full, states[l]);
}

// Neighbouring rows of a tensor have neighbouring words. So rows in another order are drawn run by
// run, and put together on the host.
void LayerData::drawScattered(std::size_t layer, const std::vector<std::uint32_t>& rows, Tensor& out) const {
  Backend& backend = machine_.backend();
  std::vector<std::uint32_t> distinct = rows;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  const std::size_t places = out.cols();
  const OrderPtr order = backend.order(distinct);
  std::vector<double> drawn(distinct.size() * places), all(rows.size() * places);
  for (std::size_t first = 0, last = 1; first < distinct.size(); first = last++) {
    while (last < distinct.size() && distinct[last] == distinct[last - 1] + 1) ++last;
    out.setRows(last - first);
    see(layer, {order.get(), first, last - first}, {words_, distinct[first]}, Accuracy::full, out);
    backend.download(out, std::span(drawn).subspan(first * places, (last - first) * places));
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto at = std::lower_bound(distinct.begin(), distinct.end(), rows[r]) - distinct.begin();
    std::copy_n(drawn.begin() + at * static_cast<std::ptrdiff_t>(places), places, all.begin() + static_cast<std::ptrdiff_t>(r * places));
  }
  out.setRows(rows.size());
  backend.upload(std::span<const double>(all), out);
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
