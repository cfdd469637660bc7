// Rows that a layer sees through a stack of machines.
#include <cstring>
#include <memory>

#include "fixtures.hpp"
#include "learning/contrastive_update.hpp"
#include "learning/trainer.hpp"
#include "likelihood/row_sums.hpp"
#include "sampling/chains.hpp"
#include "sampling/inference.hpp"
#include "sampling/row_chunks.hpp"
#include "small_network.hpp"
#include "training.hpp"

namespace boltzkit::test {
namespace {

const Cancelled going{false};

std::shared_ptr<Machine> level(const Candidate& candidate, std::size_t below, std::size_t above, std::uint64_t seed, unsigned threads = 1,
                               UnitType type = UnitType::bernoulli) {
  return std::make_shared<Machine>(candidate.make(threads),
                                   Wiring({{"visible", UnitType::bernoulli, below}, {"hidden", type, above}}, {{0, 1}}), seed, 0.7);
}

std::shared_ptr<const MachineStack> stack(std::vector<std::shared_ptr<const Machine>> machines, Draw draw) {
  return std::make_shared<const MachineStack>(std::move(machines), draw);
}

std::vector<float> hiddenOf(const std::shared_ptr<Machine>& machine, const LayerRows& given, Draw draw = Draw::mean) {
  std::vector<float> out(given.rows->rows() * machine->places(1));
  machine->backend().run([&] { Inference(machine).conditional({given}, 1, draw, going, out); });
  return out;
}

Values doublesOf(const std::vector<float>& values) { return {values.begin(), values.end()}; }

// The parameters of a machine in one list.
Values parametersOf(Machine& machine) {
  Values all;
  for (const NamedTensor& p : machine.parameters())
    for (const double value : valuesOf(machine.backend(), *p.tensor)) all.push_back(value);
  return all;
}

constexpr std::size_t pixels = 70, first = 40, second = 33, third = 20;

TEST_CASE("rows seen through machines as means are what passing up by hand gives, bit for bit") {
  forEachQuick([](const Candidate& candidate) {
    const auto a = level(candidate, pixels, first, 1), b = level(candidate, first, second, 2), top = level(candidate, second, third, 3);
    for (const std::size_t count : {1, 30, 700}) {
      CAPTURE(count);
      const auto rows = rowsOf(randomValues(count * pixels, count, Kind::grey, 0.4), pixels);
      const auto one = rowsOf(doublesOf(hiddenOf(a, {0, rows})), first);
      const auto two = rowsOf(doublesOf(hiddenOf(b, {0, one})), second);
      CHECK(hiddenOf(top, {0, two}) == hiddenOf(top, {0, rows, stack({a, b}, Draw::mean)}));
      CHECK(hiddenOf(b, {0, one}) == hiddenOf(b, {0, rows, stack({a}, Draw::mean)}));
    }
  });
}

// As exact sums in double precision: the mean of the top given grey pixels.
TEST_CASE("the reference backend passes rows up as the equations say") {
  const Candidate reference{"reference", [](unsigned) { return makeReferenceBackend(); }};
  const auto a = level(reference, 5, 4, 1), b = level(reference, 4, 3, 2);
  const Values pixel = randomValues(5, 7, Kind::grey);
  const auto up = [](Machine& machine, const Values& below) {
    const Values weights = valuesOf(machine.backend(), machine.weights(0)), bias = valuesOf(machine.backend(), machine.unitParameters(1));
    Values above(bias.size());
    for (std::size_t j = 0; j < above.size(); ++j) {
      double field = bias[j];
      for (std::size_t i = 0; i < below.size(); ++i) field += below[i] * weights[i * above.size() + j];
      above[j] = 1 / (1 + std::exp(-field));
    }
    return above;
  };
  const Values want = up(*b, up(*a, pixel)), got = doublesOf(hiddenOf(b, {0, rowsOf(pixel, 5), stack({a}, Draw::mean)}));
  CHECK(worstError(got, want, {1e-6}) <= 1);
}

Values trained(const Candidate& candidate, unsigned threads, const LayerRows& rows, const TrainerOptions& o, std::size_t stopAt = 0) {
  const auto machine = level(candidate, second, third, 5, threads);
  const auto run = [&](Machine& m, const TrainerState* state, std::uint64_t until) {
    Trainer trainer(contrastiveUpdate(m, o, {rows}, {}, {}), o, state, state != nullptr);
    TrainerState after;
    m.backend().run([&] {
      trainer.run(until, going, nullptr, nullptr);
      after = trainer.state();
    });
    return after;
  };
  if (stopAt == 0) run(*machine, nullptr, UINT64_MAX);
  if (stopAt == 0) return parametersOf(*machine);
  const TrainerState half = run(*machine, nullptr, stopAt);
  const auto again = level(candidate, second, third, 5, threads);
  for (std::size_t p = 0; p < machine->parameters().size(); ++p)
    again->backend().upload(std::span<const double>(valuesOf(machine->backend(), *machine->parameters()[p].tensor)),
                            *again->parameters()[p].tensor);
  again->random().counters() = machine->random().counters();
  run(*again, &half, UINT64_MAX);
  return parametersOf(*again);
}

TrainerOptions threeEpochs(Algorithm algorithm) {
  TrainerOptions o = options(algorithm);
  o.epochs = 3;
  o.batchSize = 30;
  return o;
}

TEST_CASE("training on rows seen through machines is training on rows that were passed up before") {
  forEachQuick([](const Candidate& candidate) {
    const auto a = level(candidate, pixels, first, 1), b = level(candidate, first, second, 2);
    const auto rows = rowsOf(randomValues(90 * pixels, 1, Kind::grey, 0.4), pixels);
    const auto one = rowsOf(doublesOf(hiddenOf(a, {0, rows})), first);
    const auto two = rowsOf(doublesOf(hiddenOf(b, {0, one})), second);
    for (const Algorithm algorithm : {Algorithm::cd, Algorithm::pcd})
      CHECK(trained(candidate, 1, {0, rows, stack({a, b}, Draw::mean)}, threeEpochs(algorithm)) ==
            trained(candidate, 1, {0, two}, threeEpochs(algorithm)));
  });
}

TEST_CASE("training on draws through machines: threads, stops and monitoring change nothing") {
  forEachQuick([](const Candidate& candidate) {
    const auto a = level(candidate, pixels, first, 1), b = level(candidate, first, second, 2);
    const auto rows = rowsOf(randomValues(90 * pixels, 1, Kind::grey, 0.4), pixels);
    TrainerOptions o = threeEpochs(Algorithm::pcd);
    for (const Draw draw : {Draw::mean, Draw::sample}) {
      const LayerRows seen{0, rows, stack({a, b}, draw)};
      const Values want = trained(candidate, 1, seen, o);
      CHECK(trained(candidate, 3, seen, o) == want);
      for (const std::size_t stopAt : {1, 3, 5}) CHECK(trained(candidate, 2, seen, o, stopAt) == want);
      TrainerOptions unwatched = o;
      unwatched.monitorRows = 0;
      CHECK(trained(candidate, 1, seen, unwatched) == want);
    }
    CHECK(trained(candidate, 1, {0, rows, stack({a, b}, Draw::mean)}, o) !=
          trained(candidate, 1, {0, rows, stack({a, b}, Draw::sample)}, o));
  });
}

// The data as a training run loads them: row 0 `count` times.
Values loadedByTraining(const std::shared_ptr<Machine>& machine, const LayerRows& rows, std::size_t count) {
  const LayerData data(*machine, {rows});
  States states(*machine, count);
  const OrderPtr order = machine->backend().order(std::vector<std::uint32_t>(count, 0));
  data.gather({order.get(), 0, count}, states, {machine->random().next(Purpose::positive)}, Accuracy::draws);
  return valuesOf(machine->backend(), states[0]);
}

// Of one machine below the draws of a unit are independent with its mean p. The count of n draws is
// within 4.9 standard deviations except once in 10^6; 40 units: a false alarm once in 25,000.
TEST_CASE("draws through a machine have its means, in training and in questions") {
  const std::size_t n = 20000;
  forEachQuick([](const Candidate& candidate) {
    const auto a = level(candidate, pixels, first, 1), top = level(candidate, first, third, 2);
    const Values row = randomValues(pixels, 4, Kind::grey, 0.4);
    const std::vector<float> mean = hiddenOf(a, {0, rowsOf(row, pixels)});
    Values all;
    for (std::size_t r = 0; r < n; ++r) all.insert(all.end(), row.begin(), row.end());
    const LayerRows seen{0, rowsOf(all, pixels), stack({a}, Draw::sample)};
    const auto check = [&](const Values& draws) {
      for (std::size_t j = 0; j < first; ++j) {
        double sum = 0;
        for (std::size_t r = 0; r < n; ++r) sum += draws[r * first + j];
        const double p = mean[j];
        CHECK(std::fabs(sum - static_cast<double>(n) * p) <= 4.9 * std::sqrt(static_cast<double>(n) * p * (1 - p)) + 1e-3 * p);
      }
    };
    check(loadedByTraining(top, seen, n));
    const LayerData data = LayerData::forQuestion(*top, {seen});
    Values question;
    forEachChunk(*top, data, going, [&](std::size_t, States& states) {
      for (const double s : valuesOf(top->backend(), states[0])) question.push_back(s);
    });
    check(question);
  });
}

// h1 is on half of the time and h2 half of the time that h1 is: a quarter, and half of the time if both
// draws were made by the same words. Off by 4.9 standard deviations once in 10^6.
TEST_CASE("levels draw by words of their own") {
  const std::size_t n = 20000;
  forEachQuick([](const Candidate& candidate) {
    const auto a = level(candidate, 1, 1, 1), b = level(candidate, 1, 1, 2), top = level(candidate, 1, 1, 3);
    const auto set = [](Machine& machine, double weight, double bias) {
      machine.backend().upload(std::span<const double>(&weight, 1), machine.weights(0));
      machine.backend().upload(std::span<const double>(&bias, 1), machine.unitParameters(1));
    };
    set(*a, 0, 0);
    set(*b, 30, -30);
    const LayerRows seen{0, rowsOf(Values(n), 1), stack({a, b}, Draw::sample)};
    double on = 0;
    for (const double s : loadedByTraining(top, seen, n)) on += s;
    CHECK(std::fabs(on - n / 4.0) <= 4.9 * std::sqrt(n * 0.25 * 0.75));
  });
}

TEST_CASE("a question sees one draw of each row, in any order; another question another one") {
  forEachQuick([](const Candidate& candidate) {
    const auto a = level(candidate, pixels, first, 1), b = level(candidate, first, second, 2), top = level(candidate, second, third, 3);
    const std::size_t count = 600;
    const LayerRows seen{0, rowsOf(randomValues(count * pixels, 1, Kind::grey, 0.4), pixels), stack({a, b}, Draw::sample)};
    const LayerData data = LayerData::forQuestion(*top, {seen});
    Values all;
    forEachChunk(*top, data, going, [&](std::size_t, States& states) {
      for (const double s : valuesOf(top->backend(), states[0])) all.push_back(s);
    });
    const std::vector<std::uint32_t> some{5, 5, 6, 3, 599, 512, 5, 0};
    States states(*top, some.size());
    data.gather(some, states);
    Values want;
    for (const std::uint32_t r : some) want.insert(want.end(), all.begin() + r * second, all.begin() + (r + 1) * second);
    CHECK(valuesOf(top->backend(), states[0]) == want);
    CHECK(hiddenOf(top, seen) != hiddenOf(top, seen));

    const std::vector<std::uint64_t> counters = top->random().counters();
    const RowSums sums = rowSums(*top, {seen}, going);
    CHECK(sums.exact);
    CHECK(sums.values.size() == count);
    top->random().counters() = counters;
    std::vector<double> energies(count);
    Inference(top).freeEnergy({seen}, going, energies);
    for (std::size_t r = 0; r < count; ++r) CHECK(energies[r] == -sums.values[r]);
  });
}

TEST_CASE("what does not fit into a stack is refused") {
  const Candidate cpu = candidates().front(), reference{"reference", [](unsigned) { return makeReferenceBackend(); }};
  const auto a = level(cpu, 6, 4, 1), b = level(cpu, 4, 3, 2), top = level(cpu, 3, 2, 3);
  const auto rows = rowsOf(randomValues(6 * 6, 1, Kind::grey), 6);
  const auto message = [](auto&& body) {
    try {
      body();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message([&] { stack({}, Draw::mean); }).find("1 to 256 machines") != std::string::npos);
  CHECK(message([&] { stack({b, a}, Draw::mean); }).find("must have 6 columns") != std::string::npos);
  CHECK(message([&] { LayerData(*b, {{0, rows}}); }).find("must have 4 columns") != std::string::npos);
  CHECK(message([&] { LayerData(*b, {{0, rows, stack({a, b}, Draw::mean)}}); }).find("must have 4 columns") != std::string::npos);
  CHECK(message([&] {
          LayerData(*top, {{0, rows, stack({b}, Draw::mean)}});
        }).find("must have 4 columns (units of 'visible'") != std::string::npos);
  CHECK(message([&] { rowSums(*top, {{0, rows, stack({a, b}, Draw::mean)}}, going); }).find("see them as draws") != std::string::npos);
  CHECK(message([&] {
          LayerData(*b, {{0, rows, stack({level(reference, 6, 4, 1)}, Draw::mean)}});
        }).find("same device") != std::string::npos);
  const auto spins = level(cpu, 6, 4, 1, 1, UnitType::spin), real = level(cpu, 6, 4, 1, 1, UnitType::gaussian);
  CHECK(message([&] { stack({spins, b}, Draw::sample); }).find("outside the domain") != std::string::npos);
  CHECK(message([&] { LayerData(*b, {{0, rows, stack({real}, Draw::mean)}}); }).find("outside the domain") != std::string::npos);
  const auto lacking = rowsOf({NAN, 0, 1, 0, 1, 0}, 6, Domain{.missing = true});
  CHECK(message([&] {
          LayerData(*b, {{0, lacking, stack({a}, Draw::mean)}}, boltzkit::Values::someMissing);
        }).find("lack values") != std::string::npos);
  const auto lateral = std::make_shared<Machine>(
      cpu.make(1), Wiring({{"v", UnitType::bernoulli, 6}, {"h", UnitType::bernoulli, 4}}, {{0, 1}, {1, 1}}), 1, 0.1);
  CHECK(message([&] { stack({lateral}, Draw::mean); }).find("to itself") != std::string::npos);
  const auto single = std::make_shared<Machine>(cpu.make(1), Wiring({{"v", UnitType::bernoulli, 6}}, {}), 1, 0.1);
  CHECK(message([&] { stack({single}, Draw::mean); }).find("layer 1") != std::string::npos);
}

// Chains that start at rows seen as draws start at states.
TEST_CASE("chains start at rows seen through machines") {
  const Candidate cpu = candidates().front();
  const auto a = level(cpu, 6, 4, 1), top = level(cpu, 4, 3, 2);
  const auto rows = rowsOf(randomValues(5 * 6, 1, Kind::grey), 6);
  ChainOptions o;
  o.chains = 5;
  o.steps = 0;
  o.betas = {1};
  o.start = {{0, rows, stack({a}, Draw::sample)}};
  validateChains(*top, o);
  std::vector<float> states(5 * 4), hidden(5 * 3);
  ChainResults results;
  results.states = {std::span(states), std::span(hidden)};
  runChains(*top, o, results, going);
  for (const float s : states) CHECK((s == 0 || s == 1));
  o.start = {{0, rows, stack({a}, Draw::mean)}};
  CHECK_THROWS_WITH(validateChains(*top, o), doctest::Contains("see them as draws"));
}

}  // namespace
}  // namespace boltzkit::test
