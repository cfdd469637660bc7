// Products with rounded values: within the bound, bit for bit equal everywhere, not used where they
// may not be, and kept up to date by parameter steps.
#include "cpu/product.hpp"
#include "cpu/rounded_weights.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

// Odd, and one more than the strides and blocks of pairs.
constexpr std::size_t visible = 230, hidden = 161;

// States by kind: 0 binary, 1 spins, 2 grey levels, 3 counts.
Values statesOf(std::size_t n, std::uint64_t seed, int kind) {
  Values values = randomValues(n, seed, Kind::binary, 0.3);
  const Values other = randomValues(n, seed + 1, Kind::grey);
  for (std::size_t i = 0; i < n; ++i) {
    if (kind == 1) values[i] = 2 * values[i] - 1;
    if (kind == 2) values[i] *= static_cast<double>(static_cast<float>(std::round(255 * other[i]) / 255.0));
    if (kind == 3) values[i] *= std::round(255 * other[i]);
  }
  return values;
}

double largestOf(const Values& values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::fabs(v));
  return most;
}

// One rounding unit per state (at most an eighth of an octave above the largest value / `levels`),
// plus the errors of float sums.
Values allowedFields(const Values& states, std::size_t rows, std::size_t depth, std::size_t columns, double largest, double levels) {
  Values allowed(rows * columns);
  for (std::size_t r = 0; r < rows; ++r) {
    double size = 0;
    for (std::size_t k = 0; k < depth; ++k) size += std::fabs(states[r * depth + k]);
    for (std::size_t j = 0; j < columns; ++j) allowed[r * columns + j] = size * largest * (1.091 / levels + 1e-6) + 1e-12;
  }
  return allowed;
}

Values fieldsOf(Backend& backend, const Tensor& states, const Tensor& weights, bool transposed, Accuracy accuracy, const Values& start,
                std::uint64_t reuse = unlimitedReuse) {
  const TensorPtr out = backend.tensor(states.rows(), transposed ? weights.rows() : weights.cols());
  backend.upload(std::span<const double>(start), *out);
  const FieldTerm term{&states, &weights, transposed, -0.75, nullptr, accuracy, reuse};
  backend.fields(std::span(&term, 1), true, *out);
  CHECK(paddingIsZero(*out));
  return valuesOf(backend, *out);
}

TEST_CASE("rounded fields stay within a unit per state, and are rounded at all") {
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    twins.fast.run([&] {
      for (const int kind : {0, 1, 2, 3})
        for (const bool transposed : {false, true}) {
          CAPTURE(kind);
          CAPTURE(transposed);
          const std::size_t depth = transposed ? hidden : visible, columns = transposed ? visible : hidden, rows = 33;
          const Values s = statesOf(rows * depth, 11, kind);
          Values w = randomValues(visible * hidden, 3, Kind::signedReal);
          for (double& x : w) x /= kind == 3 ? 128 : 1;
          const Values start = randomValues(rows * columns, 4, Kind::signedReal);
          const Twin states = twins.make(rows, depth, s), weights = twins.make(visible, hidden, w);
          const Values got = fieldsOf(twins.fast, *states.fast, *weights.fast, transposed, Accuracy::draws, start);
          const Values want = fieldsOf(*twins.exact, *states.exact, *weights.exact, transposed, Accuracy::draws, start);
          CHECK(worstError(got, want, allowedFields(s, rows, depth, columns, largestOf(w), kind == 3 ? 32766 : 8190)) <= 1);
          CHECK(got != fieldsOf(twins.fast, *states.fast, *weights.fast, transposed, Accuracy::full, start));
        }
    });
  });
}

TEST_CASE("rounded fields are the same bits for every instruction set and number of threads") {
  std::vector<Values> all;
  forEachCpu([&](const Candidate& candidate) {
    for (const unsigned threads : {1u, 3u}) {
      Twins twins(candidate, threads);
      twins.fast.run([&] {
        Values bits;
        for (const int kind : {0, 1, 2}) {
          const Twin states = twins.make(70, visible, statesOf(70 * visible, 21, kind));
          const Twin weights = twins.make(visible, hidden, randomValues(visible * hidden, 5, Kind::signedReal));
          const Values got = fieldsOf(twins.fast, *states.fast, *weights.fast, false, Accuracy::draws, Values(70 * hidden, 0.0));
          bits.insert(bits.end(), got.begin(), got.end());
        }
        all.push_back(bits);
      });
    }
  });
  for (const Values& bits : all) CHECK(bits == all.front());
}

TEST_CASE("units that are drawn tile by tile are those drawn from their fields") {
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    const Twin weights = twins.make(visible, hidden, randomValues(visible * hidden, 71, Kind::signedReal));
    struct Case {
      std::size_t rows;  // more than a tile; and so many that units are drawn beside matrix tiles
      int kind;
      bool transposed;
      Accuracy accuracy;
    };
    std::vector<Case> cases;
    for (const int kind : {0, 2, 4})
      for (const bool transposed : {false, true}) {
        cases.push_back({151, kind, transposed, Accuracy::full});
        cases.push_back({151, kind, transposed, Accuracy::draws});
        if (kind != 4) cases.push_back({345, kind, transposed, Accuracy::draws});
      }
    for (const auto [rows, kind, transposed, accuracy] : cases) {
      CAPTURE(rows);
      CAPTURE(kind);
      const Values betas = randomValues(rows, 72, Kind::grey);
      const std::size_t depth = transposed ? hidden : visible, columns = transposed ? visible : hidden;
      const Twin states =
          twins.make(rows, depth, kind == 4 ? randomValues(rows * depth, 73, Kind::signedReal) : statesOf(rows * depth, 74, kind));
      const Twin bias = twins.make(1, columns, randomValues(columns, 75, Kind::signedReal)), fields = twins.zeros(rows, columns);
      const Twin mean = twins.zeros(rows, columns), sample = twins.zeros(rows, columns), alone = twins.zeros(rows, columns),
                 meanAlone = twins.zeros(rows, columns);
      const Twin wantedMean = twins.zeros(rows, columns), wanted = twins.zeros(rows, columns);
      UnitUpdate update{.units = {UnitType::bernoulli, bias.fast.get()}, .beta = 0.7, .stream = testStream(), .firstChain = 3};
      if (kind == 2) update.betas = betas;
      const FieldTerm term{states.fast.get(), weights.fast.get(), transposed, 0.1, nullptr, accuracy};
      twins.fast.run([&] {
        twins.fast.fieldsAndUnits(std::span(&term, 1), update, *fields.fast, mean.fast.get(), sample.fast.get());
        twins.fast.fieldsAndUnits(std::span(&term, 1), update, *fields.fast, nullptr, alone.fast.get());
        twins.fast.fieldsAndUnits(std::span(&term, 1), update, *fields.fast, meanAlone.fast.get(), nullptr);
        twins.fast.fields(std::span(&term, 1), false, *fields.fast);
        twins.fast.updateUnits(update, *fields.fast, wantedMean.fast.get(), wanted.fast.get());
      });
      CHECK(valuesOf(twins.fast, *mean.fast) == valuesOf(twins.fast, *wantedMean.fast));
      CHECK(valuesOf(twins.fast, *meanAlone.fast) == valuesOf(twins.fast, *wantedMean.fast));
      CHECK(valuesOf(twins.fast, *sample.fast) == valuesOf(twins.fast, *wanted.fast));
      CHECK(valuesOf(twins.fast, *alone.fast) == valuesOf(twins.fast, *wanted.fast));
      CHECK(paddingIsZero(*sample.fast));
      CHECK(paddingIsZero(*mean.fast));
    }
  });
}

TEST_CASE("weights and states that rounding does not suit are left as they are") {
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate);
    const std::size_t rows = 9;
    const Values w = randomValues(visible * hidden, 6, Kind::signedReal);
    Values outlier = w, huge = w;
    outlier[77] = 1000;
    for (double& v : huge) v *= 100;
    struct Case {
      const char* name;
      Values states, weights;
    };
    const Case cases[] = {{"one weight far above the others", statesOf(rows * visible, 31, 0), outlier},
                          {"large weights", statesOf(rows * visible, 31, 0), huge},
                          {"no weights at all", statesOf(rows * visible, 31, 0), Values(visible * hidden, 0.0)},
                          {"real states", randomValues(rows * visible, 32, Kind::signedReal), w},
                          {"counts too large for such weights", statesOf(rows * visible, 33, 3), w},
                          {"counts above 255",
                           [&] {
                             Values s = statesOf(rows * visible, 33, 0);
                             s[5] = 256;
                             return s;
                           }(),
                           w}};
    for (const Case& c : cases) {
      INFO(std::string(c.name));
      const Twin states = twins.make(rows, visible, c.states), weights = twins.make(visible, hidden, c.weights);
      const Values start(rows * hidden, 0.0);
      CHECK(fieldsOf(twins.fast, *states.fast, *weights.fast, false, Accuracy::draws, start) ==
            fieldsOf(twins.fast, *states.fast, *weights.fast, false, Accuracy::full, start));
    }
  });
}

TEST_CASE("weights are not rounded for few rows of states") {
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate);
    const Twin states = twins.make(9, visible, statesOf(9 * visible, 31, 0));
    const Twin weights = twins.make(visible, hidden, randomValues(visible * hidden, 6, Kind::signedReal));
    const auto fields = [&](Accuracy accuracy, std::uint64_t reuse) {
      return fieldsOf(twins.fast, *states.fast, *weights.fast, false, accuracy, Values(9 * hidden, 0.0), reuse);
    };
    CHECK(fields(Accuracy::draws, cpu::leastReuse - 1) == fields(Accuracy::full, unlimitedReuse));
    CHECK(fields(Accuracy::draws, cpu::leastReuse) == fields(Accuracy::draws, unlimitedReuse));
    CHECK(fields(Accuracy::draws, cpu::leastReuse) != fields(Accuracy::full, unlimitedReuse));
  });
}

// A part of a matrix has no copies, and copies leave row weights out.
TEST_CASE("a product that may round needs a whole right factor and no row weights") {
  cpu::Engine engine(cpu::kernelsNamed(""), 1);
  cpu::CpuTensor states(9, visible), weights(visible, hidden), out(9, hidden);
  const FieldTerm term{.states = &states, .weights = &weights, .accuracy = Accuracy::draws};
  const cpu::Product whole = cpu::fieldProduct(term, false, cpu::fieldTolerance, out);
  CHECK_NOTHROW(cpu::multiply(engine, whole));
  cpu::Product part = whole, weighted = whole;
  part.matrix = nullptr;
  weighted.weights = weights.row(0);
  CHECK_THROWS_AS(cpu::multiply(engine, part), Error);
  CHECK_THROWS_AS(cpu::multiply(engine, weighted), Error);
}

struct Slot {
  Twin weights, gradient, velocity, second;
};

Slot slotOf(Twins& twins) {
  return {twins.make(visible, hidden, randomValues(visible * hidden, 41, Kind::signedReal)), twins.zeros(visible, hidden),
          twins.zeros(visible, hidden), twins.zeros(visible, hidden)};
}

// One step, either from the terms or from the gradient that they add up to.
void step(Backend& backend, const Slot& s, std::span<const StatisticsTerm> terms, bool together, OptimiserStep::Kind kind) {
  if (!together)
    for (const StatisticsTerm& t : terms)
      backend.statistics(*t.a, *t.b, t.rowWeights, t.alpha, &t == terms.data() ? 0 : 1, *s.gradient.fast);
  const ParameterSlot slot{.parameter = s.weights.fast.get(),
                           .gradient = s.gradient.fast.get(),
                           .velocity = s.velocity.fast.get(),
                           .second = s.second.fast.get(),
                           .l1 = 1e-5,
                           .l2 = 1e-4,
                           .terms = together ? terms : std::span<const StatisticsTerm>()};
  CHECK(refusedBy(backend, {.kind = kind, .learningRate = 0.05, .momentum = 0.5}, std::span(&slot, 1)) == -1);
}

TEST_CASE("a step from terms is the step from the gradient that they add up to, to the bit") {
  forEachCpu([](const Candidate& candidate) {
    for (const auto kind : {OptimiserStep::Kind::sgd, OptimiserStep::Kind::adam}) {
      Twins twins(candidate, 2);
      const Slot apart = slotOf(twins), together = slotOf(twins);
      const Twin v = twins.make(50, visible, statesOf(50 * visible, 42, 2)),
                 h = twins.make(50, hidden, randomValues(50 * hidden, 43, Kind::grey));
      const Twin row = twins.make(1, visible, randomValues(visible, 44, Kind::grey)),
                 other = twins.make(1, hidden, randomValues(hidden, 45, Kind::grey));
      const Twin weights = twins.make(1, 50, randomValues(50, 46, Kind::grey));
      const StatisticsTerm terms[] = {{v.fast.get(), h.fast.get(), weights.fast.get(), 0.02},
                                      {v.fast.get(), h.fast.get(), nullptr, -0.01},
                                      {row.fast.get(), other.fast.get(), nullptr, -1}};
      twins.fast.run([&] {
        for (int i = 0; i < 3; ++i) {
          step(twins.fast, apart, terms, false, kind);
          step(twins.fast, together, terms, true, kind);
        }
      });
      CHECK(valuesOf(twins.fast, *apart.weights.fast) == valuesOf(twins.fast, *together.weights.fast));
      CHECK(valuesOf(twins.fast, *apart.gradient.fast) == valuesOf(twins.fast, *together.gradient.fast));
      CHECK(paddingIsZero(*together.weights.fast));
    }
  });
}

// Slots are overwritten where no step can be refused, or the last one where that of its own cannot.
TEST_CASE("a step in place is the step by way of a spare buffer, and is not taken where it could be refused") {
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    Backend& backend = twins.fast;
    const Twin v = twins.make(50, visible, statesOf(50 * visible, 42, 0)),
               h = twins.make(50, hidden, randomValues(50 * hidden, 43, Kind::grey));
    const StatisticsTerm term{v.fast.get(), h.fast.get(), nullptr, 0.02, Accuracy::statistics};
    const Slot alone = slotOf(twins), first = slotOf(twins), last = slotOf(twins);
    const auto slot = [&](const Slot& s) {
      return ParameterSlot{.parameter = s.weights.fast.get(),
                           .gradient = s.gradient.fast.get(),
                           .velocity = s.velocity.fast.get(),
                           .second = nullptr,
                           .l1 = 1e-5,
                           .l2 = 1e-4,
                           .terms = std::span(&term, 1)};
    };
    const OptimiserStep step{.learningRate = 0.05, .momentum = 0.5};
    const ParameterSlot one[] = {slot(alone)}, both[] = {slot(first), slot(last)};
    backend.run([&] {
      for (int i = 0; i < 3; ++i) {
        CHECK(refusedBy(backend, step, one) == -1);
        CHECK(refusedBy(backend, step, both) == -1);
      }
    });
    const Values good = valuesOf(backend, *alone.weights.fast);
    CHECK(good == valuesOf(backend, *first.weights.fast));
    CHECK(good == valuesOf(backend, *last.weights.fast));
    // Momentum that nobody bounded: too large, or not a number.
    for (const double bad : {1e30, static_cast<double>(NAN)}) {
      Values velocity(visible * hidden, 0.0);
      velocity[777] = bad;
      backend.upload(std::span<const double>(velocity), *alone.velocity.fast);
      backend.run([&] {
        CHECK(refusedBy(backend, step, one) == 0);
        CHECK(refusedBy(backend, step, one) == 0);  // what the first one left is no better
      });
      CHECK(valuesOf(backend, *alone.weights.fast) == good);
      backend.upload(std::span<const double>(velocity), *last.velocity.fast);
      backend.run([&] { CHECK(refusedBy(backend, step, both) == 1); });
      CHECK(valuesOf(backend, *first.weights.fast) == good);
      CHECK(valuesOf(backend, *last.weights.fast) == good);
    }
  });
}

TEST_CASE("statistics of rounded means are off by a unit per row at most") {
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    const std::size_t rows = 251;
    const Values s = statesOf(rows * visible, 51, 2), means = randomValues(rows * hidden, 52, Kind::grey);
    const Twin v = twins.make(rows, visible, s), h = twins.make(rows, hidden, means);
    const Slot slot = slotOf(twins), exact = slotOf(twins);
    const StatisticsTerm rounded[] = {{v.fast.get(), h.fast.get(), nullptr, 1, Accuracy::statistics}},
                         plain[] = {{v.fast.get(), h.fast.get(), nullptr, 1}};
    twins.fast.run([&] {
      step(twins.fast, slot, rounded, true, OptimiserStep::Kind::sgd);
      step(twins.fast, exact, plain, true, OptimiserStep::Kind::sgd);
    });
    Values allowed(visible * hidden, 0.0);
    const double each = 0.05 * largestOf(means) * (1.1 / 8190 + 1e-6);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t i = 0; i < visible; ++i)
        for (std::size_t j = 0; j < hidden; ++j) allowed[i * hidden + j] += each * s[r * visible + i];
    for (double& a : allowed) a += 1e-6;
    const Values got = valuesOf(twins.fast, *slot.weights.fast);
    CHECK(worstError(got, valuesOf(twins.fast, *exact.weights.fast), allowed) <= 1);
    CHECK(got != valuesOf(twins.fast, *exact.weights.fast));
  });
}

// The last minibatch of an epoch is often short.
TEST_CASE("statistics of fewer rows than before are those of a tensor that never had more") {
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate);
    const std::size_t rows = 251, fewer = 208;
    const Values s = statesOf(rows * visible, 53, 0), means = randomValues(rows * hidden, 54, Kind::grey);
    const Twin v = twins.make(rows, visible, s), h = twins.make(rows, hidden, means);
    const Twin shortV = twins.make(fewer, visible, Values(s.begin(), s.begin() + fewer * visible)),
               shortH = twins.make(fewer, hidden, Values(means.begin(), means.begin() + fewer * hidden));
    const Slot slot = slotOf(twins), other = slotOf(twins);
    const StatisticsTerm cut[] = {{v.fast.get(), h.fast.get(), nullptr, 1, Accuracy::statistics}},
                         whole[] = {{shortV.fast.get(), shortH.fast.get(), nullptr, 1, Accuracy::statistics}};
    twins.fast.run([&] {
      step(twins.fast, slotOf(twins), cut, true, OptimiserStep::Kind::sgd);
      v.fast->setRows(fewer);
      h.fast->setRows(fewer);
      cpu::cpuTensor(*h.fast).touch();
      step(twins.fast, slot, cut, true, OptimiserStep::Kind::sgd);
      step(twins.fast, other, whole, true, OptimiserStep::Kind::sgd);
    });
    CHECK(valuesOf(twins.fast, *slot.weights.fast) == valuesOf(twins.fast, *other.weights.fast));
  });
}

TEST_CASE("rounded copies that a step keeps up are those made afresh") {
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    const Slot slot = slotOf(twins);
    const Twin v = twins.make(20, visible, statesOf(20 * visible, 61, 0)), h = twins.make(20, hidden, statesOf(20 * hidden, 62, 0));
    twins.fast.run([&] {
      for (int i = 0; i < 12; ++i) {
        // Large steps, so that the largest weight sometimes changes the rounding unit.
        const StatisticsTerm terms[] = {{v.fast.get(), h.fast.get(), nullptr, i % 2 ? 0.4 : -0.3}};
        auto fields = [&](const Tensor& weights) {
          Values all = fieldsOf(twins.fast, *v.fast, weights, false, Accuracy::draws, Values(20 * hidden, 0.0));
          const Values down = fieldsOf(twins.fast, *h.fast, weights, true, Accuracy::draws, Values(20 * visible, 0.0));
          all.insert(all.end(), down.begin(), down.end());
          return all;
        };
        const Values before = fields(*slot.weights.fast);
        step(twins.fast, slot, terms, true, OptimiserStep::Kind::sgd);
        const Twin fresh = twins.make(visible, hidden, valuesOf(twins.fast, *slot.weights.fast));
        const Values after = fields(*slot.weights.fast);
        CHECK(after != before);
        CHECK(after == fields(*fresh.fast));
      }
    });
  });
}

}  // namespace
}  // namespace boltzkit::test
