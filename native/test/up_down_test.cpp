// Up-down learning against sums over all states of a small network.
#include "learning/up_down_update.hpp"

#include <cstring>

#include "fixtures.hpp"
#include "learning/trainer.hpp"
#include "small_network.hpp"

namespace boltzkit::test {
namespace {

const Cancelled going{false};
constexpr std::size_t pixels = 3, first = 3, second = 2, above = 2, categories = 2;

SmallNetwork tiny(const Candidate& candidate) {
  return SmallNetwork([&] { return std::shared_ptr<Backend>(candidate.make(2)); }, {pixels, first, second, above}, categories, 3, 0.8);
}

// The distinct rows of the data, their labels and their shares by weight.
struct Data {
  Values v, label;
  double share;
};
const std::vector<Data> kinds{{{0, 1, 1}, {1, 0}, 0.2}, {{1, 1, 0}, {0, 1}, 0.3}, {{0, 0, 0}, {0, 1}, 0.1}, {{1, 0, 1}, {1, 0}, 0.4}};

// The mean of a function of one sample and of its square.
struct Moments {
  Values mean, square;
  void add(double weight, const Values& values) {
    mean.resize(values.size());
    square.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      mean[i] += weight * values[i];
      square[i] += weight * values[i] * values[i];
    }
  }
};

// The derivatives of `of` by bias and weights at this point, by central differences.
Values slopes(Values bias, Values weights, const std::function<double(const Values& bias, const Values& weights)>& of) {
  Values all;
  for (Values* values : {&bias, &weights})
    for (double& x : *values) {
      const double at = x, h = 1e-4;
      x = at + h;
      const double high = of(bias, weights);
      x = at - h;
      const double low = of(bias, weights);
      x = at;
      all.push_back((high - low) / (2 * h));
    }
  return all;
}

// -E of the top machine: layer 0, labels, hidden.
double topExponent(const Values& x, const Values& label, const Values& hidden, const std::vector<Values>& p) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * p[0][i];
  for (std::size_t i = 0; i < label.size(); ++i) sum += label[i] * p[1][i];
  for (std::size_t j = 0; j < hidden.size(); ++j) sum += hidden[j] * p[2][j];
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < hidden.size(); ++j) sum += x[i] * hidden[j] * p[3][i * hidden.size() + j];
  for (std::size_t i = 0; i < label.size(); ++i)
    for (std::size_t j = 0; j < hidden.size(); ++j) sum += label[i] * hidden[j] * p[4][i * hidden.size() + j];
  return sum;
}

Values oneHot(std::size_t k) {
  Values all(categories);
  all[k] = 1;
  return all;
}

// What one update should move, in the order of upDownParameters: for each machine the unit
// parameters, then the weights.
struct Oracle {
  Moments up[2], down[2];
  Values top;  // all parameters of the top machine, by central differences

  explicit Oracle(const SmallNetwork& n) {
    const PairValues up1(*n.levels.up[0]), up2(*n.levels.up[1]), down1(*n.levels.down[0]), down2(*n.levels.down[1]);
    std::vector<Values> topValues;
    for (const NamedTensor& p : n.top->parameters()) topValues.push_back(valuesOf(n.top->backend(), *p.tensor));
    const auto generation = [](const PairValues& m, const Values& low, const Values& high) {
      return slopes(m.below, m.weights, [&](const Values& b, const Values& w) { return logConditional(low, high, w, b, true); });
    };
    const auto recognition = [](const PairValues& m, const Values& low, const Values& high) {
      return slopes(m.above, m.weights, [&](const Values& b, const Values& w) { return logConditional(high, low, w, b, false); });
    };
    // Wake: rows and draws upwards.
    for (const Data& kind : kinds)
      for (std::size_t i = 0; i < (1u << first); ++i)
        for (std::size_t j = 0; j < (1u << second); ++j) {
          const Values h1 = bitsOf(i, first), h2 = bitsOf(j, second);
          const double q = kind.share * std::exp(up1.logUp(kind.v, h1) + up2.logUp(h1, h2));
          down[0].add(q, generation(down1, kind.v, h1));
          down[1].add(q, generation(down2, h1, h2));
        }
    // Sleep: states of the top machine and draws downwards.
    const auto logSums = [&](const std::vector<Values>& p) {
      Values sums(1u << second);
      for (std::size_t j = 0; j < sums.size(); ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < categories; ++k)
          for (std::size_t t = 0; t < (1u << above); ++t) sum += std::exp(topExponent(bitsOf(j, second), oneHot(k), bitsOf(t, above), p));
        sums[j] = sum;
      }
      return sums;
    };
    const Values sums = logSums(topValues);
    double z = 0;
    for (const double s : sums) z += s;
    for (std::size_t j = 0; j < sums.size(); ++j)
      for (std::size_t i = 0; i < (1u << first); ++i)
        for (std::size_t k = 0; k < (1u << pixels); ++k) {
          const Values v = bitsOf(k, pixels), h1 = bitsOf(i, first), h2 = bitsOf(j, second);
          const double p = sums[j] / z * std::exp(down2.logDown(h1, h2) + down1.logDown(v, h1));
          up[0].add(p, recognition(up1, v, h1));
          up[1].add(p, recognition(up2, h1, h2));
        }
    // Top: the mean of log p(h2, label) over draws upwards.
    const auto objective = [&](const std::vector<Values>& p) {
      double total = 0, logZ = 0;
      for (const double s : logSums(p)) logZ += s;
      logZ = std::log(logZ);
      for (const Data& kind : kinds)
        for (std::size_t i = 0; i < (1u << first); ++i)
          for (std::size_t j = 0; j < (1u << second); ++j) {
            const Values h1 = bitsOf(i, first), h2 = bitsOf(j, second);
            double sum = 0;
            for (std::size_t t = 0; t < (1u << above); ++t) sum += std::exp(topExponent(h2, kind.label, bitsOf(t, above), p));
            total += kind.share * std::exp(up1.logUp(kind.v, h1) + up2.logUp(h1, h2)) * (std::log(sum) - logZ);
          }
      return total;
    };
    for (Values& values : topValues)
      for (double& x : values) {
        const double at = x, h = 1e-4;
        x = at + h;
        const double high = objective(topValues);
        x = at - h;
        const double low = objective(topValues);
        x = at;
        top.push_back((high - low) / (2 * h));
      }
  }
};

Values allValues(const std::vector<NamedTensor>& parameters, Backend& backend) {
  Values all;
  for (const NamedTensor& p : parameters)
    for (const double value : valuesOf(backend, *p.tensor)) all.push_back(value);
  return all;
}

// An entry is off by more than 4.9 standard errors once in 10^6; there are fewer than 60, on each of
// some backends: a false alarm once in some thousands of other seeds. Row weights make the shares.
TEST_CASE("one update of up-down learning moves what the sums over all states say") {
  std::vector<Candidate> all = cpuCandidates();
  all.push_back({"reference", [](unsigned) { return makeReferenceBackend(); }});
  const std::size_t n = sanitized ? 4000 : 40000;
  const auto check = [&](const Candidate& candidate, bool persistent) {
    CAPTURE(candidate.name);
    CAPTURE(persistent);
    SmallNetwork net = tiny(candidate);
    const Oracle oracle(net);
    Values v, labels, weights;
    for (std::size_t r = 0; r < n; ++r) {
      const Data& kind = kinds[r % kinds.size()];
      v.insert(v.end(), kind.v.begin(), kind.v.end());
      labels.insert(labels.end(), kind.label.begin(), kind.label.end());
      weights.push_back(kind.share);
    }
    UpDownOptions o;
    o.epochs = 1;
    o.batchSize = n;
    o.learningRates = {1};
    o.chains = persistent ? n : 0;
    o.centred = false;
    o.steps = 40;
    o.monitorRows = 0;
    const std::vector<NamedTensor> parameters = upDownParameters(net.levels, *net.top);
    const Values before = allValues(parameters, net.top->backend());
    const Domain whole{.group = categories, .leastSum = 1, .mostSum = 1};
    Trainer trainer(upDownUpdate(*net.top, net.levels, o, rowsOf(v, pixels), {{1, rowsOf(labels, categories, whole)}}, weights), o, nullptr,
                    false);
    net.top->backend().run([&] { trainer.run(1, going, nullptr, nullptr); });
    const Values after = allValues(parameters, net.top->backend());
    std::size_t at = 0;
    const auto within = [&](const Values& mean, const std::function<double(std::size_t)>& square) {
      for (std::size_t i = 0; i < mean.size(); ++i, ++at) {
        CAPTURE(at);
        CHECK(std::fabs(after[at] - before[at] - mean[i]) <= 4.9 * std::sqrt(square(i) / static_cast<double>(n)) + 1e-4);
      }
    };
    // Weights up to 1.6 times the mean: n rows stand for at least n / 1.6, and so do chains that start from them.
    const double chains = persistent ? 1 : 1.6;
    for (std::size_t l = 0; l < 2; ++l) {
      within(oracle.up[l].mean, [&](std::size_t i) { return chains * oracle.up[l].square[i]; });
      within(oracle.down[l].mean, [&](std::size_t i) { return 1.6 * oracle.down[l].square[i]; });
    }
    // Differences of two means of values between 0 and 1, whose variances are at most 1/4.
    within(oracle.top, [&](std::size_t) { return 0.25 * (1.6 + chains); });
    CHECK(at == after.size());
  };
  for (const Candidate& candidate : all)
    for (const bool persistent : {true, false}) check(candidate, persistent);
}

// The change of every tensor by one update from the same state, and the state afterwards.
struct OneStep {
  std::vector<Values> change;
  TrainerState state;
};

OneStep oneStep(bool centred) {
  SmallNetwork net = tiny({"reference", [](unsigned) { return makeReferenceBackend(); }});
  Values v, labels;
  for (const Data& kind : kinds) {
    v.insert(v.end(), kind.v.begin(), kind.v.end());
    labels.insert(labels.end(), kind.label.begin(), kind.label.end());
  }
  UpDownOptions o;
  o.epochs = 1;
  o.batchSize = kinds.size();
  o.learningRates = {0.5};
  o.centred = centred;
  o.monitorRows = 0;
  OneStep step;
  for (const NamedTensor& p : upDownParameters(net.levels, *net.top)) step.change.push_back(valuesOf(net.top->backend(), *p.tensor));
  const Domain whole{.group = categories, .leastSum = 1, .mostSum = 1};
  Trainer trainer(upDownUpdate(*net.top, net.levels, o, rowsOf(v, pixels), {{1, rowsOf(labels, categories, whole)}}, {}), o, nullptr,
                  false);
  net.top->backend().run([&] { trainer.run(1, going, nullptr, nullptr); });
  const std::vector<NamedTensor> parameters = upDownParameters(net.levels, *net.top);
  for (std::size_t t = 0; t < parameters.size(); ++t) {
    const Values after = valuesOf(net.top->backend(), *parameters[t].tensor);
    for (std::size_t i = 0; i < after.size(); ++i) step.change[t][i] = after[i] - step.change[t][i];
  }
  step.state = trainer.state();
  return step;
}

// dW' = dW - mu db^T and db' = db - dW'^T mu, with the change dW, db of the plain gradient.
TEST_CASE("a centred update of up-down learning is the plain one about the offsets") {
  const OneStep plain = oneStep(false), centred = oneStep(true);
  const char* const names[] = {"offset/1", "offset/2", "top/offset/visible"};
  const std::size_t sizes[] = {pixels, first, second};
  for (std::size_t l = 0; l < 2; ++l)
    for (const bool up : {true, false}) {
      CAPTURE(l);
      CAPTURE(up);
      const Values &lower = centred.state.tensors.at(names[l]).values, &upper = centred.state.tensors.at(names[l + 1]).values;
      const std::size_t rows = sizes[l], cols = sizes[l + 1], units = 4 * l + (up ? 0 : 2);
      const Values &db = plain.change[units], &dw = plain.change[units + 1], &moved = centred.change[units + 1];
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < cols; ++j) {
          const double want = dw[i * cols + j] - (up ? lower[i] * db[j] : db[i] * upper[j]);
          CHECK(moved[i * cols + j] == doctest::Approx(want).epsilon(1e-9));
        }
      for (std::size_t k = 0; k < db.size(); ++k) {
        double want = db[k];
        for (std::size_t g = 0; g < (up ? rows : cols); ++g) want -= up ? moved[g * cols + k] * lower[g] : moved[k * cols + g] * upper[g];
        CHECK(centred.change[units][k] == doctest::Approx(want).epsilon(1e-9));
      }
    }
}

UpDownOptions someOptions(std::size_t chains) {
  UpDownOptions o;
  o.epochs = 3;
  o.batchSize = 20;
  o.chains = chains;
  o.learningRates = {0.1, 0.05};
  o.optimiser.momentum = 0.5;
  o.l2 = 0.001;
  o.averageLast = 0.5;
  return o;
}

struct Run {
  SmallNetwork net;
  std::vector<EpochReport> reports;
};

// Trains a network of more units than threads share at once; with `stopAt`, by another trainer from
// there on, on copies of all machines.
Run trained(const Candidate& candidate, unsigned threads, const UpDownOptions& o, std::size_t stopAt = 0) {
  const auto make = [&] {
    return SmallNetwork([&] { return std::shared_ptr<Backend>(candidate.make(threads)); }, {70, 40, 33, 20}, 3, 5, 0.2);
  };
  Values labels, weights;
  for (std::size_t r = 0; r < 90; ++r) {
    for (std::size_t k = 0; k < 3; ++k) labels.push_back(r % 3 == k);
    weights.push_back(static_cast<double>(r % 4));
  }
  const auto data = rowsOf(randomValues(90 * 70, 1, Kind::grey, 0.4), 70);
  const LayerRows labelRows{1, rowsOf(labels, 3, Domain{.group = 3, .leastSum = 1, .mostSum = 1})};
  Run run{make(), {}};
  const auto train = [&](SmallNetwork& net, const TrainerState* state, std::uint64_t until) {
    Trainer trainer(upDownUpdate(*net.top, net.levels, o, data, {labelRows}, weights), o, state, state != nullptr);
    TrainerState after;
    net.top->backend().run([&] {
      trainer.run(
          until, going, [&](const EpochReport& report) { run.reports.push_back(report); }, nullptr);
      after = trainer.state();
    });
    return after;
  };
  if (stopAt == 0) {
    train(run.net, nullptr, UINT64_MAX);
    return run;
  }
  const TrainerState half = train(run.net, nullptr, stopAt);
  SmallNetwork again = make();
  again.copyFrom(run.net);
  train(again, &half, UINT64_MAX);
  run.net = again;
  return run;
}

void checkSameReports(const Run& a, const Run& b) {
  REQUIRE(a.reports.size() == b.reports.size());
  for (std::size_t e = 0; e < a.reports.size(); ++e) {
    const auto &x = std::get<UpDownReport>(a.reports[e].of), &y = std::get<UpDownReport>(b.reports[e].of);
    CHECK(x.generative == y.generative);
    CHECK(x.recognition == y.recognition);
    CHECK(x.freeEnergyGap == y.freeEnergyGap);
  }
}

TEST_CASE("up-down learning: threads, stops and monitoring change no bit") {
  forEachQuick([](const Candidate& candidate) {
    for (const std::size_t chains : {0, 25}) {
      CAPTURE(chains);
      UpDownOptions o = someOptions(chains);
      const Run want = trained(candidate, 1, o);
      const Run threads = trained(candidate, 3, o);
      CHECK(threads.net.parameters() == want.net.parameters());
      checkSameReports(threads, want);
      for (const std::size_t stopAt : {1, 5, 7, 12}) {
        CAPTURE(stopAt);
        const Run stopped = trained(candidate, 2, o, stopAt);
        CHECK(stopped.net.parameters() == want.net.parameters());
        checkSameReports(stopped, want);
      }
      o.monitorRows = 0;
      CHECK(trained(candidate, 1, o).net.parameters() == want.net.parameters());
      o.optimiser.kind = OptimiserStep::Kind::adam;
      CHECK(trained(candidate, 1, o, 7).net.parameters() == trained(candidate, 1, o).net.parameters());
    }
  });
}

TEST_CASE("up-down learning makes generation and recognition likelier, and holds what is frozen") {
  const Candidate cpu = candidates().front();
  UpDownOptions o = someOptions(0);
  o.epochs = 60;
  const Run run = trained(cpu, 1, o);
  const auto &begin = std::get<UpDownReport>(run.reports.front().of), &end = std::get<UpDownReport>(run.reports.back().of);
  for (std::size_t l = 0; l < 2; ++l) CHECK(end.generative[l] < begin.generative[l]);
  CHECK(end.generative[0] > 0);
  CHECK(std::isfinite(end.freeEnergyGap));
  o.epochs = 2;
  o.rates = {0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1};
  SmallNetwork start([&] { return std::shared_ptr<Backend>(cpu.make(1)); }, {70, 40, 33, 20}, 3, 5, 0.2);
  const std::vector<NamedTensor> was = upDownParameters(start.levels, *start.top);
  const Run some = trained(cpu, 1, o);
  const std::vector<NamedTensor> now = upDownParameters(some.net.levels, *some.net.top);
  for (std::size_t i = 0; i < now.size(); ++i)
    CHECK((valuesOf(start.top->backend(), *was[i].tensor) == valuesOf(start.top->backend(), *now[i].tensor)) == (o.rates[i] == 0));
  // What no half uses stays.
  CHECK(valuesOf(start.top->backend(), start.levels.up[0]->unitParameters(0)) ==
        valuesOf(start.top->backend(), some.net.levels.up[0]->unitParameters(0)));
}

TEST_CASE("up-down learning refuses machines that do not fit") {
  const Candidate cpu = candidates().front();
  const auto make = [&] { return std::shared_ptr<Backend>(cpu.make(1)); };
  const SmallNetwork net(make, {6, 5, 4, 3}, 2, 1, 0.1), other(make, {6, 4, 4, 3}, 2, 1, 0.1), plain(make, {6, 5, 4, 3}, 0, 1, 0.1);
  const auto rows = rowsOf(randomValues(60, 1, Kind::binary, 0.5), 6);
  const auto message = [&](Machine& top, const Levels& levels, const std::vector<LayerRows>& labels = {}) {
    UpDownOptions o;
    o.batchSize = 5;
    try {
      upDownUpdate(top, levels, o, rows, labels, {});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  CHECK(message(*plain.top, plain.levels).empty());
  CHECK(has(message(*net.top, net.levels), "a layer of labels needs rows"));
  CHECK(has(message(*net.top, {}), "same number of machines"));
  CHECK(has(message(*net.top, {net.levels.up, {net.levels.down[0]}}), "same number of machines, at least one, got 2 and 1"));
  CHECK(has(message(*net.top, {net.levels.up, net.levels.up}), "different ones"));
  CHECK(has(message(*net.top, {net.levels.up, other.levels.down}), "differ in layer 'hidden'"));
  CHECK(has(message(*net.top, {{net.levels.up[0]}, {net.levels.down[0]}}), "must have 4 columns"));
  CHECK(has(message(*net.top, {{net.levels.up[1]}, {net.levels.down[1]}}), "must have 5 columns"));
  const auto few = rowsOf(Values(6, 0.5), 2, Domain{.group = 2, .leastSum = 1, .mostSum = 1});
  CHECK(has(message(*net.top, net.levels, {{1, few}}), "same number of rows"));
}

}  // namespace
}  // namespace boltzkit::test
