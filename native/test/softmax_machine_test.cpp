// The softmax rating machine against sums over all its states, in double precision: probabilities,
// likelihood, both phases of the gradient, and what its chains draw.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <numeric>

#include "fixtures.hpp"
#include "ratings/softmax_case.hpp"
#include "ratings/softmax_prediction.hpp"

namespace boltzkit::test {
namespace {

using namespace ratings;
using Categories = std::vector<std::uint8_t>;

struct Tiny {
  SoftmaxMachine machine;
  std::vector<std::uint32_t> visibles;  // of the one case that is asked about

  double weight(std::size_t i, std::size_t k, std::size_t j) const {
    double sum = 0;
    for (std::size_t c = 0; c < machine.components(); ++c)
      sum += static_cast<double>(machine.basis()[c * machine.categories() + k]) *
             static_cast<double>(machine.row(i)[c * machine.stride() + j]);
    return sum;
  }
  // -E of a state of all units; hidden units as bits.
  double logMass(const Categories& v, std::size_t h) const {
    double sum = 0;
    for (std::size_t e = 0; e < visibles.size(); ++e) sum += static_cast<double>(machine.biasOf(visibles[e])[v[e]]);
    for (std::size_t j = 0; j < machine.hidden(); ++j) {
      if (!(h >> j & 1)) continue;
      sum += static_cast<double>(machine.hiddenBias()[j]);
      for (std::size_t e = 0; e < visibles.size(); ++e) sum += weight(visibles[e], v[e], j);
    }
    return sum;
  }
  // Calls f(v, h, mass) for all states.
  template <class Function>
  void forAll(Function f) const {
    const std::size_t n = visibles.size(), k = machine.categories();
    std::size_t states = 1;
    for (std::size_t e = 0; e < n; ++e) states *= k;
    for (std::size_t s = 0; s < states; ++s) {
      Categories v(n);
      for (std::size_t e = 0, rest = s; e < n; ++e, rest /= k) v[e] = static_cast<std::uint8_t>(rest % k);
      for (std::size_t h = 0; h < std::size_t{1} << machine.hidden(); ++h) f(v, h, std::exp(logMass(v, h)));
    }
  }
};

Tiny tiny(std::size_t categories, std::size_t degree, bool conditional, std::uint64_t seed) {
  SoftmaxSpec spec{.visibles = 5, .hidden = 3, .degree = degree, .conditional = conditional};
  for (std::size_t k = 0; k < categories; ++k) spec.values.push_back(static_cast<double>(k * k + 1));
  Tiny t{SoftmaxMachine(spec), {4, 0, 2}};
  Dice dice(seed);
  for (std::size_t i = 0; i < spec.visibles; ++i)
    for (std::size_t c = 0; c < t.machine.components(); ++c)
      for (std::size_t j = 0; j < spec.hidden; ++j)
        t.machine.weights()[i * t.machine.rowSize() + c * t.machine.stride() + j] = static_cast<float>(dice.between(-1.5, 1.5));
  for (float& b : t.machine.visibleBias()) b = static_cast<float>(dice.between(-1, 1));
  for (std::size_t j = 0; j < spec.hidden; ++j) t.machine.hiddenBias()[j] = static_cast<float>(dice.between(-1, 1));
  return t;
}

template <class Check>
void forTinyMachines(Check check) {
  for (const bool conditional : {true, false})
    for (const auto& [categories, degree] : {std::pair<std::size_t, std::size_t>{2, 1}, {4, 1}, {4, 3}, {5, 2}}) {
      CAPTURE(conditional);
      CAPTURE(categories);
      CAPTURE(degree);
      check(tiny(categories, degree, conditional, 10 * categories + degree));
    }
}

TEST_CASE("softmax machine: polynomials are orthonormal and of their degree") {
  const std::vector<double> values{0.5, 1, 1.5, 3, 3.5, 5};
  const std::vector<double> basis = orthonormalPolynomials(values, 5);
  for (std::size_t c = 0; c < 6; ++c)
    for (std::size_t d = 0; d < 6; ++d) {
      double dot = 0, power = 0;
      for (std::size_t k = 0; k < 6; ++k) {
        dot += basis[c * 6 + k] * basis[d * 6 + k];
        power += basis[c * 6 + k] * std::pow(values[k], static_cast<double>(d));
      }
      CHECK(dot == doctest::Approx(c == d ? 1 : 0).epsilon(1e-12));
      if (d < c) CHECK(std::fabs(power) < 1e-9);  // orthogonal to all polynomials of lower degree
    }
}

TEST_CASE("softmax machine: probabilities of one visible given all others are those of enumeration") {
  forTinyMachines([](const Tiny& t) {
    const Categories data{1, 0, 1};
    const std::size_t k = t.machine.categories();
    for (std::size_t e = 0; e < data.size(); ++e) {
      std::vector<double> expected(k), got(k);
      t.forAll([&](const Categories& v, std::size_t, double mass) {
        for (std::size_t other = 0; other < v.size(); ++other)
          if (other != e && v[other] != data[other]) return;
        expected[v[e]] += mass;
      });
      const double total = std::accumulate(expected.begin(), expected.end(), 0.0);
      std::vector<std::uint32_t> others;
      Categories theirs;
      for (std::size_t other = 0; other < data.size(); ++other)
        if (other != e) {
          others.push_back(t.visibles[other]);
          theirs.push_back(data[other]);
        }
      LineFloats field(t.machine.stride());
      t.machine.field(others, theirs, field.data());
      t.machine.givenOthers(t.visibles[e], field.data(), got.data());
      for (std::size_t c = 0; c < k; ++c) CHECK(got[c] == doctest::Approx(expected[c] / total).epsilon(2e-6));
    }
  });
}

TEST_CASE("softmax machine: free energies differ as the logarithms of sums over hidden states") {
  forTinyMachines([](const Tiny& t) {
    const Categories one{0, 1, 1}, other{1, 0, 0};
    double first = 0, second = 0;
    t.forAll([&](const Categories& v, std::size_t, double mass) {
      if (v == one) first += mass;
      if (v == other) second += mass;
    });
    CHECK(t.machine.freeEnergy(t.visibles, one) == doctest::Approx(std::log(first)).epsilon(2e-6));
    CHECK(t.machine.freeEnergy(t.visibles, other) == doctest::Approx(std::log(second)).epsilon(2e-6));
  });
}

struct Run {
  LineFloats data, model;
  std::vector<float> factors, masses;
};

Run phases(const Tiny& t, const Categories& data, std::size_t sweeps, bool means, std::uint64_t update, std::uint8_t* chain,
           CaseScratch& scratch) {
  Run run{LineFloats(t.machine.stride()), LineFloats(t.machine.stride()), std::vector<float>(data.size() * t.machine.components()),
          std::vector<float>(data.size() * t.machine.categories())};
  runPhases(t.machine, sweeps, means, 7, update, 3,
            {.visibles = t.visibles,
             .categories = data.data(),
             .chain = chain,
             .dataMeans = run.data.data(),
             .modelMeans = run.model.data(),
             .modelFactors = run.factors.data(),
             .modelMasses = run.masses.data()},
            scratch);
  return run;
}

TEST_CASE("softmax machine: the positive phase is the gradient of the free energy") {
  forTinyMachines([](Tiny t) {
    const Categories data{1, 0, 1};
    CaseScratch scratch(t.machine);
    const Run run = phases(t, data, 1, true, 0, nullptr, scratch);
    for (std::size_t e = 0; e < data.size(); ++e)
      for (std::size_t c = 0; c < t.machine.components(); ++c)
        for (std::size_t j = 0; j < t.machine.hidden(); ++j) {
          float& w = t.machine.weights()[t.visibles[e] * t.machine.rowSize() + c * t.machine.stride() + j];
          const float before = w, step = 1.0f / 64;
          w = before + step;
          const double up = t.machine.freeEnergy(t.visibles, data);
          w = before - step;
          const double down = t.machine.freeEnergy(t.visibles, data);
          w = before;
          const double got = static_cast<double>(t.machine.factorsOf(data[e])[c]) * static_cast<double>(run.data[j]);
          CHECK(std::fabs(got - (up - down) * 32) < 2e-4);
        }
    for (std::size_t j = t.machine.hidden(); j < t.machine.stride(); ++j) CHECK(run.data[j] == 0);
  });
}

// A chain of draws visits states with the machine's probabilities: its mean statistics, which are
// the negative phase, against those of enumeration. Batches of sweeps give the error of the means.
TEST_CASE("softmax machine: long persistent chains have the exact negative phase") {
  const Tiny t = tiny(4, 2, true, 5);
  const std::size_t components = t.machine.components(), stride = t.machine.stride(), hidden = t.machine.hidden(), n = t.visibles.size(),
                    k = t.machine.categories(), statistics = n * (components * hidden + k);
  std::vector<double> expected(statistics);
  double total = 0;
  t.forAll([&](const Categories& v, std::size_t h, double mass) {
    total += mass;
    for (std::size_t e = 0; e < n; ++e) {
      for (std::size_t c = 0; c < components; ++c)
        for (std::size_t j = 0; j < hidden; ++j)
          if (h >> j & 1) expected[(e * components + c) * hidden + j] += mass * static_cast<double>(t.machine.factorsOf(v[e])[c]);
      expected[n * components * hidden + e * k + v[e]] += mass;
    }
  });
  Categories chain{0, 0, 0};
  const Categories data{1, 0, 1};
  CaseScratch scratch(t.machine);
  constexpr std::size_t batches = sanitized ? 40 : 100, length = 400;
  std::vector<double> sums(statistics), squares(statistics);
  for (std::uint64_t b = 0; b < batches; ++b) {
    std::vector<double> batch(statistics);
    for (std::uint64_t s = 0; s < length; ++s) {
      const Run run = phases(t, data, 2, false, b * length + s, chain.data(), scratch);
      for (std::size_t e = 0; e < n; ++e) {
        for (std::size_t c = 0; c < components; ++c) {
          CHECK(run.factors[e * components + c] == t.machine.factorsOf(chain[e])[c]);
          for (std::size_t j = 0; j < hidden; ++j)
            batch[(e * components + c) * hidden + j] +=
                static_cast<double>(run.factors[e * components + c]) * static_cast<double>(run.model[j]);
        }
        for (std::size_t c = 0; c < k; ++c) batch[n * components * hidden + e * k + c] += static_cast<double>(run.masses[e * k + c]);
      }
    }
    for (std::size_t x = 0; x < statistics; ++x) {
      sums[x] += batch[x] / length;
      squares[x] += batch[x] / length * batch[x] / length;
    }
  }
  CHECK(stride == softmaxGrain);
  for (std::size_t x = 0; x < statistics; ++x) {
    const double mean = sums[x] / batches, spread = std::sqrt(std::max(0.0, squares[x] / batches - mean * mean) / (batches - 1));
    // Some fifty statistics at 5.5 standard errors of Student's t with 39 or more degrees of freedom:
    // false alarms below 2e-4. The constant polynomial's own mean varies too, through the hidden units.
    CHECK(std::fabs(mean - expected[x] / total) < 5.5 * spread + 1e-6);
  }
}

// One step from the data, drawn many times: the mean of what it gives is a sum over hidden states.
TEST_CASE("softmax machine: contrastive divergence starts from hidden states given the data") {
  const Tiny t = tiny(4, 3, true, 8);
  const Categories data{2, 0, 3};
  const std::size_t n = data.size(), k = t.machine.categories(), hidden = t.machine.hidden();
  std::vector<double> expected(n * k);
  double total = 0;
  for (std::size_t h = 0; h < std::size_t{1} << hidden; ++h) {
    const double mass = std::exp(t.logMass(data, h));
    LineFloats states(t.machine.stride());
    for (std::size_t j = 0; j < hidden; ++j) states[j] = static_cast<float>(h >> j & 1);
    total += mass;
    for (std::size_t e = 0; e < n; ++e) {
      std::vector<float> given(k);
      t.machine.givenHidden(t.visibles[e], states.data(), given.data());
      for (std::size_t c = 0; c < k; ++c) expected[e * k + c] += mass * static_cast<double>(given[c]);
    }
  }
  CaseScratch scratch(t.machine);
  constexpr std::size_t draws = sanitized ? 2000 : 20000;
  std::vector<double> sums(n * k), squares(n * k);
  for (std::uint64_t d = 0; d < draws; ++d) {
    const Run run = phases(t, data, 1, true, d, nullptr, scratch);
    for (std::size_t x = 0; x < n * k; ++x) {
      sums[x] += static_cast<double>(run.masses[x]);
      squares[x] += static_cast<double>(run.masses[x]) * static_cast<double>(run.masses[x]);
    }
  }
  for (std::size_t x = 0; x < n * k; ++x) {
    const double mean = sums[x] / draws, error = std::sqrt((squares[x] / draws - mean * mean) / draws);
    CHECK(std::fabs(mean - expected[x] / total) < 5.5 * error);  // 12 masses: false alarms below 1e-6
  }
}

TEST_CASE("softmax machine: scores are means of the pairs' probabilities, whatever the threads") {
  const Tiny t = tiny(4, 2, true, 3);
  const std::vector<std::uint64_t> offsets{0, 2, 2, 5};
  const std::vector<std::uint32_t> visibles{1, 3, 0, 1, 4}, all{0, 1, 2, 3, 4};
  const Categories categories{0, 3, 1, 1, 2};
  const CaseEntries cases{offsets, visibles, categories};
  checkCases(t.machine, cases);
  std::vector<float> fields(3 * t.machine.hidden());
  softmaxFields(t.machine, cases, 2, fields);
  for (const SoftmaxRule rule : {SoftmaxRule::exact, SoftmaxRule::meanField}) {
    const std::vector<double> worth{1, 2, 5, 10};
    std::vector<float> scores(15), turned(15);
    softmaxScores(t.machine, {.fields = fields, .visibles = all, .worth = worth, .rule = rule, .threads = 3}, Cancelled(false), scores);
    softmaxScores(t.machine, {.fields = fields, .visibles = all, .worth = worth, .rule = rule, .turned = true}, Cancelled(false), turned);
    for (std::uint32_t c = 0; c < 3; ++c)
      for (std::uint32_t i = 0; i < 5; ++i) {
        std::vector<double> masses(4);
        softmaxProbabilities(t.machine, fields, std::vector{c}, std::vector{i}, rule, masses);
        double mean = 0;
        for (std::size_t k = 0; k < 4; ++k) mean += worth[k] * masses[k];
        CHECK(scores[c * 5 + i] == static_cast<float>(mean));
        CHECK(turned[i * 3 + c] == static_cast<float>(mean));
      }
  }
  const std::vector<std::uint32_t> beyond{1, 3, 0, 1, 5};
  const Categories high{0, 3, 1, 1, 4};
  CHECK_THROWS_AS(checkCases(t.machine, {offsets, beyond, categories}), Error);
  CHECK_THROWS_AS(checkCases(t.machine, {offsets, visibles, high}), Error);
}

TEST_CASE("softmax machine: kernels of all instruction sets agree") {
  Dice dice(4);
  constexpr std::size_t stride = 48, components = 3, categories = 5;
  LineFloats rows(components * stride), field(stride), alive(stride, 1);
  std::vector<float> basis(components * categories);
  for (float& x : rows) x = static_cast<float>(dice.between(-2, 2));
  for (float& x : field) x = static_cast<float>(dice.between(-30, 30));
  for (float& x : basis) x = static_cast<float>(dice.between(-1, 1));
  for (const SoftmaxKernels* kernels : availableSoftmaxKernels()) {
    CAPTURE(kernels->isa);
    float dots[components], highs[categories];
    double products[categories];
    kernels->dots(rows.data(), field.data(), components, stride, dots);
    kernels->softplus(field.data(), rows.data(), basis.data(), components, categories, stride, highs, products);
    LineFloats sum = field, means(stride);
    kernels->addRows(rows.data(), basis.data(), components, stride, sum.data());
    kernels->logistic(field.data(), alive.data(), stride, means.data());
    alignas(64) float masses[2 * softmaxGrain];
    for (const std::size_t n : {2u, 5u, 16u, 19u}) {
      double total = 0;
      for (std::size_t k = 0; k < n; ++k) total += std::exp(static_cast<double>(field[k]) - 30);
      std::copy_n(field.data(), n, masses);
      kernels->softmax(masses, n);
      for (std::size_t k = 0; k < n; ++k)
        CHECK(static_cast<double>(masses[k]) ==
              doctest::Approx(std::exp(static_cast<double>(field[k]) - 30) / total).epsilon(1e-6).scale(1e-3));
    }
    for (std::size_t c = 0; c < components; ++c) {
      double dot = 0, size = 0;
      for (std::size_t j = 0; j < stride; ++j) {
        dot += static_cast<double>(rows[c * stride + j]) * static_cast<double>(field[j]);
        size += std::fabs(static_cast<double>(rows[c * stride + j]) * static_cast<double>(field[j]));
      }
      CHECK(std::fabs(static_cast<double>(dots[c]) - dot) < 1e-6 * size);
    }
    for (std::size_t k = 0; k < categories; ++k) {
      double expected = 0;
      for (std::size_t j = 0; j < stride; ++j) {
        double x = static_cast<double>(field[j]);
        for (std::size_t c = 0; c < components; ++c)
          x += static_cast<double>(basis[c * categories + k]) * static_cast<double>(rows[c * stride + j]);
        expected += std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
      }
      CHECK(static_cast<double>(highs[k]) + std::log(products[k]) == doctest::Approx(expected).epsilon(2e-6));
    }
    for (std::size_t j = 0; j < stride; ++j) {
      CHECK(static_cast<double>(means[j]) == doctest::Approx(1 / (1 + std::exp(-static_cast<double>(field[j])))).epsilon(1e-6));
      double x = static_cast<double>(field[j]);
      for (std::size_t c = 0; c < components; ++c) x += static_cast<double>(basis[c]) * static_cast<double>(rows[c * stride + j]);
      CHECK(static_cast<double>(sum[j]) == doctest::Approx(x).epsilon(1e-5));
    }
  }
}

TEST_CASE("softmax machine: refuses shapes that make no sense") {
  CHECK_THROWS_AS(SoftmaxMachine({.visibles = 2, .hidden = 0, .values = {1, 2}}), Error);
  CHECK_THROWS_AS(SoftmaxMachine({.visibles = 2, .hidden = 3, .values = {1}}), Error);
  CHECK_THROWS_AS(SoftmaxMachine({.visibles = 2, .hidden = 3, .values = {1, 2, 2}}), Error);
  CHECK_THROWS_AS(SoftmaxMachine({.visibles = 2, .hidden = 3, .values = {1, 2, 3}, .degree = 3}), Error);
}

}  // namespace
}  // namespace boltzkit::test
