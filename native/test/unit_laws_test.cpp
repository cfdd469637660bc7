// Every unit type against its own definition. Sums or integrals of
// measure(s) exp(beta (field . s - U(s))) over all states must give the type's cumulant, means,
// variances and means of statistics. Samples must follow the distribution, and start values must
// reproduce the data's mean. A new type is tested once `supportOf` knows its states.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "fixtures.hpp"
#include "units/rows.hpp"

namespace boltzkit::test {
namespace {

using State = std::vector<double>;
struct Weighted {
  State s;
  double weight;  // measure, or the width of a quadrature cell
};

// Midpoints on [low, high], wide and fine enough for errors of 1e-6 at the parameters below.
std::vector<Weighted> cells(double low, double high) {
  const int n = 100000;
  std::vector<Weighted> all;
  for (int i = 0; i < n; ++i) all.push_back({{low + (high - low) * (i + 0.5) / n}, (high - low) / n});
  return all;
}

double factorial(double n) { return std::tgamma(n + 1); }

void compositions(std::size_t places, int total, State& prefix, const std::function<void(const State&)>& visit) {
  if (prefix.size() + 1 == places) {
    prefix.push_back(total);
    visit(prefix);
    prefix.pop_back();
    return;
  }
  for (int n = 0; n <= total; ++n) {
    prefix.push_back(n);
    compositions(places, total - n, prefix, visit);
    prefix.pop_back();
  }
}

struct Case {
  std::uint32_t size;
  std::size_t places;
  double total;                                 // of counts
  std::vector<std::vector<double>> parameters;  // [k][place]
};

template <class Unit>
std::vector<Case> casesOf() {
  if constexpr (std::is_same_v<Unit, Binomial>) return {{1, 1, 0, {{0.4}}}, {5, 1, 0, {{-0.7}}}};
  if constexpr (std::is_same_v<Unit, Softmax>) return {{2, 2, 0, {{0.3, -0.2}}}, {4, 4, 0, {{0.1, 1.2, -0.8, 0.5}}}};
  if constexpr (std::is_same_v<Unit, Counts>) return {{3, 3, 4, {{0.1, 0.9, -0.4}}}};
  if constexpr (Unit::parameters == 2) return {{1, 1, 0, {{0.3}, {0.4}}}, {1, 1, 0, {{-4.0}, {-0.6}}}};
  if constexpr (Unit::parameters == 4) return {{1, 1, 0, {{1.3}, {0.4}, {-0.7}, {-0.3}}}, {1, 1, 0, {{-2.0}, {0.1}, {0.9}, {0.6}}}};
  return {{1, 1, 0, {{0.4}}}, {1, 1, 0, {{-2.5}}}};
}

template <class Unit>
std::vector<Weighted> supportOf(const Case& c) {
  std::vector<Weighted> all;
  if constexpr (std::is_same_v<Unit, Softmax>) {
    for (std::size_t k = 0; k < c.places; ++k) {
      all.push_back({State(c.places, 0.0), 1});
      all.back().s[k] = 1;
    }
  } else if constexpr (std::is_same_v<Unit, Counts>) {
    State prefix;
    compositions(c.places, static_cast<int>(c.total), prefix, [&](const State& s) {
      double measure = factorial(c.total);
      for (double n : s) measure /= factorial(n);
      all.push_back({s, measure});
    });
  } else {
    const UnitDomain domain = Unit::domain(c.size);
    if (domain.high == unbounded) return cells(domain.low == 0 ? 0 : -60, 60);
    const double step = std::is_same_v<Unit, Spin> ? 2 : 1;
    for (double s = domain.low; s <= domain.high; s += step)
      all.push_back({{s}, factorial(domain.high - domain.low) / factorial(s - domain.low) / factorial(domain.high - s)});
    if constexpr (std::is_same_v<Unit, Spin>)
      for (Weighted& w : all) w.weight = 1;
  }
  return all;
}

// The moments of a unit by brute force.
struct Law {
  double logZ;
  State mean, variance;
  std::vector<State> statistics;  // [k][place]
};

template <class Unit>
class Definition {
 public:
  explicit Definition(const Case& c) : c_(c), p_(Unit::parameters * c.places) {
    for (std::size_t k = 0; k < Unit::parameters; ++k)
      for (std::size_t j = 0; j < c.places; ++j) p_[k * c.places + j] = c.parameters[k][j];
  }
  RowUnits<double> units() const { return {p_.data(), c_.places, c_.size, c_.places}; }

  // U(s). Energies of rows include -log measure, so this adds it back.
  double potential(const Weighted& w) const {
    const bool measured = std::is_same_v<Unit, Binomial> || std::is_same_v<Unit, Counts>;
    return energyRow<Unit>(units(), w.s.data()) + (measured ? std::log(w.weight) : 0);
  }

  Law law(const State& field, double beta) const {
    Law law{0, State(c_.places, 0.0), State(c_.places, 0.0), std::vector<State>(Unit::parameters, State(c_.places, 0.0))};
    double z = 0;
    State squares(c_.places, 0.0), sums(Unit::parameters * c_.places);
    for (const Weighted& w : supportOf<Unit>(c_)) {
      double exponent = -potential(w);
      for (std::size_t j = 0; j < c_.places; ++j) exponent += field[j] * w.s[j];
      const double p = w.weight * std::exp(beta * exponent);
      z += p;
      std::fill(sums.begin(), sums.end(), 0.0);
      addStatistics<Unit, double>(units(), w.s.data(), nullptr, p, 0, c_.places, c_.places, sums.data());
      for (std::size_t j = 0; j < c_.places; ++j) {
        law.mean[j] += p * w.s[j];
        squares[j] += p * w.s[j] * w.s[j];
        for (std::size_t k = 0; k < Unit::parameters; ++k) law.statistics[k][j] += sums[k * c_.places + j];
      }
    }
    law.logZ = std::log(z);
    for (std::size_t j = 0; j < c_.places; ++j) {
      law.mean[j] /= z;
      law.variance[j] = squares[j] / z - law.mean[j] * law.mean[j];
      for (State& statistic : law.statistics) statistic[j] /= z;
    }
    return law;
  }

 private:
  Case c_;
  std::vector<double> p_;
};

State fieldOf(const Case& c, double scale) {
  State field(c.places);
  for (std::size_t j = 0; j < c.places; ++j) field[j] = scale * (j % 2 == 0 ? 1 : -0.6);
  return field;
}

State before(const Case& c) {
  State states(c.places, 0.0);
  states.back() = c.total;
  return states;
}

template <class Unit>
State variances(const RowUnits<double>& units, const State& field, double beta, double total) {
  State out(units.places);
  if constexpr (Unit::grouped)
    Unit::variance(field.data(), beta, units.at(0), total, out.data());
  else
    out[0] = Unit::variance(field[0], beta, units.at(0));
  return out;
}

#define FOR_EACH_UNIT(f)               \
  f.template operator()<Bernoulli>();  \
  f.template operator()<Spin>();       \
  f.template operator()<Softmax>();    \
  f.template operator()<Gaussian>();   \
  f.template operator()<Relu>();       \
  f.template operator()<DoubleRelu>(); \
  f.template operator()<Binomial>();   \
  f.template operator()<Counts>();

template <class F>
void forEachLaw(F&& check) {
  auto all = [&]<class Unit>() {
    for (const Case& c : casesOf<Unit>())
      for (const double scale : {-2.5, 0.0, 0.8, 3.0})
        for (const double beta : {0.5, 1.0, 2.0}) {
          CAPTURE(Unit::name);
          CAPTURE(scale);
          CAPTURE(beta);
          check.template operator()<Unit>(c, fieldOf(c, scale), beta);
        }
  };
  FOR_EACH_UNIT(all)
}

TEST_CASE("the list of units and this suite name the same types") {
  std::size_t listed = 0, tested = 0;
#define COUNT(enumerator, type) ++listed;
  BOLTZKIT_UNITS(COUNT)
#undef COUNT
  auto count = [&]<class Unit>() { ++tested; };
  FOR_EACH_UNIT(count)
  CHECK(listed == tested);
}

TEST_CASE("the states of countable units are those of the definition, and data values are shares of them") {
  auto check = []<class Unit>() {
    for (const Case& c : casesOf<Unit>()) {
      CAPTURE(Unit::name);
      const auto count = static_cast<std::uint64_t>(Unit::states(c.size));
      if (count == 0) continue;
      const std::vector<Weighted> all = supportOf<Unit>(c);
      REQUIRE(all.size() == count);
      for (std::uint64_t n = 0; n < count; ++n)
        for (std::uint64_t m = 0; m < count; ++m) {
          bool same = true;
          for (std::size_t k = 0; k < c.places; ++k) same = same && Unit::state(n, k) == all[m].s[k];
          CHECK(same == (n == m));
          CHECK(Unit::share(n, all[m].s.data()) == (n == m ? 1 : 0));
        }
    }
  };
  FOR_EACH_UNIT(check)
}

TEST_CASE("no field spreads a unit by more than its type says") {
  forEachLaw([]<class Unit>(const Case& c, const State& field, double) {
    const Definition<Unit> definition(c);
    for (const double v : variances<Unit>(definition.units(), field, 1, c.total))
      CHECK(std::sqrt(v) <= Unit::widest(definition.units().at(0)) * (1 + 1e-9));
  });
}

TEST_CASE("the spread of linear units is the variance at that mean") {
  forEachLaw([]<class Unit>(const Case& c, const State& field, double beta) {
    if constexpr (Unit::linear) {
      const Law law = Definition<Unit>(c).law(field, beta);
      double total = c.size;
      if (Unit::grouped) total = std::accumulate(law.mean.begin(), law.mean.end(), 0.0);
      for (std::size_t j = 0; j < c.places; ++j)
        CHECK(Unit::spread(law.mean[j], total) == doctest::Approx(law.variance[j]).epsilon(1e-9).scale(1e-3));
    }
  });
}

TEST_CASE("cumulants, means, variances and expected statistics are those of the definition") {
  forEachLaw([]<class Unit>(const Case& c, const State& field, double beta) {
    const Definition<Unit> definition(c);
    const Law law = definition.law(field, beta);
    const State old = before(c);
    RowWords words({}, 0);
    State mean(c.places);
    updateRow<Unit, double>(definition.units(), field.data(), beta, Draw::sample, old.data(), words, mean.data(), nullptr);
    const double cumulant = cumulantRow<Unit, double>(definition.units(), field.data(), beta, old.data());
    CHECK(std::fabs(cumulant - law.logZ) < 2e-6 * (1 + std::fabs(law.logZ)));
    const State variance = variances<Unit>(definition.units(), field, beta, c.total);
    for (std::size_t j = 0; j < c.places; ++j) {
      CHECK(std::fabs(mean[j] - law.mean[j]) < 2e-6 * (1 + std::fabs(law.mean[j])));
      CHECK(std::fabs(variance[j] - law.variance[j]) < 1e-5 * (1e-2 + law.variance[j]));
      if constexpr (!Unit::linear) {
        double expected[Unit::parameters];
        Unit::expected(field[j], beta, definition.units().at(j), expected);
        for (std::size_t k = 0; k < Unit::parameters; ++k)
          CHECK(std::fabs(expected[k] - law.statistics[k][j]) < 5e-6 * (1 + std::fabs(law.statistics[k][j])));
      }
    }
  });
}

// The mean of 40,000 draws is within 5.5 standard errors (false alarms: 4e-8 each), their variance
// within 8 %; fewer draws under a sanitizer, with limits that are as sure.
TEST_CASE("samples follow the law") {
  forEachLaw([]<class Unit>(const Case& c, const State& field, double beta) {
    const Definition<Unit> definition(c);
    const Law law = definition.law(field, beta);
    constexpr int draws = sanitized ? 4000 : 40000;
    const double varianceError = 0.08 * std::sqrt(40000.0 / draws);
    State sums(c.places, 0.0), squares(c.places, 0.0);
    for (int i = 0; i < draws; ++i) {
      RowWords words({7, Purpose::sample, 0, 3}, static_cast<std::uint32_t>(i));
      State states = before(c);
      updateRow<Unit, double>(definition.units(), field.data(), beta, Draw::sample, states.data(), words, nullptr, states.data());
      for (std::size_t j = 0; j < c.places; ++j) {
        sums[j] += states[j];
        squares[j] += states[j] * states[j];
      }
    }
    for (std::size_t j = 0; j < c.places; ++j) {
      const double mean = sums[j] / draws, variance = squares[j] / draws - mean * mean;
      CHECK(std::fabs(mean - law.mean[j]) < 5.5 * std::sqrt(law.variance[j] / draws) + 1e-7);
      if (law.variance[j] > 0.02) CHECK(variance == doctest::Approx(law.variance[j]).epsilon(varianceError));
    }
  });
}

TEST_CASE("combined parameters are those of the sum of two energies") {
  auto check = []<class Unit>() {
    for (const Case& c : casesOf<Unit>())
      for (const double weight : {0.0, 0.4, 3.0}) {
        CAPTURE(Unit::name);
        Case other = c, sum = c;
        for (std::size_t j = 0; j < c.places; ++j) {
          double p[Unit::parameters], q[Unit::parameters], out[Unit::parameters];
          for (std::size_t k = 0; k < Unit::parameters; ++k) {
            p[k] = c.parameters[k][j];
            q[k] = other.parameters[k][j] = 0.7 - 0.3 * static_cast<double>(k) - p[k] / 2;
          }
          Unit::combine(p, q, weight, out);
          for (std::size_t k = 0; k < Unit::parameters; ++k) sum.parameters[k][j] = out[k];
        }
        const std::vector<Weighted> support = supportOf<Unit>(c);
        for (std::size_t i = 0; i < support.size(); i += support.size() / 7 + 1) {
          const double wanted = Definition<Unit>(c).potential(support[i]) + weight * Definition<Unit>(other).potential(support[i]);
          CHECK(Definition<Unit>(sum).potential(support[i]) == doctest::Approx(wanted).epsilon(1e-12));
        }
      }
  };
  FOR_EACH_UNIT(check)
}

TEST_CASE("the statistics are minus the slopes of the energy") {
  forEachLaw([]<class Unit>(const Case& c, const State&, double) {
    const std::vector<Weighted> support = supportOf<Unit>(c);
    for (std::size_t i = 0; i < support.size(); i += support.size() / 5 + 1) {
      State statistics(Unit::parameters * c.places, 0.0);
      addStatistics<Unit, double>(Definition<Unit>(c).units(), support[i].s.data(), nullptr, 1, 0, c.places, c.places, statistics.data());
      for (std::size_t k = 0; k < Unit::parameters; ++k)
        for (std::size_t j = 0; j < c.places; ++j) {
          const double h = 1e-5;
          Case up = c, down = c;
          up.parameters[k][j] += h;
          down.parameters[k][j] -= h;
          const double slope = (energyRow<Unit>(Definition<Unit>(up).units(), support[i].s.data()) -
                                energyRow<Unit>(Definition<Unit>(down).units(), support[i].s.data())) /
                               (2 * h);
          CHECK(std::fabs(statistics[k * c.places + j] + slope) < 1e-5 * (1 + std::fabs(slope)));
        }
    }
  });
}

TEST_CASE("modes are the likeliest states") {
  forEachLaw([]<class Unit>(const Case& c, const State& field, double) {
    const Definition<Unit> definition(c);
    const State old = before(c);
    State mode(c.places);
    modeRow<Unit, double>(definition.units(), field.data(), old.data(), mode.data());
    constexpr bool measured = std::is_same_v<Unit, Binomial> || std::is_same_v<Unit, Counts>;
    auto score = [&](const Weighted& w) {
      double sum = -definition.potential(w);
      for (std::size_t j = 0; j < c.places; ++j) sum += field[j] * w.s[j];
      return sum + (measured ? std::log(w.weight) : 0);
    };
    double best = -INFINITY, found = measured ? -INFINITY : score({mode, 1});
    for (const Weighted& w : supportOf<Unit>(c)) {
      best = std::max(best, score(w));
      if (measured && w.s == mode) found = score(w);
    }
    CHECK(found > best - 1e-5);
  });
}

// Drawing n words one by one would take minutes here. The limits are 5.5 standard deviations; n p
// is exact in the sum.
TEST_CASE("millions of trials and words are drawn at once, with the right moments") {
  const double n = 1 << 24;
  for (const double p : {0.5, 0.3, 1e-6, 0.999, 1e-12, 0.0, 1.0}) {
    CAPTURE(p);
    double sum = 0;
    constexpr int draws = sanitized ? 4 : 40;
    for (int i = 0; i < draws; ++i) {
      RowWords words({11, Purpose::sample, 0, 1}, static_cast<std::uint32_t>(i));
      RowBits bits(words, 0);
      sum += static_cast<double>(successes(1 << 24, p, bits));
    }
    CHECK(std::fabs(sum - draws * n * p) <= 5.5 * std::sqrt(draws * n * p * (1 - p)) + (p < 1e-9 ? 1 : 0));
  }
  const State field{0.5, -1, 2, 0, -3}, bias(5, 0.0);
  const RowUnits<double> units{bias.data(), 5, 5, 5};
  State states{0, n, 0, 0, 0}, mean(5);
  RowWords words({11, Purpose::sample, 0, 2}, 0);
  updateRow<Counts, double>(units, field.data(), 1, Draw::sample, states.data(), words, mean.data(), states.data());
  CHECK(std::accumulate(states.begin(), states.end(), 0.0) == n);
  for (std::size_t k = 0; k < 5; ++k) CHECK(std::fabs(states[k] - mean[k]) < 5.5 * std::sqrt(mean[k] * (1 - mean[k] / n)));
}

// Far above 0 the survival function is 1 but for what rounding leaves, also for the largest words.
TEST_CASE("draws of a truncated normal far above its bound stay near its mean") {
  for (const double mean : {10.0, 1e3, 1e6, 1e9})
    for (const std::uint32_t word : {0u, 1u, 1u << 31, 0xffffff00u, 0xffffffffu}) {
      CAPTURE(mean);
      CAPTURE(word);
      CHECK(std::fabs(TruncatedNormal::of(mean, 1, 1).sample(word) - mean) < 7);
    }
}

}  // namespace
}  // namespace boltzkit::test
