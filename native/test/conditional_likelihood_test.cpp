// Learning of p(labels | rows), alone and beside p(rows), against derivatives of sums over states.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "fixtures.hpp"
#include "learning/contrastive_update.hpp"
#include "learning/trainer.hpp"
#include "machine/category_weights.hpp"
#include "machine/energy.hpp"
#include "small_network.hpp"
#include "training.hpp"

namespace boltzkit::test {
namespace {

constexpr std::size_t rowCount = 6, pixels = 4, classes = 3;
constexpr double step = 1e-5;
const Cancelled running{false};

void upload(Backend& backend, const Values& values, Tensor& to) { backend.upload(std::span<const double>(values), to); }

struct Case {
  const char* name;
  std::vector<Layer> layers;  // the first two: rows, and labels
  std::vector<Coupling> couplings;
  std::vector<std::string> unmoved = {};  // parameters that p(y | v) does not depend on, besides those of v
};

const Layer binaryRows{"v", UnitType::bernoulli, pixels}, labels{"y", UnitType::softmax, classes, classes};

std::vector<Case> cases() {
  const Layer h{"h", UnitType::bernoulli, 3}, s{"s", UnitType::spin, 2}, c{"c", UnitType::softmax, 4, 2}, g{"g", UnitType::gaussian, 2},
      real{"v", UnitType::gaussian, pixels};
  return {{"bernoulli", {binaryRows, labels, h}, {{0, 2}, {1, 2}}},
          {"turned couplings", {binaryRows, labels, h}, {{2, 0}, {2, 1}}},
          {"two hidden layers", {binaryRows, labels, h, s}, {{0, 2}, {1, 2}, {0, 3}, {3, 1}}},
          {"a layer that no label reaches", {binaryRows, labels, h, s}, {{0, 2}, {1, 2}, {0, 3}}, {"s.bias", "v-s.weights"}},
          {"softmax hidden units", {binaryRows, labels, c}, {{0, 2}, {1, 2}}},
          {"gaussian hidden units", {binaryRows, labels, g}, {{0, 2}, {1, 2}}},
          {"gaussian rows", {real, labels, h}, {{0, 2}, {1, 2}}}};
}

Values labelRows(std::size_t rows) {
  Values values(rows * classes, 0.0);
  for (std::size_t r = 0; r < rows; ++r) values[r * classes + r * 2 % classes] = 1;
  return values;
}

Values pixelRows(const Layer& layer, std::size_t rows) {
  return randomValues(rows * pixels, 4, layer.type == UnitType::bernoulli ? Kind::binary : Kind::signedReal, 0.6);
}

std::unique_ptr<Machine> machineOf(const Case& c, std::shared_ptr<Backend> backend) {
  auto machine = std::make_unique<Machine>(std::move(backend), Wiring(c.layers, c.couplings), 3, 0.6);
  std::uint64_t seed = 50;
  for (std::size_t l = 0; l < c.layers.size(); ++l) {
    Tensor& p = machine->unitParameters(l);
    Values values = randomValues(p.rows() * p.cols(), ++seed, Kind::signedReal);
    for (double& x : values) x *= 0.4;
    upload(machine->backend(), values, p);
  }
  return machine;
}

// -F(v, y) of every row and category.
Values logWeights(const Machine& machine, const Values& rows, std::size_t count) {
  std::vector<bool> given(machine.wiring().layers().size(), false);
  given[0] = given[1] = true;
  Values all(count * classes), each(count);
  States states(machine, count);
  upload(machine.backend(), rows, states[0]);
  for (std::size_t k = 0; k < classes; ++k) {
    Values oneHot(count * classes, 0.0);
    for (std::size_t r = 0; r < count; ++r) oneHot[r * classes + k] = 1;
    upload(machine.backend(), oneHot, states[1]);
    freeEnergies(machine, states, given, each);
    for (std::size_t r = 0; r < count; ++r) all[r * classes + k] = -each[r];
  }
  return all;
}

double logSumOf(const double* values, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += std::exp(values[i] - values[0]);
  return values[0] + std::log(sum);
}

// The weighted mean of discriminative log p(y | v) + generative log p(v, y); binary rows if the
// latter counts.
double objective(const Machine& machine, const Values& rows, const Values& weights, const TrainerOptions::Labels& l) {
  const Values logs = logWeights(machine, rows, rowCount), truth = labelRows(rowCount);
  double total = 0, logZ = 0;
  if (l.generative > 0) {
    Values every;
    for (std::size_t state = 0; state < 16; ++state)
      for (std::size_t i = 0; i < pixels; ++i) every.push_back(static_cast<double>(state >> i & 1));
    const Values all = logWeights(machine, every, 16);
    logZ = logSumOf(all.data(), all.size());
  }
  for (std::size_t r = 0; r < rowCount; ++r)
    for (std::size_t k = 0; k < classes; ++k) {
      const double joint = logs[r * classes + k];
      const double value = l.discriminative * (joint - logSumOf(&logs[r * classes], classes)) + l.generative * (joint - logZ);
      total += truth[r * classes + k] * weights[r] * value / rowCount;
    }
  return total;
}

TrainerOptions oneStep(const TrainerOptions::Labels& l) {
  TrainerOptions o;
  o.algorithm = Algorithm::exact;
  o.labels = l;
  o.epochs = 1;
  o.batchSize = rowCount;
  o.learningRates = {1};
  o.shuffle = o.centred = o.initialiseFromData = false;
  o.monitorRows = 0;
  return o;
}

std::vector<LayerRows> dataOf(const Case& c, std::size_t rows = rowCount) {
  return {{0, rowsOf(pixelRows(c.layers[0], rows), pixels, domainOf(c.layers[0]))},
          {1, rowsOf(labelRows(rows), classes, Domain{.group = classes, .leastSum = 1, .mostSum = 1})}};
}

void checkGradient(const Case& c, const TrainerOptions::Labels& l, const Values& weights) {
  const auto machine = machineOf(c, makeReferenceBackend());
  const Values rows = pixelRows(c.layers[0], rowCount);
  const Values ones(rowCount, 1.0);
  std::vector<Values> before, want;
  for (const NamedTensor& p : machine->parameters()) {
    before.push_back(valuesOf(machine->backend(), *p.tensor));
    want.emplace_back(before.back().size());
    for (std::size_t i = 0; i < want.back().size(); ++i) {
      double sides[2];
      for (const int side : {0, 1}) {
        Values moved = before.back();
        moved[i] += side ? step : -step;
        upload(machine->backend(), moved, *p.tensor);
        sides[side] = objective(*machine, rows, weights.empty() ? ones : weights, l);
      }
      want.back()[i] = (sides[1] - sides[0]) / (2 * step);
      upload(machine->backend(), before.back(), *p.tensor);
    }
  }
  Trainer trainer(contrastiveUpdate(*machine, oneStep(l), dataOf(c), {}, weights), oneStep(l), nullptr, false);
  trainer.run(1, running, nullptr, nullptr);
  for (std::size_t i = 0; i < before.size(); ++i) {
    CAPTURE(machine->parameters()[i].name);
    const Values after = valuesOf(machine->backend(), *machine->parameters()[i].tensor);
    double largest = 0;
    for (std::size_t j = 0; j < after.size(); ++j) {
      largest = std::max(largest, std::fabs(want[i][j]));
      CHECK(std::fabs(after[j] - before[i][j] - want[i][j]) <= 1e-8 * (1 + std::fabs(want[i][j])));
    }
    const bool unmoved = i == 0 || std::find(c.unmoved.begin(), c.unmoved.end(), machine->parameters()[i].name) != c.unmoved.end();
    CHECK((largest > 1e-4) == (l.generative > 0 || !unmoved));
  }
}

TEST_CASE("gradients of log p(label | row) are its derivatives, for every hidden layer and weights of rows") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    checkGradient(c, {1, 1, 0}, {});
    checkGradient(c, {1, 0.7, 0}, {0.5, 0, 2.5, 1, 1, 1});
  }
}

TEST_CASE("hybrid gradients are those of both likelihoods, weighted") {
  for (const Case& c : cases()) {
    if (c.layers[0].type != UnitType::bernoulli || c.layers[2].type == UnitType::gaussian) continue;
    CAPTURE(c.name);
    checkGradient(c, {1, 1, 0.3}, {});
    checkGradient(c, {1, 0, 1}, {0.5, 0, 2.5, 1, 1, 1});
    checkGradient(c, {1, 2, 0.01}, {0.5, 0, 2.5, 1, 1, 1});
  }
}

TEST_CASE("probabilities of labels are those of sums over states, on every backend") {
  forEachQuick([](const Candidate& candidate) {
    for (const Case& c : cases()) {
      CAPTURE(c.name);
      const auto machine = machineOf(c, candidate.make(1));
      const Values rows = pixelRows(c.layers[0], rowCount);
      Values want = logWeights(*machine, rows, rowCount), got(rowCount * classes);
      States states(*machine, rowCount);
      upload(machine->backend(), rows, states[0]);
      std::vector<bool> given(c.layers.size(), false);
      given[0] = true;
      CategoryWeights(*machine, given, 1, rowCount).logs(states, got);
      for (std::size_t r = 0; r < rowCount; ++r) {
        normaliseLogs(std::span(want).subspan(r * classes, classes));
        normaliseLogs(std::span(got).subspan(r * classes, classes));
      }
      CHECK(worstError(got, want, {1e-5}) <= 1);
    }
  });
}

// Two epochs of batches, the last one short.
Values trained(const Case& c, std::shared_ptr<Backend> backend, const TrainerOptions& o) {
  const auto machine = machineOf(c, std::move(backend));
  Values all;
  machine->backend().run([&] {
    Trainer(contrastiveUpdate(*machine, o, dataOf(c, 11), {}, Values(11, 1.0)), o, nullptr, false)
        .run(UINT64_MAX, running, nullptr, nullptr);
  });
  for (const NamedTensor& p : machine->parameters())
    for (const double x : valuesOf(machine->backend(), *p.tensor)) all.push_back(x);
  return all;
}

TEST_CASE("runs agree with those of the reference, also with short batches, centring and chains") {
  forEachQuick([](const Candidate& candidate) {
    for (const Case& c : cases())
      for (const bool centred : {false, true}) {
        CAPTURE(c.name);
        TrainerOptions o = oneStep({1, 1, 0});
        o.epochs = 2;
        o.batchSize = 4;
        o.centred = centred;
        o.learningRates = {0.1};
        CHECK(worstError(trained(c, candidate.make(1), o), trained(c, makeReferenceBackend(), o), {1e-4}) <= 1);
        CHECK(trained(c, candidate.make(1), o) == trained(c, candidate.make(3), o));
        o.labels->generative = 0.3;
        o.algorithm = Algorithm::meanField;
        CHECK(worstError(trained(c, candidate.make(1), o), trained(c, makeReferenceBackend(), o), {1e-4}) <= 1);
      }
  });
}

TEST_CASE("machines and rows whose labels cannot be learnt are refused") {
  const auto refuses = [](const Case& c, std::vector<LayerRows> data, TrainerOptions o, const std::string& why) {
    const auto machine = machineOf(c, makeReferenceBackend());
    try {
      contrastiveUpdate(*machine, o, data, {}, {});
      FAIL("nothing was refused");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::parameter);
      CHECK(std::string(error.what()).find(why) != std::string::npos);
    }
  };
  const Layer h{"h", UnitType::bernoulli, 3}, g{"g", UnitType::bernoulli, 2};
  const TrainerOptions o = oneStep({1, 1, 0});
  const Case plain{"plain", {binaryRows, labels, h}, {{0, 2}, {1, 2}}};
  refuses({"coupled rows", {binaryRows, labels, h}, {{0, 1}, {1, 2}}}, dataOf(plain), o, "coupled to hidden layers only, not layer 'y'");
  refuses({"deep", {binaryRows, labels, h, g}, {{0, 2}, {1, 2}, {2, 3}}}, dataOf(plain), o, "not coupled to each other");
  refuses({"lateral", {binaryRows, labels, h}, {{0, 2}, {1, 2}, {2, 2}}}, dataOf(plain), o, "or to themselves");
  refuses(plain, {dataOf(plain).front()}, o, "needs rows of layer 'y'");
  refuses(plain, dataOf(plain), oneStep({0, 1, 0}), "must be one softmax unit, not layer 'v'");
  refuses(plain, dataOf(plain), oneStep({1, 0, 0}), "one weight of `labels` must be above 0");
  refuses(plain, dataOf(plain), oneStep({1, -1, 0}), "labels.discriminative");
  refuses(plain, dataOf(plain), oneStep({9, 1, 0}), "layer");
  Values lacking = pixelRows(binaryRows, rowCount);
  lacking[3] = NAN;
  Domain some = domainOf(binaryRows);
  some.missing = true;
  refuses(plain, {{0, rowsOf(lacking, pixels, some)}, dataOf(plain)[1]}, o, "lack no value");
}

}  // namespace
}  // namespace boltzkit::test
