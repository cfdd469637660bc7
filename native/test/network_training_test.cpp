// Runs of networks: backends agree, threads do not matter, runs resume bit for bit, options hold.
#include "learning/network_update.hpp"
#include "learning/trainer.hpp"
#include "network/answers.hpp"
#include "network/network_pass.hpp"
#include "networks.hpp"

namespace boltzkit::test {
namespace {

const Cancelled running{false};
constexpr std::size_t inputs = 6, classes = 3, rowCount = 30;

std::vector<LayerSpec> layers() {
  return {dropout("d0", 0.2), dense("h1", "bernoulli", 8), dense("h2", "spin", 5), dropout("d1", 0.4),
          dense("y", "softmax", classes, classes)};
}

NetworkRows data(std::size_t rows = rowCount) {
  return {rowsFrom(randomValues(rows * inputs, 3, Kind::signedReal), inputs),
          rowsFrom(targetsOf({"softmax", classes, classes}, rows, 4), classes)};
}

NetworkTrainerOptions options() {
  NetworkTrainerOptions o;
  o.epochs = 6;
  o.batchSize = 8;
  o.learningRates = {0.2, 0.3, 0.1};
  o.optimiser.momentum = 0.5;
  o.l2 = 1e-3;
  o.l1 = 1e-4;
  o.averageLast = 0.5;
  o.maxNorm = 2;
  return o;
}

struct Training {
  Training(std::shared_ptr<Backend> backend, const NetworkTrainerOptions& o, const std::vector<LayerSpec>& specs = layers(),
           const NetworkRows& rows = data(), Values weights = {})
      : network(std::move(backend), inputs, specs, 5),
        trainer(networkUpdate(network, o, rows, nullptr, std::move(weights)), o, nullptr, false) {}
  void run(std::uint64_t until = UINT64_MAX) { trainer.run(until, running, nullptr, nullptr); }
  Network network;
  Trainer trainer;
};

std::vector<NetworkTrainerOptions> optimisers() {
  std::vector<NetworkTrainerOptions> all{options(), options()};
  all[1].optimiser.kind = OptimiserStep::Kind::adam;
  all[1].learningRates = {0.01};
  return all;
}

TEST_CASE("runs on every backend are those of the reference") {
  forEachBackend([](const Candidate& candidate) {
    for (const NetworkTrainerOptions& o : optimisers()) {
      Training fast(candidate.make(1), o), exact(makeReferenceBackend(), o);
      fast.run();
      exact.run();
      const std::vector<Values> got = parametersOf(fast.network), want = parametersOf(exact.network);
      for (std::size_t i = 0; i < got.size(); ++i) CHECK(worstError(got[i], want[i], {2e-4}) <= 1);
    }
  });
}

TEST_CASE("threads change no bit of a run") {
  const std::size_t rows = 300;
  const NetworkRows wide{rowsFrom(randomValues(rows * 130, 3, Kind::signedReal), 130),
                         rowsFrom(targetsOf({"softmax", 10, 10}, rows, 4), 10)};
  const std::vector<LayerSpec> specs{dropout("d0", 0.1), dense("h1", "bernoulli", 210, 1, 0.1), dense("h2", "relu", 70, 1, 0.1),
                                     dense("y", "softmax", 10, 10, 0.1)};
  forEachIsa([&](const cpu::Kernels& kernels) {
    std::vector<std::vector<Values>> results;
    for (const unsigned threads : {1u, 2u, 3u}) {
      NetworkTrainerOptions o = options();
      o.epochs = 2;
      o.batchSize = 100;
      const auto backend = std::make_shared<cpu::CpuBackend>(kernels, threads);
      Network network(backend, 130, specs, 5);
      Trainer trainer(networkUpdate(network, o, wide, nullptr, {}), o, nullptr, false);
      backend->run([&] { trainer.run(UINT64_MAX, running, nullptr, nullptr); });
      results.push_back(parametersOf(network));
    }
    CHECK(results[1] == results[0]);
    CHECK(results[2] == results[0]);
  });
}

TEST_CASE("a run that is interrupted and resumed ends in the same bits") {
  for (const NetworkTrainerOptions& o : optimisers())
    for (const std::uint64_t at : {1, 4, 9, 23}) {
      CAPTURE(at);
      Training whole(makeCpuBackend(1), o);
      whole.run();
      Training first(makeCpuBackend(1), o);
      first.run(at);
      const TrainerState state = first.trainer.state();
      Network second(makeCpuBackend(1), inputs, layers(), 77);
      for (const NamedTensor& p : first.network.parameters())
        upload(second.backend(), valuesOf(first.network.backend(), *p.tensor), second.parameter(p.name));
      // The seed is part of the random words: the same network, loaded from a file.
      Network loaded(makeCpuBackend(1), inputs, layers(), 5);
      for (const NamedTensor& p : second.parameters())
        upload(loaded.backend(), valuesOf(second.backend(), *p.tensor), loaded.parameter(p.name));
      loaded.random().counters() = first.network.random().counters();
      Trainer rest(networkUpdate(loaded, o, data(), nullptr, {}), o, &state, true);
      CHECK(rest.step() == at);
      rest.run(UINT64_MAX, running, nullptr, nullptr);
      CHECK(parametersOf(loaded) == parametersOf(whole.network));
    }
}

TEST_CASE("frozen parameters stay, and what is below them is not in the way") {
  NetworkTrainerOptions o = options();
  o.rates = {0, 0, 0, 0, 1, 0.5};
  Training t(makeReferenceBackend(), o);
  const std::vector<Values> before = parametersOf(t.network);
  t.run();
  const std::vector<Values> after = parametersOf(t.network);
  for (std::size_t i = 0; i < after.size(); ++i) CHECK((after[i] == before[i]) == (i < 4));
}

TEST_CASE("norms of incoming weights stay within their limit") {
  NetworkTrainerOptions o = options();
  o.maxNorm = 0.7;
  o.averageLast = 0;
  Training t(makeReferenceBackend(), o);
  t.run();
  for (const LayerParameter& p : t.network.layerParameters()) {
    if (p.role != LayerParameter::Role::weights) continue;
    const Values w = valuesOf(t.network.backend(), *p.tensor);
    for (std::size_t j = 0; j < p.tensor->cols(); ++j) {
      double squares = 0;
      for (std::size_t i = 0; i < p.tensor->rows(); ++i) squares += w[i * p.tensor->cols() + j] * w[i * p.tensor->cols() + j];
      CHECK(std::sqrt(squares) <= 0.7 * (1 + 1e-12));
    }
  }
}

TEST_CASE("weights decay, biases do not") {
  const auto step = [](double l1, double l2) {
    NetworkTrainerOptions o = options();
    o.l1 = l1, o.l2 = l2, o.maxNorm = o.averageLast = o.optimiser.momentum = 0;
    Training t(makeReferenceBackend(), o);
    for (const LayerParameter& p : t.network.layerParameters())
      if (p.role == LayerParameter::Role::units)
        t.network.backend().upload(std::span<const double>(Values(p.tensor->rows() * p.tensor->cols(), 0.5)), *p.tensor);
    t.run(1);
    return parametersOf(t.network);
  };
  Network network(makeReferenceBackend(), inputs, layers(), 5);
  const std::vector<Values> none = step(0, 0), decayed = step(0.01, 0.01);
  for (std::size_t i = 0; i < none.size(); ++i) {
    CAPTURE(network.layerParameters()[i].name);
    CHECK((none[i] == decayed[i]) == (network.layerParameters()[i].role == LayerParameter::Role::units));
  }
}

// Half of the values pass a layer, and half of these the next: a quarter, and half if both dropped the
// same places. Off by 4.9 standard deviations once in 10^6.
TEST_CASE("every dropout layer drops places of its own") {
  const std::size_t n = 20000;
  forEachBackend([](const Candidate& candidate) {
    Network network(candidate.make(1), 1, {dropout("d0", 0.5), dropout("d1", 0.5), dense("y", "gaussian", 1)}, 5);
    const double one = 1;
    network.backend().upload(std::span<const double>(&one, 1), *network.layerParameters()[0].tensor);
    NetworkPass pass(network, n, {});
    network.backend().upload(std::span<const double>(Values(n, 1)), pass.input());
    const Stream stream = network.random().next(Purpose::positive);
    pass.forward(&stream);
    double kept = 0;
    for (const double y : valuesOf(network.backend(), pass.output())) kept += y > 2;
    CHECK(std::fabs(kept - n / 4.0) <= 4.9 * std::sqrt(n * 0.25 * 0.75));
  });
}

TEST_CASE("a run may have dropout rates of its own") {
  NetworkTrainerOptions o = options();
  o.dropout = std::vector<double>{0.5, 0.1};
  std::vector<LayerSpec> specs = layers();
  Training ofRun(makeReferenceBackend(), o, specs);
  o.dropout.reset();
  specs[0] = dropout("d0", 0.5);
  specs[3] = dropout("d1", 0.1);
  Training ofLayers(makeReferenceBackend(), o, specs);
  ofRun.run();
  ofLayers.run();
  CHECK(parametersOf(ofRun.network) == parametersOf(ofLayers.network));

  o.dropout = std::vector<double>{0, 0};
  Training none(makeReferenceBackend(), o, specs);
  o.dropout.reset();
  none.run();
  // The same as a network without such layers but for the names of its random words.
  specs[0] = dropout("d0", 0);
  specs[3] = dropout("d1", 0);
  Training zero(makeReferenceBackend(), o, specs);
  zero.run();
  CHECK(parametersOf(none.network) == parametersOf(zero.network));
}

TEST_CASE("outputs of a decoder are those of the whole network") {
  Network network(makeReferenceBackend(), inputs, layers(), 5);
  const Values rows = randomValues(7 * inputs, 9, Kind::signedReal);
  std::vector<float> code(7 * 8), fromCode(7 * classes), whole(7 * classes);
  networkOutputs(network, NetworkData(network, rowsFrom(rows, inputs), 0), 0, 1, running, code);
  networkOutputs(network, NetworkData(network, rowsFrom(rows, inputs), 0), 0, 4, running, whole);
  networkOutputs(network, NetworkData(network, rowsFrom(Values(code.begin(), code.end()), 8), 2), 2, 4, running, fromCode);
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(fromCode[i] == doctest::Approx(whole[i]).epsilon(1e-5));
}

TEST_CASE("a row of weight 2 counts as two rows") {
  const std::vector<LayerSpec> specs{dense("h", "bernoulli", 4), dense("y", "softmax", classes, classes)};
  const Values rows = randomValues(3 * inputs, 3, Kind::signedReal), targets = targetsOf({"softmax", classes, classes}, 3, 4);
  Values moreRows = rows, moreTargets = targets;
  moreRows.insert(moreRows.end(), rows.begin(), rows.begin() + inputs);
  moreTargets.insert(moreTargets.end(), targets.begin(), targets.begin() + classes);
  NetworkTrainerOptions o = options();
  o.batchSize = 3;
  Training weighted(makeReferenceBackend(), o, specs, {rowsFrom(rows, inputs), rowsFrom(targets, classes)}, {2, 1, 1});
  o.batchSize = 4;
  Training doubled(makeReferenceBackend(), o, specs, {rowsFrom(moreRows, inputs), rowsFrom(moreTargets, classes)});
  weighted.run();
  doubled.run();
  const std::vector<Values> a = parametersOf(weighted.network), b = parametersOf(doubled.network);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(worstError(a[i], b[i], {1e-12}) <= 1);
}

TEST_CASE("a step that would make parameters infinite is refused, and the run goes back") {
  NetworkTrainerOptions o = options();
  o.averageLast = 0;
  o.maxNorm = 0;
  o.loss = LossKind::squared;
  o.learningRates = {0.01};
  const std::vector<LayerSpec> linear{dense("y", "gaussian", classes)};
  {
    NetworkTrainerOptions wild = o;
    wild.learningRates = {1e12};
    Training t(makeCpuBackend(1), wild, linear);
    CHECK_THROWS_WITH_AS(t.run(), doctest::Contains("would make 'y.weights' infinite or not a number"), Error);
  }
  NetworkTrainerOptions forgiving = o;
  forgiving.learningRates = {1e12};
  forgiving.onDivergence = RunOptions::FallBack{3, 1e-14};
  Training t(makeCpuBackend(1), forgiving, linear);
  std::uint64_t rollbacks = 0;
  t.trainer.run(
      UINT64_MAX, running, [&](const EpochReport& report) { rollbacks = report.rollbacks; }, nullptr);
  CHECK(t.trainer.step() == t.trainer.totalSteps());
  CHECK(rollbacks == 1);
  for (const Values& values : parametersOf(t.network))
    for (const double x : values) CHECK(std::isfinite(x));
}

TEST_CASE("weights that explode while they are finite stop the run") {
  NetworkTrainerOptions o = options();
  o.maxNorm = 0;
  o.averageLast = 0;
  o.epochs = 40;
  o.learningRates = {1e4};
  o.l1 = o.l2 = 0;
  Training t(makeCpuBackend(1), o);
  CHECK_THROWS_WITH_AS(t.run(), doctest::Contains("has exploded: a typical weight is"), Error);
  for (const Values& values : parametersOf(t.network))
    for (const double x : values) CHECK(std::isfinite(x));
}

TEST_CASE("reports tell losses and errors of rows, nothing dropped") {
  NetworkTrainerOptions o = options();
  Network network(makeReferenceBackend(), inputs, layers(), 5);
  const NetworkRows rows = data(), other = data(11);
  Trainer trainer(networkUpdate(network, o, rows, &other, Values(rowCount, 2.0)), o, nullptr, false);
  std::vector<EpochReport> reports;
  trainer.run(
      UINT64_MAX, running, [&](const EpochReport& report) { reports.push_back(report); }, nullptr);
  REQUIRE(reports.size() == o.epochs);
  Values loss(rowCount), error(rowCount), otherLoss(11), otherError(11);
  NetworkScorer(network, o.loss, rowCount).score(NetworkData(network, rows), running, loss, error);
  NetworkScorer(network, o.loss, 11).score(NetworkData(network, other), running, otherLoss, otherError);
  const auto mean = [](const Values& values) {
    double sum = 0;
    for (const double x : values) sum += x / static_cast<double>(values.size());
    return sum;
  };
  const NetworkReport& last = std::get<NetworkReport>(reports.back().of);
  CHECK(last.loss == doctest::Approx(mean(loss)));
  CHECK(last.error == doctest::Approx(mean(error)));
  CHECK(last.validationLoss == doctest::Approx(mean(otherLoss)));
  CHECK(last.validationError == doctest::Approx(mean(otherError)));
  CHECK(std::get<NetworkReport>(reports.front().of).loss > last.loss);
}

TEST_CASE("networks, rows and options that do not fit are refused") {
  const auto make = [](std::vector<LayerSpec> specs) { return Network(makeReferenceBackend(), inputs, specs, 1); };
  CHECK_THROWS_WITH_AS(make({}), doctest::Contains("needs 1 to 256 layers, got 0"), Error);
  CHECK_THROWS_WITH_AS(make({dropout("d", 0.5)}), doctest::Contains("last layer must have units"), Error);
  CHECK_THROWS_WITH_AS(make({dropout("d", 1)}), doctest::Contains("must be below 1"), Error);
  CHECK_THROWS_WITH_AS(make({dense("a", "bernoulli", 2), dense("a", "bernoulli", 2)}), doctest::Contains("two layers are named 'a'"),
                       Error);
  CHECK_THROWS_WITH_AS(make({dense("a.b", "bernoulli", 2)}), doctest::Contains("hold a '.'"), Error);
  CHECK_THROWS_WITH_AS(make({dense("a", "softmax", 5, 3)}), doctest::Contains("5 places, which do not make units of 3"), Error);
  CHECK_THROWS_WITH_AS(make({dense("a", "counts", 4, 4)}), doctest::Contains("use 'softmax'"), Error);
  CHECK_THROWS_WITH_AS(make({{"conv", "a", {}, {}}}), doctest::Contains("must be 'dense' or 'dropout', got 'conv'"), Error);
  Network network(makeReferenceBackend(), inputs, layers(), 1);
  const auto train = [&](const NetworkTrainerOptions& o, const NetworkRows& rows, Values weights = {}) {
    return networkUpdate(network, o, rows, nullptr, std::move(weights));
  };
  CHECK_THROWS_WITH_AS(train(options(), {data().targets, data().targets}), doctest::Contains("6 columns (inputs of the network), got 3"),
                       Error);
  CHECK_THROWS_WITH_AS(train(options(), {data().rows, data(4).targets}), doctest::Contains("targets must be as many as rows, 30, got 4"),
                       Error);
  CHECK_THROWS_WITH_AS(train(options(), data(), {1, 2}), doctest::Contains("one weight per row, 30, got 2"), Error);
  NetworkTrainerOptions wrong = options();
  wrong.dropout = std::vector<double>{0.1};
  CHECK_THROWS_WITH_AS(train(wrong, data()), doctest::Contains("one rate for each of the 2 dropout layers, got 1"), Error);
  wrong.dropout = std::vector<double>{0.1, 1};
  CHECK_THROWS_WITH_AS(train(wrong, data()), doctest::Contains("`dropout` must hold rates in [0, 1), got 1"), Error);
  wrong = options();
  wrong.maxNorm = -1;
  CHECK_THROWS_WITH_AS(train(wrong, data()), doctest::Contains("`maxNorm` must be a finite number >= 0, got -1"), Error);
}

}  // namespace
}  // namespace boltzkit::test
