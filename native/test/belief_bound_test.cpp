// The bound of log p(v) against sums over all states.
#include "likelihood/belief_bound.hpp"

#include "fixtures.hpp"
#include "likelihood/state_sums.hpp"
#include "small_network.hpp"

namespace boltzkit::test {
namespace {

const Cancelled going{false};
constexpr std::size_t pixels = 3, first = 3, second = 2;

// The log of the sum over the states of all other layers of the top machine, for each of layer 0.
Values topSums(SmallNetwork& net, std::size_t places) {
  Values all;
  for (std::size_t j = 0; j < (std::size_t{1} << places); ++j) {
    const Enumeration enumeration(*net.top, [&] {
      std::vector<bool> given = noLayer(*net.top);
      given[0] = true;
      return given;
    }());
    all.push_back(countedSums(*net.top, enumeration, {{0, rowsOf(bitsOf(j, places), places)}}, going).front());
  }
  return all;
}

struct Exact {
  double bound = 0, square = 0, logLikelihood = 0;  // of one draw: mean, mean square; all plus log Z
};

Exact exactOf(SmallNetwork& net, const Values& v, const Values& top) {
  const PairValues up1(*net.levels.up[0]), up2(*net.levels.up[1]), down1(*net.levels.down[0]), down2(*net.levels.down[1]);
  Exact e;
  double likelihood = 0, entropy1 = 0;
  for (std::size_t i = 0; i < (1u << first); ++i) entropy1 -= std::exp(up1.logUp(v, bitsOf(i, first))) * up1.logUp(v, bitsOf(i, first));
  for (std::size_t i = 0; i < (1u << first); ++i) {
    const Values h1 = bitsOf(i, first);
    double entropy2 = 0;
    for (std::size_t j = 0; j < (1u << second); ++j)
      entropy2 -= std::exp(up2.logUp(h1, bitsOf(j, second))) * up2.logUp(h1, bitsOf(j, second));
    for (std::size_t j = 0; j < (1u << second); ++j) {
      const Values h2 = bitsOf(j, second);
      const double q = std::exp(up1.logUp(v, h1) + up2.logUp(h1, h2));
      const double joint = down1.logDown(v, h1) + down2.logDown(h1, h2) + top[j];
      const double drawn = joint + entropy1 + entropy2;
      e.bound += q * drawn;
      e.square += q * drawn * drawn;
      likelihood += std::exp(joint);
    }
  }
  e.logLikelihood = std::log(likelihood);
  return e;
}

Values repeated(const Values& row, std::size_t n) {
  Values all;
  for (std::size_t r = 0; r < n; ++r) all.insert(all.end(), row.begin(), row.end());
  return all;
}

double meanBound(SmallNetwork& net, const Values& v, std::size_t n, std::uint64_t samples) {
  Values out(n);
  net.top->backend().run([&] { beliefBound(*net.top, net.levels, rowsOf(repeated(v, n), v.size()), samples, going, out); });
  double sum = 0;
  for (const double x : out) sum += x;
  return sum / static_cast<double>(n);
}

// 4.9 standard errors: a false alarm once in 10^6 for each of some tens of checks.
TEST_CASE("the bound is what sums over all states say, and no more than log p(v)") {
  std::vector<Candidate> all = cpuCandidates();
  all.push_back({"reference", [](unsigned) { return makeReferenceBackend(); }});
  const std::size_t n = sanitized ? 500 : 4000, samples = 3;
  for (const Candidate& candidate : all)
    for (const std::size_t labels : {0, 2}) {
      CAPTURE(candidate.name);
      CAPTURE(labels);
      SmallNetwork net([&] { return std::shared_ptr<Backend>(candidate.make(2)); }, {pixels, first, second, 2}, labels, 4, 1.5);
      const Values top = topSums(net, second);
      for (const std::size_t k : {0, 3, 5}) {
        const Values v = bitsOf(k, pixels);
        const Exact exact = exactOf(net, v, top);
        CHECK(exact.bound <= exact.logLikelihood);
        const double error = std::sqrt((exact.square - exact.bound * exact.bound) / static_cast<double>(n * samples));
        CHECK(std::fabs(meanBound(net, v, n, samples) - exact.bound) <= 4.9 * error + 1e-5);
      }
    }
}

// One level whose halves are one machine, below the same machine upside down: the posterior is
// exact, so the bound is log p(v) of the machine.
TEST_CASE("the bound is tight where the posterior is exact") {
  const std::size_t n = sanitized ? 2000 : 20000;
  forEachBackend([&](const Candidate& candidate) {
    SmallNetwork net([&] { return std::shared_ptr<Backend>(candidate.make(1)); }, {4, 3, 4}, 0, 9, 1);
    const Machine& up = *net.levels.up[0];
    const PairValues values(up);
    Backend& backend = net.top->backend();
    const auto set = [&](Tensor& to, const Values& from) { backend.upload(std::span<const double>(from), to); };
    set(net.levels.down[0]->unitParameters(0), values.below);
    set(net.levels.down[0]->weights(0), values.weights);
    Values turned(values.weights.size());
    for (std::size_t i = 0; i < 4; ++i)
      for (std::size_t j = 0; j < 3; ++j) turned[j * 4 + i] = values.weights[i * 3 + j];
    set(net.top->weights(0), turned);
    set(net.top->unitParameters(0), values.above);
    set(net.top->unitParameters(1), values.below);
    for (const std::size_t k : {1, 6, 15}) {
      const Values v = bitsOf(k, 4);
      // log p*(v) of the machine: its states summed out by hand.
      double want = 0, square = 0, mean = 0;
      for (std::size_t i = 0; i < 4; ++i) want += v[i] * values.below[i];
      for (std::size_t j = 0; j < 3; ++j) {
        double field = values.above[j];
        for (std::size_t i = 0; i < 4; ++i) field += v[i] * values.weights[i * 3 + j];
        want += std::log1p(std::exp(field));
      }
      // A draw is off by -log q(h) - H(q).
      for (std::size_t h = 0; h < 8; ++h) {
        const double q = values.logUp(v, bitsOf(h, 3));
        mean -= std::exp(q) * q;
        square += std::exp(q) * q * q;
      }
      const double error = std::sqrt((square - mean * mean) / static_cast<double>(n));
      CHECK(std::fabs(meanBound(net, v, n, 1) - want) <= 4.9 * error + 1e-5);
    }
  });
}

TEST_CASE("the bound of a row does not depend on threads or on the rows around it") {
  const Candidate cpu = candidates().front();
  const Values v = randomValues(600 * 12, 3, Kind::binary, 0.5);
  const auto boundOf = [&](unsigned threads, std::size_t rows) {
    SmallNetwork net([&] { return std::shared_ptr<Backend>(cpu.make(threads)); }, {12, 10, 8, 9}, 3, 4, 0.5);
    Values out(rows);
    const auto some = rowsOf(Values(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(rows * 12)), 12);
    net.top->backend().run([&] { beliefBound(*net.top, net.levels, some, 2, going, out); });
    return out;
  };
  const Values all = boundOf(1, 600), few = boundOf(1, 520);
  CHECK(boundOf(3, 600) == all);
  CHECK(worstError(few, Values(all.begin(), all.begin() + 520), {1e-4}) <= 1);
}

TEST_CASE("a bound needs states, draws and a top machine that can be summed") {
  const auto make = [] { return std::shared_ptr<Backend>(makeReferenceBackend()); };
  SmallNetwork net(make, {4, 3, 3}, 0, 1, 0.1);
  Values out(1);
  CHECK_THROWS_WITH(beliefBound(*net.top, net.levels, rowsOf({0, 0.5, 1, 0}, 4), 1, going, out),
                    doctest::Contains("make them binary first"));
  CHECK_THROWS_WITH(beliefBound(*net.top, net.levels, rowsOf({0, 1, 1, 0}, 4), 0, going, out), doctest::Contains("`samples`"));
  CHECK_THROWS_WITH(beliefBound(*net.top, {}, rowsOf({0, 1, 1, 0}, 4), 1, going, out), doctest::Contains("at least one"));
  SmallNetwork large(make, {4, 3, 3}, 0, 1, 0.1);
  large.top = std::make_shared<Machine>(
      makeReferenceBackend(),
      Wiring({{"a", UnitType::bernoulli, 3}, {"b", UnitType::bernoulli, 20}, {"c", UnitType::bernoulli, 20}}, {{0, 1}, {1, 2}}), 1, 0.1);
  CHECK_THROWS_WITH(beliefBound(*large.top, large.levels, rowsOf({0, 1, 1, 0}, 4), 1, going, out), doctest::Contains("independent units"));
}

}  // namespace
}  // namespace boltzkit::test
