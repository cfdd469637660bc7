// Links of a ladder of machines, and the singular values that training reports.
#include "fixtures.hpp"
#include "learning/negative/ladder_link.hpp"
#include "monitoring/singular_values.hpp"

namespace boltzkit::test {
namespace {

double normal(Dice& dice) { return std::sqrt(-2 * std::log(1 - dice.uniform())) * std::cos(2 * 3.14159265358979323846 * dice.uniform()); }

// p0 = N(0, 1) and p1 = N(1, 1), both unnormalised: u(x) = x - 1/2 and log(Z1 / Z0) = 0. `stay` is
// the share of a column's samples that the next visit keeps.
LinkEstimate estimate(std::uint64_t seed, std::size_t columns, double stay) {
  Dice dice(seed);
  LadderLink link(columns);
  Values from0(columns), from1(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    from0[c] = normal(dice);
    from1[c] = 1 + normal(dice);
  }
  for (std::size_t visit = 0; visit < linkVisits + 3; ++visit) {
    Values u0(columns), u1(columns);
    for (std::size_t c = 0; c < columns; ++c) {
      from0[c] = stay * from0[c] + std::sqrt(1 - stay * stay) * normal(dice);
      from1[c] = 1 + stay * (from1[c] - 1) + std::sqrt(1 - stay * stay) * normal(dice);
      u0[c] = from0[c] - 0.5;
      u1[c] = from1[c] - 0.5;
    }
    link.add(u0, u1);
  }
  CHECK(link.filled() == linkVisits);
  return link.estimate();
}

TEST_CASE("the spread between columns is the error of a link, however slowly each moves") {
  constexpr std::size_t columns = 40, runs = sanitized ? 50 : 300;
  for (const double stay : {0.0, 0.95}) {
    CAPTURE(stay);
    double errors = 0, squares = 0;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
      const LinkEstimate link = estimate(seed, columns, stay);
      double influence = 0, all = 0;
      for (const double x : link.influences) {
        influence += x * x;
        all += x;
      }
      CHECK(std::fabs(all) < 1e-9);
      const double z = link.value / std::sqrt(influence / columns / (columns - 1));
      errors += z;
      squares += z * z;
    }
    // False alarms below 1e-6.
    CHECK(std::fabs(errors) / std::sqrt(runs) < 5);
    // The extra 0.1 is for Student's tails.
    CHECK(std::fabs(squares / runs - 1) < 5 * std::sqrt(2.0 / runs) + 0.1);
  }
}

TEST_CASE("a link forgets the oldest visit, and visits that are not finite never come in") {
  LadderLink link(1);
  for (int visit = 0; visit < 100; ++visit) link.add(Values{5}, Values{5});
  link.add(Values{INFINITY}, Values{0});
  CHECK(link.estimate().value == doctest::Approx(5));
  for (std::size_t visit = 0; visit < linkVisits; ++visit) link.add(Values{-2}, Values{-2});
  CHECK(link.estimate().value == doctest::Approx(-2));
  link.clear();
  CHECK(link.empty());
}

// (1 - 2 p p^T) D (1 - 2 q q^T) with unit vectors p and q has the singular values D.
TEST_CASE("singular values of weights that are known to have them") {
  constexpr std::size_t n = 40, m = 25;
  auto unit = [](std::size_t size, std::uint64_t seed) {
    Dice dice(seed);
    Values v(size);
    double squares = 0;
    for (double& x : v) {
      x = dice.between(-1, 1);
      squares += x * x;
    }
    for (double& x : v) x /= std::sqrt(squares);
    return v;
  };
  const Values p = unit(n, 1), q = unit(m, 2);
  auto value = [](std::size_t i) { return 10 * std::pow(0.8, static_cast<double>(i)); };
  Values weights(n * m, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < m; ++j)
      for (std::size_t k = 0; k < m; ++k) weights[i * m + j] += ((i == k) - 2 * p[i] * p[k]) * value(k) * ((k == j) - 2 * q[k] * q[j]);
  auto check = [&](std::unique_ptr<Backend> backend) {
    const double tolerance = backend->precision() == Precision::float64 ? 1e-9 : 1e-5;
    Machine machine(std::move(backend), Wiring({{"a", UnitType::bernoulli, n}, {"b", UnitType::bernoulli, m}}, {{0, 1}}), 1, 0);
    machine.backend().upload(std::span<const double>(weights), machine.weights(0));
    const std::vector<double> found = largestSingularValues(machine, 0, 10);
    REQUIRE(found.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(found[i] == doctest::Approx(value(i)).epsilon(tolerance));
  };
  check(makeReferenceBackend());
  check(makeCpuBackend(2));
  const Machine small(makeReferenceBackend(), Wiring({{"a", UnitType::bernoulli, 3}, {"b", UnitType::bernoulli, 2}}, {{0, 1}}), 1, 0);
  CHECK(largestSingularValues(small, 0, 10) == std::vector<double>{0, 0});
}

}  // namespace
}  // namespace boltzkit::test
