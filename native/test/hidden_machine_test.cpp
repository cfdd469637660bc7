// Training of hidden units against the same steps in plain loops and doubles; users drawn by the same
// random words.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.hpp"
#include "fixtures.hpp"
#include "ratings/hidden_machine.hpp"

namespace boltzkit::test {
namespace {

using ratings::HiddenOptions;
using ratings::HiddenParameters;
using ratings::HiddenTrainer;
using ratings::RatedEntries;

constexpr std::size_t users = 23, items = 37, units = 5;

struct Data {
  RatedEntries entries{users, items};
  std::vector<std::vector<float>> couplings;  // of two folds
  std::vector<std::uint8_t> fold;

  Data() {
    Dice dice(7);
    std::vector<std::uint32_t> user, item;
    for (std::uint32_t u = 0; u < users; ++u) {
      fold.push_back(static_cast<std::uint8_t>(u % 5 == 4 ? 200 : u % 2));  // some users are left out
      for (std::uint32_t i = 0; i < items; ++i)
        if (dice.uniform() < (u == 3 ? 0.0 : 0.3)) {
          user.push_back(u);
          item.push_back(i);
        }
    }
    entries.append(user, item, {});
    entries.finish();
    for (std::uint64_t f = 0; f < 2; ++f) {
      const Values values = randomValues(items * items, 20 + f, Kind::signedReal);
      couplings.emplace_back(values.begin(), values.end());
      for (float& value : couplings.back()) value *= 0.1f;
    }
  }
};

HiddenOptions optionsOf() {
  HiddenOptions options;
  options.units = units;
  options.batch = 64;
  options.learningRate = 0.01f;
  options.l2 = 0.02f;
  options.dropout = 0.3f;
  options.weight = 0.5f;
  options.biases = true;
  options.seed = 11;
  return options;
}

// Parameters one after the other: W, c, V, b, s.
class Oracle {
 public:
  Oracle(const Data& data, const HiddenOptions& options, const HiddenParameters& start) : data_(data), options_(options) {
    for (const std::vector<float>* part : {&start.in, &start.inBias, &start.out, &start.outBias})
      p_.insert(p_.end(), part->begin(), part->end());
    p_.push_back(start.strength);
    m_.assign(p_.size(), 0);
    v_.assign(p_.size(), 0);
  }

  double& w(std::size_t i, std::size_t f) { return p_[i * units + f]; }
  double& c(std::size_t f) { return p_[items * units + f]; }
  double& v(std::size_t f, std::size_t j) { return p_[(items + 1) * units + f * items + j]; }
  double& b(std::size_t j) { return p_[(items + 1) * units + units * items + j]; }
  double& s() { return p_.back(); }
  const Values& parameters() const { return p_; }

  double epoch(std::uint64_t e) {
    Values gradient(p_.size(), 0);
    std::vector<Case> cases;
    double total = 0, loss = 0;
    for (std::uint32_t u = 0; u < users; ++u)
      if (data_.fold[u] < 2 && data_.entries.byUser().size(u) >= 2) cases.push_back(drawn(u, e));
    for (const Case& one : cases) total += std::sqrt(static_cast<double>(one.targets.size()));
    for (const Case& one : cases) loss += add(one, std::sqrt(static_cast<double>(one.targets.size())) / total, gradient);
    step(gradient, e + 1);
    return loss;
  }

 private:
  struct Case {
    std::uint32_t user;
    std::vector<std::uint32_t> input, seen, targets;
  };

  Case drawn(std::uint32_t u, std::uint64_t e) const {
    Case one{u, {}, {}, {}};
    const auto row = data_.entries.byUser().row(u);
    const Stream stream{options_.seed, Purpose::positive, 0, e};
    const float share = options_.leastKept + (options_.mostKept - options_.leastKept) * uniform<float>(streamWords(stream, u, 0).w[0]);
    for (std::size_t k = 0; k < row.size(); ++k) {
      const Words4 words = streamWords(stream, u, static_cast<std::uint32_t>(k + 1));
      bool kept = uniform<float>(words.w[0]) < share;
      if (k + 1 == row.size() && one.targets.empty()) kept = false;
      if (k + 1 == row.size() && one.input.empty()) kept = true;
      (kept ? one.input : one.targets).push_back(row.columns[k]);
      if (kept && uniform<float>(words.w[1]) >= options_.dropout) one.seen.push_back(row.columns[k]);
    }
    return one;
  }

  // Adds the gradient of weight * (-log-likelihood per target) and returns that.
  double add(const Case& one, double weight, Values& gradient) {
    const double scale = 1 / std::sqrt(static_cast<double>(one.input.size())) / (1 - static_cast<double>(options_.dropout));
    Values h(units), logs(items), z(items), d(items, 0);
    for (std::size_t f = 0; f < units; ++f) {
      double field = c(f);
      for (const std::uint32_t i : one.seen) field += scale * w(i, f);
      h[f] = std::tanh(field);
    }
    double sum = 0;
    std::vector<bool> isInput(items, false);
    for (const std::uint32_t i : one.input) isInput[i] = true;
    for (std::size_t j = 0; j < items; ++j) {
      double score = 0;
      for (const std::uint32_t i : one.input) score += static_cast<double>(data_.couplings[data_.fold[one.user]][i * items + j]);
      logs[j] = std::log(std::max(score, 0.0) + static_cast<double>(options_.floor));
      z[j] = s() * logs[j] + b(j);
      for (std::size_t f = 0; f < units; ++f) z[j] += v(f, j) * h[f];
      if (!isInput[j]) sum += std::exp(z[j]);
    }
    const double count = static_cast<double>(one.targets.size());
    double loss = std::log(sum);
    for (std::size_t j = 0; j < items; ++j) d[j] = isInput[j] ? 0 : weight * std::exp(z[j]) / sum;
    for (const std::uint32_t j : one.targets) {
      loss -= z[j] / count;
      d[j] -= weight / count;
    }
    const std::size_t cAt = items * units, vAt = cAt + units, bAt = vAt + units * items;
    for (std::size_t j = 0; j < items; ++j) {
      gradient[bAt + j] += d[j];
      gradient.back() += d[j] * logs[j];
    }
    for (std::size_t f = 0; f < units; ++f) {
      double slope = 0;
      for (std::size_t j = 0; j < items; ++j) {
        slope += d[j] * v(f, j);
        gradient[vAt + f * items + j] += d[j] * h[f];
      }
      slope *= 1 - h[f] * h[f];
      gradient[cAt + f] += slope;
      for (const std::uint32_t i : one.seen) gradient[i * units + f] += scale * slope;
    }
    return weight * loss;
  }

  void step(const Values& gradient, std::uint64_t t) {
    const std::size_t cAt = items * units, vAt = cAt + units, bAt = vAt + units * items;
    for (std::size_t k = 0; k < p_.size(); ++k) {
      const bool isC = k >= cAt && k < vAt, isB = k >= bAt && k + 1 < p_.size(), isS = k + 1 == p_.size();
      const double g = gradient[k] + (isC || isS ? 0 : static_cast<double>(options_.l2)) * p_[k];
      m_[k] += 0.1 * (g - m_[k]);
      v_[k] += 0.001 * (g * g - v_[k]);
      const double rate = static_cast<double>(options_.learningRate) * (isS ? 10 : isB ? 0.2 : 1);
      const double n = static_cast<double>(t);
      p_[k] -= rate * m_[k] / (1 - std::pow(0.9, n)) / (std::sqrt(v_[k] / (1 - std::pow(0.999, n))) + 1e-8);
    }
  }

  const Data& data_;
  const HiddenOptions options_;
  Values p_, m_, v_;
};

TEST_CASE("hidden units are trained as plain loops train them") {
  const Data data;
  const HiddenOptions options = optionsOf();
  const std::vector<std::span<const float>> couplings(data.couplings.begin(), data.couplings.end());
  for (const ratings::MatrixKernels* kernels : ratings::availableMatrixKernels()) {
    CAPTURE(kernels->isa);
    HiddenTrainer trainer(data.entries, couplings, data.fold, options, *kernels);
    Oracle oracle(data, options, trainer.parameters());
    ThreadTeam team(3);
    for (std::uint64_t e = 0; e < 12; ++e) {
      const double loss = trainer.epoch(team);
      CHECK(loss == doctest::Approx(oracle.epoch(e)).epsilon(1e-4));
    }
    const HiddenParameters& now = trainer.parameters();
    std::vector<float> all;
    for (const std::vector<float>* part : {&now.in, &now.inBias, &now.out, &now.outBias}) all.insert(all.end(), part->begin(), part->end());
    all.push_back(now.strength);
    double worst = 0;
    for (std::size_t k = 0; k < all.size(); ++k) worst = std::max(worst, std::fabs(static_cast<double>(all[k]) - oracle.parameters()[k]));
    CHECK(worst < 2e-3);
  }
}

}  // namespace
}  // namespace boltzkit::test
