// Limited-memory BFGS: the line search, and networks whose best parameters are known.
#include "learning/line_search.hpp"
#include "learning/network_run.hpp"
#include "learning/network_update.hpp"
#include "learning/trainer.hpp"
#include "networks.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit::test {
namespace {

const Cancelled running{false};

TEST_CASE("a line search ends at the strong Wolfe conditions, wherever it begins") {
  struct Function {
    const char* name;
    double (*value)(double);
    double (*slope)(double);
  };
  const Function functions[] = {
      {"parabola", [](double x) { return (x - 3) * (x - 3); }, [](double x) { return 2 * (x - 3); }},
      // More & Thuente, ACM TOMS 20 (1994), function 1 with beta = 2.
      {"More & Thuente 1", [](double x) { return -x / (x * x + 2); }, [](double x) { return (x * x - 2) / ((x * x + 2) * (x * x + 2)); }},
      {"infinite beyond 2", [](double x) { return x < 2 ? -x - std::log(2 - x) : INFINITY; },
       [](double x) { return x < 2 ? -1 + 1 / (2 - x) : INFINITY; }},
      {"wavy", [](double x) { return 0.05 * x * x - std::sin(x); }, [](double x) { return 0.1 * x - std::cos(x); }},
  };
  for (const Function& f : functions)
    for (const double first : {1e-3, 0.1, 1.0, 10.0, 1e3}) {
      CAPTURE(f.name);
      CAPTURE(first);
      const LinePoint start{0, f.value(0), f.slope(0)};
      double last = 0;
      const LineSearch rules;
      const LinePoint found = rules.search(start, first, [&](double x) {
        last = x;
        return LinePoint{x, f.value(x), f.slope(x)};
      });
      CHECK(found.step > 0);
      CHECK(found.value <= start.value + rules.c1 * found.step * start.slope);
      CHECK(std::fabs(found.slope) <= -rules.c2 * start.slope);
      CHECK(found.step == last);
    }
}

TEST_CASE("a line search along a line that only rises finds nothing") {
  const LinePoint found = LineSearch{}.search({0, 0, -1e-30}, 1, [](double x) { return LinePoint{x, x, 1}; });
  CHECK(found.step == 0);
}

constexpr std::size_t inputs = 3, outputs = 2, rowCount = 40;

NetworkTrainerOptions options(std::size_t iterations) {
  NetworkTrainerOptions o;
  o.epochs = 1;
  o.batchSize = rowCount;
  o.loss = LossKind::squared;
  o.learningRates = {1};
  o.l2 = 0.3;
  o.lbfgs = {10, iterations};
  return o;
}

// Solves a x = b by Gaussian elimination; a [n, n].
Values solved(Values a, Values b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
      b[i] -= factor * b[k];
    }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
    b[k] /= a[k * n + k];
  }
  return b;
}

TEST_CASE("linear regression with decay ends at the solution of its normal equations") {
  const Values rows = randomValues(rowCount * inputs, 3, Kind::signedReal), targets = randomValues(rowCount * outputs, 4, Kind::signedReal);
  Network network(makeReferenceBackend(), inputs, {dense("y", "gaussian", outputs)}, 5);
  const NetworkTrainerOptions o = options(60);
  Trainer trainer(networkUpdate(network, o, {rowsFrom(rows, inputs), rowsFrom(targets, outputs)}, nullptr, {}), o, nullptr, false);
  trainer.run(UINT64_MAX, running, nullptr, nullptr);
  const Values weights = valuesOf(network.backend(), network.parameter("y.weights"));
  const Values parameters = valuesOf(network.backend(), network.parameter("y.parameters"));
  // Minimises mean |x W + b - t|^2 + l2 / 2 |W|^2, column by column: a last input of 1 without decay.
  for (std::size_t k = 0; k < outputs; ++k) {
    constexpr std::size_t n = inputs + 1;
    Values a(n * n, 0.0), b(n, 0.0);
    for (std::size_t r = 0; r < rowCount; ++r) {
      Values x(rows.begin() + r * inputs, rows.begin() + (r + 1) * inputs);
      x.push_back(1);
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) a[i * n + j] += 2 * x[i] * x[j] / rowCount;
        b[i] += 2 * x[i] * targets[r * outputs + k] / rowCount;
      }
    }
    for (std::size_t i = 0; i < inputs; ++i) a[i * n + i] += o.l2;
    const Values best = solved(a, b);
    for (std::size_t i = 0; i < inputs; ++i) CHECK(weights[i * outputs + k] == doctest::Approx(best[i]).epsilon(1e-6));
    CHECK(parameters[k] == doctest::Approx(best[inputs]).epsilon(1e-6));
    CHECK(parameters[outputs + k] == 0);  // log precisions stay
  }
}

TEST_CASE("logistic regression ends where its gradient is zero, in few iterations") {
  const Values rows = randomValues(rowCount * inputs, 3, Kind::signedReal);
  const NetworkRows data{rowsFrom(rows, inputs), rowsFrom(targetsOf({"softmax", 3, 3}, rowCount, 4), 3)};
  NetworkTrainerOptions o = options(40);
  o.loss = LossKind::likelihood;
  o.l2 = 0.05;
  Network network(makeReferenceBackend(), inputs, {dense("y", "softmax", 3, 3)}, 5);
  Trainer trainer(networkUpdate(network, o, data, nullptr, {}), o, nullptr, false);
  trainer.run(UINT64_MAX, running, nullptr, nullptr);
  NetworkTrainerOptions plain = o;
  plain.lbfgs.reset();
  NetworkRun run(network, plain, data, nullptr, {}, true);
  const OrderPtr order = network.backend().order(evenlySpaced(rowCount, rowCount));
  run.load({order.get(), 0, rowCount});
  run.propagate();
  const Values weights = valuesOf(network.backend(), network.parameter("y.weights"));
  const TensorPtr sum = network.backend().tensor(inputs, 3);
  const std::vector<LayerGradient> gradients = run.gradients();
  for (const StatisticsTerm& t : gradients[0].terms) network.backend().statistics(*t.a, *t.b, t.rowWeights, t.alpha, 1, *sum);
  const Values uphill = valuesOf(network.backend(), *sum);
  for (std::size_t i = 0; i < uphill.size(); ++i) CHECK(std::fabs(uphill[i] - o.l2 * weights[i]) < 1e-6);
}

TEST_CASE("every update on all rows lowers their loss") {
  NetworkTrainerOptions o = options(2);
  o.epochs = 10;
  o.loss = LossKind::likelihood;
  o.l2 = 0;
  const NetworkRows data{rowsFrom(randomValues(rowCount * inputs, 3, Kind::signedReal), inputs),
                         rowsFrom(targetsOf({"softmax", 3, 3}, rowCount, 4), 3)};
  Network network(makeCpuBackend(1), inputs, {dense("h", "spin", 5), dense("y", "softmax", 3, 3)}, 5);
  std::vector<double> losses;
  Trainer trainer(networkUpdate(network, o, data, nullptr, {}), o, nullptr, false);
  trainer.run(
      UINT64_MAX, running, [&](const EpochReport& r) { losses.push_back(std::get<NetworkReport>(r.of).loss); }, nullptr);
  REQUIRE(losses.size() == 10);
  for (std::size_t i = 1; i < losses.size(); ++i) CHECK(losses[i] < losses[i - 1]);
}

TEST_CASE("runs of batches freeze what is frozen, and resume bit for bit") {
  NetworkTrainerOptions o = options(3);
  o.epochs = 4;
  o.batchSize = 13;
  o.loss = LossKind::likelihood;
  o.l2 = 1e-3;
  o.rates = {1, 1, 0, 1};
  const NetworkRows data{rowsFrom(randomValues(rowCount * inputs, 3, Kind::signedReal), inputs),
                         rowsFrom(targetsOf({"softmax", 3, 3}, rowCount, 4), 3)};
  const std::vector<LayerSpec> specs{dropout("d", 0.1), dense("h", "spin", 5), dense("y", "softmax", 3, 3)};
  const auto make = [&] { return Network(makeCpuBackend(1), inputs, specs, 5); };
  Network whole = make(), first = make(), second = make();
  Trainer all(networkUpdate(whole, o, data, nullptr, {}), o, nullptr, false);
  all.run(UINT64_MAX, running, nullptr, nullptr);
  CHECK(parametersOf(whole)[2] == parametersOf(first)[2]);
  Trainer part(networkUpdate(first, o, data, nullptr, {}), o, nullptr, false);
  part.run(5, running, nullptr, nullptr);
  const TrainerState state = part.state();
  for (const NamedTensor& p : first.parameters()) upload(second.backend(), valuesOf(first.backend(), *p.tensor), second.parameter(p.name));
  second.random().counters() = first.random().counters();
  Trainer rest(networkUpdate(second, o, data, nullptr, {}), o, &state, true);
  rest.run(UINT64_MAX, running, nullptr, nullptr);
  CHECK(parametersOf(second) == parametersOf(whole));
}

TEST_CASE("options that do not go with it are refused") {
  Network network(makeReferenceBackend(), inputs, {dense("y", "gaussian", outputs)}, 5);
  const NetworkRows data{rowsFrom(Values(rowCount * inputs, 0.5), inputs), rowsFrom(Values(rowCount * outputs, 0.5), outputs)};
  NetworkTrainerOptions o = options(1);
  o.l1 = 0.1;
  CHECK_THROWS_WITH_AS(networkUpdate(network, o, data, nullptr, {}), doctest::Contains("`l1` does not go with 'lbfgs'"), Error);
  o = options(1);
  o.maxNorm = 1;
  CHECK_THROWS_WITH_AS(networkUpdate(network, o, data, nullptr, {}), doctest::Contains("`maxNorm` does not go with 'lbfgs'"), Error);
  o = options(1);
  o.rates = {1, 0.5};
  CHECK_THROWS_WITH_AS(networkUpdate(network, o, data, nullptr, {}), doctest::Contains("must be 0 or 1 with 'lbfgs', got 0.5"), Error);
}

}  // namespace
}  // namespace boltzkit::test
