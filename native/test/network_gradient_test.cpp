// Gradients of networks against central differences, in double precision.
#include <algorithm>

#include "learning/network_run.hpp"
#include "networks.hpp"

namespace boltzkit::test {
namespace {

constexpr std::size_t inputs = 4, rowCount = 5;
constexpr double step = 1e-5;
const Cancelled running{false};

Values sumOf(Backend& backend, const LayerGradient& gradient, const Tensor& like) {
  if (gradient.terms.empty()) return valuesOf(backend, *gradient.sum);
  const TensorPtr sum = backend.tensor(like.rows(), like.cols());
  for (const StatisticsTerm& t : gradient.terms) backend.statistics(*t.a, *t.b, t.rowWeights, t.alpha, 1, *sum);
  return valuesOf(backend, *sum);
}

// The derivative of the run's loss when the values with these numbers move together.
double difference(NetworkRun& run, Tensor& tensor, const std::vector<std::size_t>& places) {
  Backend& backend = run.backend();
  const Values values = valuesOf(backend, tensor);
  double loss[2];
  for (const int side : {0, 1}) {
    Values moved = values;
    for (const std::size_t i : places) moved[i] += side ? step : -step;
    upload(backend, moved, tensor);
    run.propagate();
    loss[side] = run.loss();
  }
  upload(backend, values, tensor);
  return (loss[1] - loss[0]) / (2 * step);
}

NetworkTrainerOptions fullBatch(LossKind loss) {
  NetworkTrainerOptions o;
  o.batchSize = rowCount;
  o.loss = loss;
  return o;
}

void checkAll(NetworkRun& run) {
  Backend& backend = run.backend();
  const OrderPtr order = backend.order({3, 1, 0, 4, 2});
  run.load({order.get(), 0, rowCount});
  run.propagate();
  std::vector<Values> uphill;
  for (std::size_t i = 0; i < run.parameters().size(); ++i)
    uphill.push_back(sumOf(backend, run.gradients()[i], *run.parameters()[i].tensor));
  for (std::size_t i = 0; i < run.parameters().size(); ++i) {
    const LayerParameter& p = run.parameters()[i];
    CAPTURE(p.name);
    const bool units = p.role == LayerParameter::Role::units;
    const std::size_t cols = p.tensor->cols();
    for (std::size_t j = 0; j < (units ? cols : p.tensor->rows() * cols); ++j) {
      // Biases of a unit move together; log precisions stay.
      std::vector<std::size_t> places{j};
      double sum = uphill[i][j];
      if (units && p.tensor->rows() == 4) places.push_back(j + 2 * cols);
      for (std::size_t k = 1; units && k < p.tensor->rows(); k += 2) CHECK(uphill[i][k * cols + j] == 0);
      if (places.size() == 2) CHECK(uphill[i][places[1]] == sum);
      const double want = -difference(run, *p.tensor, places);
      CHECK(std::fabs(sum - want) <= 1e-7 * (1 + std::fabs(want)));
    }
  }
}

TEST_CASE("gradients of every unit type as hidden and as last layer, of every loss") {
  const Values rows = randomValues(rowCount * inputs, 11, Kind::signedReal);
  for (const LayerType& hidden : layerTypes)
    for (const LayerType& last : layerTypes)
      for (const LossKind loss : {LossKind::likelihood, LossKind::squared})
        for (const bool weighted : {false, true}) {
          CAPTURE(hidden.name);
          CAPTURE(last.name);
          CAPTURE(static_cast<int>(loss));
          Network network(makeReferenceBackend(), inputs,
                          {dropout("d0", 0.3), dense("h", hidden.name, hidden.places, hidden.size), dropout("d1", 0.5),
                           dense("y", last.name, last.places, last.size)},
                          7);
          shake(network, 20);
          const NetworkRows data{rowsFrom(rows, inputs), rowsFrom(targetsOf(last, rowCount, 5), last.places)};
          NetworkRun run(network, fullBatch(loss), data, nullptr, weighted ? Values{0.5, 0, 3, 1, 2} : Values{}, true);
          checkAll(run);
        }
}

TEST_CASE("gradients with respect to the inputs, of every last layer and loss") {
  const Values rows = randomValues(rowCount * inputs, 12, Kind::signedReal);
  for (const LayerType& last : layerTypes)
    for (const LossKind loss : {LossKind::likelihood, LossKind::squared}) {
      CAPTURE(last.name);
      CAPTURE(static_cast<int>(loss));
      Network network(makeReferenceBackend(), inputs,
                      {dense("h", "spin", 6), dropout("d", 0.5), dense("y", last.name, last.places, last.size)}, 8);
      shake(network, 30);
      const Values targets = targetsOf(last, rowCount, 6);
      const auto data = [&](const Values& values) {
        return NetworkData(network, {rowsFrom(values, inputs), rowsFrom(targets, last.places)});
      };
      std::vector<float> gradient(rowCount * inputs);
      inputGradients(network, data(rows), loss, running, gradient);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        // Rows hold floats: steps that they hold exactly.
        const double h = 0x1p-10;
        Values sides[2] = {rows, rows}, losses[2] = {Values(rowCount), Values(rowCount)}, errors(rowCount);
        sides[0][i] -= h;
        sides[1][i] += h;
        for (const int side : {0, 1}) NetworkScorer(network, loss, rowCount).score(data(sides[side]), running, losses[side], errors);
        const std::size_t r = i / inputs;
        const double want = (static_cast<float>(sides[1][i]) - static_cast<float>(sides[0][i])) == 0
                                ? 0
                                : (losses[1][r] - losses[0][r]) / (static_cast<float>(sides[1][i]) - static_cast<float>(sides[0][i]));
        CHECK(std::fabs(static_cast<double>(gradient[i]) - want) <= 2e-5 * (1 + std::fabs(want)));
        for (std::size_t other = 0; other < rowCount; ++other)
          if (other != r) CHECK(losses[1][other] == losses[0][other]);
      }
    }
}

TEST_CASE("an autoencoder's targets are its rows") {
  const Values rows = absolute(randomValues(rowCount * 6, 13, Kind::grey));
  Network network(makeReferenceBackend(), 6, {dense("h", "bernoulli", 3), dense("y", "bernoulli", 6)}, 9);
  NetworkRun run(network, fullBatch(LossKind::likelihood), {rowsFrom(rows, 6), nullptr}, nullptr, {}, true);
  checkAll(run);
}

TEST_CASE("losses and errors are what their definitions say") {
  Network network(makeReferenceBackend(), 2, {dense("y", "softmax", 4, 2)}, 3);
  const NetworkRows data{rowsFrom({0, 0, 1, -2}, 2), rowsFrom({1, 0, 0, 1, 0, 1, 0, 1}, 4)};
  // Weights as below, biases zero: fields of row 0 are zero, those of row 1 are 1 and -1 per place.
  upload(network.backend(), {1, -1, 1, -1, 0, 0, 0, 0}, network.parameter("y.weights"));
  Values loss(2), error(2);
  NetworkScorer(network, LossKind::likelihood, 2).score(NetworkData(network, data), running, loss, error);
  CHECK(loss[0] == doctest::Approx(2 * std::log(2.0)));
  CHECK(error[0] == 0.5);  // of equal categories the first is taken
  CHECK(loss[1] == doctest::Approx(2 * (1 + std::log(std::exp(1.0) + std::exp(-1.0)))));
  CHECK(error[1] == 1);
  NetworkScorer(network, LossKind::squared, 2).score(NetworkData(network, data), running, loss, error);
  CHECK(loss[0] == doctest::Approx(1.0));
  const double p = std::exp(1.0) / (std::exp(1.0) + std::exp(-1.0));
  CHECK(loss[1] == doctest::Approx(4 * p * p));
}

}  // namespace
}  // namespace boltzkit::test
