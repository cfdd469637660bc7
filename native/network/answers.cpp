#include "network/answers.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/progress.hpp"

namespace boltzkit {
namespace {

// Calls body(first, numbers) for chunks of consecutive row numbers.
template <class Body>
void forEachChunk(std::size_t rows, const Cancelled& cancelled, Body&& body) {
  for (std::size_t first = 0; first < rows; first += networkChunk) {
    throwIfCancelled(cancelled);
    std::vector<std::uint32_t> numbers(std::min(networkChunk, rows - first));
    std::iota(numbers.begin(), numbers.end(), static_cast<std::uint32_t>(first));
    const std::size_t count = numbers.size();
    body(first, std::move(numbers));
    Progress::report(static_cast<double>(first + count), static_cast<double>(rows));
  }
}

void gather(const Network& network, const NetworkData& data, std::vector<std::uint32_t> numbers, NetworkPass& pass, Tensor* target) {
  const std::size_t count = numbers.size();
  const OrderPtr order = network.backend().order(std::move(numbers));
  const Batch batch{order.get(), 0, count};
  pass.setRows(count);
  data.gatherRows(batch, pass.input());
  if (!target) return;
  target->setRows(count);
  data.gatherTargets(batch, *target);
}

// The part of a row's softmax units whose likeliest category is not the target's.
double wrongUnits(const double* mean, const double* target, std::size_t places, std::size_t size) {
  std::size_t wrong = 0;
  for (std::size_t j = 0; j < places; j += size)
    wrong += std::max_element(mean + j, mean + j + size) - (mean + j) != std::max_element(target + j, target + j + size) - (target + j);
  return static_cast<double>(wrong) / static_cast<double>(places / size);
}

double squaredDifference(const double* mean, const double* target, std::size_t places) {
  double sum = 0;
  for (std::size_t j = 0; j < places; ++j) sum += (mean[j] - target[j]) * (mean[j] - target[j]);
  return sum;
}

}  // namespace

void networkOutputs(const Network& network, const NetworkData& data, std::size_t from, std::size_t layer, const Cancelled& cancelled,
                    std::span<float> out) {
  NetworkPass pass(network, std::min(networkChunk, data.rows()), {}, from, layer);
  const std::size_t places = network.layers()[layer]->outputs();
  forEachChunk(data.rows(), cancelled, [&](std::size_t first, std::vector<std::uint32_t> numbers) {
    const std::size_t count = numbers.size();
    gather(network, data, std::move(numbers), pass, nullptr);
    pass.forward(nullptr);
    network.backend().download(pass.output(), out.subspan(first * places, count * places));
  });
}

NetworkScorer::NetworkScorer(const Network& network, LossKind kind, std::size_t mostRows)
    : network_(network),
      loss_(network.backend(), kind),
      pass_(network, std::min(networkChunk, mostRows), {.fields = true}),
      target_(network.backend().tensor(std::min(networkChunk, mostRows), network.outputs())),
      scratch_(network.backend().tensor(std::min(networkChunk, mostRows), network.outputs())),
      sums_(network.backend().doubles(std::min(networkChunk, mostRows))) {}

void NetworkScorer::score(const NetworkData& data, const Cancelled& cancelled, std::span<double> loss, std::span<double> error) {
  forEachChunk(data.rows(), cancelled, [&](std::size_t first, std::vector<std::uint32_t> numbers) {
    chunk(data, std::move(numbers), loss.data() + first, error.data() + first);
  });
}

void NetworkScorer::score(const NetworkData& data, const std::vector<std::uint32_t>& rows, const Cancelled& cancelled,
                          std::span<double> loss, std::span<double> error) {
  forEachChunk(rows.size(), cancelled, [&](std::size_t first, std::vector<std::uint32_t> numbers) {
    for (std::uint32_t& number : numbers) number = rows[number];
    chunk(data, std::move(numbers), loss.data() + first, error.data() + first);
  });
}

void NetworkScorer::chunk(const NetworkData& data, std::vector<std::uint32_t> rows, double* loss, double* error) {
  Backend& backend = network_.backend();
  const std::size_t count = rows.size(), places = network_.outputs();
  gather(network_, data, std::move(rows), pass_, target_.get());
  scratch_->setRows(count);
  pass_.forward(nullptr);
  const Units units = network_.outputUnits();
  loss_.values(units, pass_.fields(), pass_.output(), *target_, *scratch_, *sums_);
  backend.read(*sums_, {loss, count});
  const std::vector<double> means = valuesOf(backend, pass_.output()), targets = valuesOf(backend, *target_);
  for (std::size_t r = 0; r < count; ++r) {
    const double *mean = means.data() + r * places, *target = targets.data() + r * places;
    error[r] = units.type == UnitType::softmax ? wrongUnits(mean, target, places, units.size) : squaredDifference(mean, target, places);
  }
}

void inputGradients(const Network& network, const NetworkData& data, LossKind kind, const Cancelled& cancelled, std::span<float> out) {
  Backend& backend = network.backend();
  const std::size_t chunk = std::min(networkChunk, data.rows()), inputs = network.inputs();
  NetworkPass pass(network, chunk, {.gradients = true});
  const TensorPtr target = backend.tensor(chunk, network.outputs()), gradient = backend.tensor(chunk, inputs);
  const Loss loss(backend, kind);
  forEachChunk(data.rows(), cancelled, [&](std::size_t first, std::vector<std::uint32_t> numbers) {
    const std::size_t count = numbers.size();
    gather(network, data, std::move(numbers), pass, target.get());
    gradient->setRows(count);
    pass.forward(nullptr);
    loss.gradient(pass.output(), *target, pass.gradient());
    pass.backward(loss.atFields(), {}, 0, gradient.get());
    backend.download(*gradient, out.subspan(first * inputs, count * inputs));
  });
}

}  // namespace boltzkit
