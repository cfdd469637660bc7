#include "learning/network_run.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "sampling/layer_rows.hpp"

namespace boltzkit {
namespace {

const Cancelled never{false};

// The lowest layer that has a parameter which moves; the last one if none does.
std::size_t lowestMoving(const Network& network, const NetworkTrainerOptions& options) {
  std::size_t parameter = 0;
  for (std::size_t l = 0; l < network.layers().size(); ++l)
    for (std::size_t k = network.layers()[l]->parameters().size(); k > 0; --k)
      if (!options.frozen(parameter++)) return l;
  return network.layers().size() - 1;
}

std::vector<double> checkedWeights(std::vector<double> weights, std::size_t rows) {
  validateWeights(weights, rows);
  return weights.empty() ? weights : meanOne(std::move(weights));
}

const NetworkTrainerOptions& checked(const NetworkTrainerOptions& options, const Network& network, std::size_t rows) {
  validateRun(options, rows, network.parameters().size());
  requireOption(isNonNegative(options.maxNorm), "maxNorm", "a finite number >= 0", options.maxNorm);
  return options;
}

}  // namespace

NetworkRun::NetworkRun(Network& network, const NetworkTrainerOptions& options, const NetworkRows& data, const NetworkRows* validation,
                       std::vector<double> rowWeights, bool needsLosses)
    : network_(network),
      options_(checked(options, network, data.rows->rows())),
      parameters_(network.layerParameters()),
      data_(network, data),
      rowWeights_(checkedWeights(std::move(rowWeights), data_.rows())),
      loss_(network.backend(), options.loss),
      pass_(network, options.batchSize, {.gradients = true, .fields = needsLosses}),
      lowest_(lowestMoving(network, options_)),
      target_(backend().tensor(options.batchSize, network.outputs())),
      watched_(evenlySpaced(data_.rows(), std::min(options.monitorRows, data_.rows()))) {
  if (options_.dropout) pass_.setDropout(*options_.dropout);
  if (validation) validation_.emplace(network, *validation);
  if (validation_ && validation_->rows() == 0) throw parameterError("validation needs at least one row");
  if (needsLosses) {
    scratch_ = backend().tensor(options.batchSize, network.outputs());
    losses_ = backend().doubles(options.batchSize);
  }
  if (rowWeights_.empty()) return;
  allWeights_ = backend().tensor(1, rowWeights_.size());
  batchWeights_ = backend().tensor(1, options.batchSize);
  backend().upload(std::span<const double>(rowWeights_), *allWeights_);
}

void NetworkRun::load(const Batch& batch) {
  count_ = batch.count;
  pass_.setRows(count_);
  target_->setRows(count_);
  if (batchWeights_) backend().gatherColumns(*allWeights_, batch, *batchWeights_);
  data_.gatherRows(batch, pass_.input());
  data_.gatherTargets(batch, *target_);
  draws_ = network_.random().next(Purpose::positive);
}

void NetworkRun::propagate() {
  pass_.forward(&*draws_);
  loss_.gradient(pass_.output(), *target_, pass_.gradient());
  pass_.backward(loss_.atFields(), {batchWeights_.get(), -1 / static_cast<double>(count_)}, lowest_, nullptr);
}

double NetworkRun::loss() {
  scratch_->setRows(count_);
  loss_.values(network_.outputUnits(), pass_.fields(), pass_.output(), *target_, *scratch_, *losses_);
  std::vector<double> values(count_);
  backend().read(*losses_, values);
  const std::vector<double> weights = batchWeights_ ? valuesOf(backend(), *batchWeights_) : std::vector<double>(count_, 1.0);
  double sum = 0;
  for (std::size_t r = 0; r < count_; ++r) sum += weights[r] * values[r];
  return sum / static_cast<double>(count_);
}

NetworkRun::Means NetworkRun::meansOf(const NetworkData& data, const std::vector<std::uint32_t>* rows) {
  const std::size_t count = rows ? rows->size() : data.rows();
  if (count == 0) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  std::vector<double> loss(count), error(count);
  NetworkScorer scorer(network_, options_.loss, count);
  if (rows)
    scorer.score(data, *rows, never, loss, error);
  else
    scorer.score(data, never, loss, error);
  double sum = 0;
  Means means{0, 0};
  for (std::size_t r = 0; r < count; ++r) {
    const double weight = rows && !rowWeights_.empty() ? rowWeights_[(*rows)[r]] : 1;
    sum += weight;
    means.loss += weight * loss[r];
    means.error += weight * error[r];
  }
  return {means.loss / sum, means.error / sum};
}

void NetworkRun::measure(EpochReport& report) {
  NetworkReport of;
  const Means training = meansOf(data_, &watched_);
  of.loss = training.loss;
  of.error = training.error;
  of.validationLoss = of.validationError = std::numeric_limits<double>::quiet_NaN();
  if (validation_) {
    const Means means = meansOf(*validation_, nullptr);
    of.validationLoss = means.loss;
    of.validationError = means.error;
  }
  double squares = 0, count = 0;
  for (const LayerParameter& p : parameters_) {
    if (p.role != LayerParameter::Role::weights) continue;
    for (const double x : reduced(backend(), p.tensor->rows(), [&](const RowSum& sum) { backend().rowDots(*p.tensor, *p.tensor, sum); }))
      squares += x;
    count += static_cast<double>(p.tensor->rows()) * static_cast<double>(p.tensor->cols());
  }
  report.weightNorm = count > 0 ? std::sqrt(squares / count) : 0;
  report.of = of;
}

}  // namespace boltzkit
