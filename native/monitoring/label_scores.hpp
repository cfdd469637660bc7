// How well a machine tells the labels of rows whose labels are known, which is exact:
//   loss: -log p(label | other rows), in nats; error: 1 where another label is likelier.
#pragma once
#include "monitoring/watched_rows.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

// Weighted means over rows; rows that lack their label count for nothing. NaN without any row.
struct LabelScores {
  double loss, error;
};

// `labels`: the layer, one softmax unit. A row whose label is a distribution over several has the
// mean over these. NaN if other values are missing.
LabelScores labelScores(const Machine& machine, const LayerData& data, std::size_t labels, const WatchedRows& watched);

}  // namespace boltzkit
