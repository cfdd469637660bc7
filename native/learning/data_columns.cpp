#include "learning/data_columns.hpp"

#include <algorithm>
#include <cmath>

namespace boltzkit {
namespace {

// Steps contain squares of values, and products of these with offsets. 1e15^2.5 is about the
// largest float.
constexpr double largestValue = 1e15;

bool unlimited(const Layer& layer) {
  return visitUnit(layer.type, [&](auto unit) { return decltype(unit)::domain(layer.size).high == unbounded; });
}

}  // namespace

void DataColumns::Column::add(double value) {
  if (count == 0) first = low = high = value;
  const double x = value - first;
  count += 1;
  sum += x;
  squares += x * x;
  low = std::min(low, value);
  high = std::max(high, value);
}

double DataColumns::Column::deviation() const {
  return count > 0 ? std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count))) : 0;
}

double DataColumns::Column::largest() const { return std::max(std::fabs(low), std::fabs(high)); }

double DataColumns::Column::strangeness() const {
  const double sd = deviation(), far = largest();
  return std::max({1.0, sd, far, sd > 0 ? std::fabs(mean()) / sd : far, sd > 0 ? 1 / sd : 1});
}

DataColumns::DataColumns(const Machine& machine, const LayerData& data, std::span<const double> rowWeights, const Cancelled& cancelled)
    : machine_(machine), columns_(data.given().size()), constant_(data.given().size()) {
  bool any = false;
  for (std::size_t l = 0; l < columns_.size(); ++l) {
    if (!data.given()[l] || !unlimited(machine.wiring().layers()[l])) continue;
    columns_[l].resize(machine.places(l));
    any = true;
  }
  if (!any) return;
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    for (std::size_t l = 0; l < columns_.size(); ++l) {
      const std::size_t n = columns_[l].size();
      if (n == 0) continue;
      const std::vector<double> values = valuesOf(machine.backend(), states[l]);
      for (std::size_t i = 0; i < values.size(); ++i)
        if (!std::isnan(values[i]) && (rowWeights.empty() || rowWeights[first + i / n] > 0)) columns_[l][i % n].add(values[i]);
    }
  });
  for (std::size_t l = 0; l < columns_.size(); ++l)
    for (std::size_t j = 0; j < columns_[l].size(); ++j) {
      const Column& column = columns_[l][j];
      constant_[l].push_back(column.count > 0 && column.low == column.high);
      if (column.largest() > largestValue)
        throw parameterError("values of " + nameOf(l, j) + " must be of a size up to " + decimal(largestValue) + " to be trained on, got " +
                             decimal(-column.low > column.high ? column.low : column.high) +
                             "; standardise the column (mean 0, standard deviation 1)");
    }
}

bool DataColumns::alwaysAt(std::size_t layer, std::size_t column, double value) const {
  const double low = columns_[layer][column].low;
  return std::fabs(value - low) <= 1e-5 * std::fabs(low);
}

std::string DataColumns::nameOf(std::size_t layer, std::size_t column) const {
  return "column " + std::to_string(column) + " of layer '" + machine_.wiring().layers()[layer].name + "'";
}

std::string DataColumns::remedy() const {
  const Column* worst = nullptr;
  std::string name;
  for (std::size_t l = 0; l < columns_.size(); ++l)
    for (std::size_t j = 0; j < columns_[l].size(); ++j)
      if (!worst || columns_[l][j].strangeness() > worst->strangeness()) {
        worst = &columns_[l][j];
        name = nameOf(l, j);
      }
  if (!worst) return {};
  return "; of the data " + name + " is furthest from standard units (mean " + decimal(worst->mean()) + ", standard deviation " +
         decimal(worst->deviation()) + ", values from " + decimal(worst->low) + " to " + decimal(worst->high) +
         "): standardise the columns (mean 0, standard deviation 1), or lower the learning rate";
}

std::vector<std::string> DataColumns::warnings() const {
  std::vector<std::string> all;
  for (std::size_t l = 0; l < constant_.size(); ++l) {
    const std::size_t count = static_cast<std::size_t>(std::count(constant_[l].begin(), constant_[l].end(), true));
    if (count == 0) continue;
    const std::size_t j = static_cast<std::size_t>(std::find(constant_[l].begin(), constant_[l].end(), true) - constant_[l].begin());
    all.push_back(nameOf(l, j) + " is constant, always " + decimal(columns_[l][j].low) +
                  (count > 1 ? ", and so are " + std::to_string(count - 1) + " more" : std::string()) +
                  ": its variance has no likeliest value and is held where it is; leave such columns out");
  }
  return all;
}

}  // namespace boltzkit
