#include "network/network_data.hpp"

#include <limits>
#include <string>
#include <utility>

namespace boltzkit {
namespace {

void requireColumns(const Rows& rows, std::size_t columns, const char* what, const char* side) {
  if (rows.cols() != columns)
    throw shapeError(std::string(what) + " must have " + std::to_string(columns) + " columns (" + side + " of the network), got " +
                     std::to_string(rows.cols()));
  if (rows.hasMissing()) throw parameterError(std::string(what) + " must not lack values (NaN), which a network cannot fill in");
}

}  // namespace

NetworkData::NetworkData(const Network& network, std::shared_ptr<const Rows> rows, std::size_t from) : backend_(network.backend()) {
  requireColumns(*rows, network.layers()[from]->inputs(), "rows", from == 0 ? "inputs" : "inputs of a layer");
  if (rows->rows() > std::numeric_limits<std::uint32_t>::max())
    throw parameterError("at most 4294967295 rows, got " + std::to_string(rows->rows()));
  rows_ = backend_.data(std::move(rows));
}

NetworkData::NetworkData(const Network& network, const NetworkRows& given) : NetworkData(network, given.rows, 0) {
  if (!given.targets) {
    requireColumns(*given.rows, network.outputs(), "rows that are their own targets", "outputs");
    return;
  }
  requireColumns(*given.targets, network.outputs(), "targets", "outputs");
  if (given.targets->rows() != given.rows->rows())
    throw shapeError("targets must be as many as rows, " + std::to_string(given.rows->rows()) + ", got " +
                     std::to_string(given.targets->rows()));
  targets_ = backend_.data(given.targets);
}

}  // namespace boltzkit
