#include "ratings/gaussian_model.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/progress.hpp"

namespace boltzkit::ratings {
namespace {

constexpr std::size_t itemsPerTile = 128;
// Users whose scores are computed together: each tile of items is read once for all of them.
constexpr std::size_t usersPerRound = 64;

double phi(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

}  // namespace

struct GaussianModel::Scratch {
  Scratch(std::size_t k, std::size_t stride)
      : block(gramBlock * stride), gram(stride * stride), sums(2 * stride), x(matrixStride(k)), prior(k) {}
  Aligned<float> block;
  Aligned<double> gram, sums, x;
  std::vector<double> prior;
  std::vector<float> centred, targets;
};

GaussianModel::Posterior::Posterior(std::size_t samples, std::size_t k, std::size_t stride)
    : latent(samples * stride), cholesky(samples * k * matrixStride(k)), bias(samples) {}

GaussianModel::GaussianModel(std::size_t items, std::size_t hidden, double centre, double scale, ValueScale values,
                             const GaussianKernels& kernels)
    : items_(items),
      hidden_(hidden),
      k_(hidden + 1),
      stride_(factorStride(hidden)),
      centre_(centre),
      scale_(scale),
      values_(std::move(values)),
      kernels_(kernels) {}

void GaussianModel::add(GaussianSample sample) {
  const auto check = [](const char* name, std::size_t got, std::size_t expected) {
    if (got != expected)
      throw shapeError("`" + std::string(name) + "` of a sample must have " + std::to_string(expected) + " numbers, got " +
                       std::to_string(got));
  };
  check("factors", sample.factors.size(), items_ * stride_);
  check("biases", sample.biases.size(), items_);
  check("mean", sample.mean.size(), k_);
  check("precision", sample.precision.size(), k_ * k_);
  if (!sample.weights.empty()) check("weights", sample.weights.size(), items_ * k_);
  samples_.push_back(std::move(sample));
}

void GaussianModel::prior(const GaussianSample& sample, const GivenEntries& user, Scratch& s) const {
  std::copy(sample.mean.begin(), sample.mean.end(), s.prior.begin());
  if (sample.weights.empty() || user.items.empty()) return;
  std::vector<float> sum(k_, 0.0f);
  for (const std::uint32_t item : user.items) {
    const float* weights = sample.weights.data() + item * k_;
    for (std::size_t c = 0; c < k_; ++c) sum[c] += weights[c];
  }
  const double share = 1 / std::sqrt(static_cast<double>(user.items.size()));
  for (std::size_t c = 0; c < k_; ++c) s.prior[c] += share * sum[c];
}

void GaussianModel::foldIn(const GivenEntries& user, Scratch& s, Posterior& posterior) const {
  const std::size_t n = user.items.size(), wide = matrixStride(k_), d = hidden_;
  s.centred.resize(n);
  s.targets.resize(n);
  for (std::size_t e = 0; e < n; ++e) s.centred[e] = static_cast<float>((user.values[e] - centre_) / scale_);
  for (std::size_t number = 0; number < samples_.size(); ++number) {
    const GaussianSample& sample = samples_[number];
    double targetSum = 0;
    for (std::size_t e = 0; e < n; ++e) {
      s.targets[e] = s.centred[e] - sample.biases[user.items[e]];
      targetSum += s.targets[e];
    }
    kernels_.gram(sample.factors.data(), stride_, user.items.data(), s.targets.data(), n, s.block.get(), s.gram.get(), s.sums.get());
    prior(sample, user, s);
    double* matrix = posterior.cholesky.get() + number * k_ * wide;
    for (std::size_t i = 0; i < k_; ++i) {
      const double* precision = sample.precision.data() + i * k_;
      double sum = 0;
      for (std::size_t j = 0; j < k_; ++j) sum += precision[j] * s.prior[j];
      double* row = matrix + i * wide;
      for (std::size_t j = i; j < d; ++j) row[j] = precision[j] + sample.noise * s.gram[i * stride_ + j];
      row[d] = precision[d] + sample.noise * (i < d ? s.sums[stride_ + i] : static_cast<double>(n));
      s.x[i] = sum + sample.noise * (i < d ? s.sums[i] : targetSum);
    }
    if (!kernels_.cholesky(matrix, k_)) throw Error(ErrorCode::divergence, "a user's precision matrix is not positive definite");
    kernels_.solveLower(matrix, k_, s.x.get());
    kernels_.solveUpper(matrix, k_, s.x.get());
    for (std::size_t c = 0; c < d; ++c) posterior.latent[number * stride_ + c] = static_cast<float>(s.x[c]);
    posterior.bias[number] = s.x[d];
  }
}

void GaussianModel::meanScores(const std::vector<Posterior>& users, std::size_t first, std::size_t last, float* out) const {
  const float share = static_cast<float>(scale_ / static_cast<double>(samples_.size()));
  for (std::size_t u = 0; u < users.size(); ++u) {
    float* scores = out + u * items_;
    double bias = 0;
    for (const double each : users[u].bias) bias += each;
    std::fill(scores + first, scores + last, static_cast<float>(bias));
  }
  for (std::size_t number = 0; number < samples_.size(); ++number) {
    const GaussianSample& sample = samples_[number];
    for (std::size_t u = 0; u < users.size(); ++u) {
      float* scores = out + u * items_;
      for (std::size_t i = first; i < last; ++i) scores[i] += sample.biases[i];
      kernels_.products(sample.factors.data() + first * stride_, stride_, last - first, users[u].latent.get() + number * stride_,
                        scores + first);
    }
  }
  const float centre = static_cast<float>(centre_);
  for (std::size_t u = 0; u < users.size(); ++u)
    for (std::size_t i = first; i < last; ++i) out[u * items_ + i] = centre + share * out[u * items_ + i];
}

GaussianModel::Moments GaussianModel::moments(const Posterior& user, std::size_t number, std::size_t item, double* room) const {
  const GaussianSample& sample = samples_[number];
  const float* factors = sample.factors.data() + item * stride_;
  const float* latent = user.latent.get() + number * stride_;
  double mean = user.bias[number] + sample.biases[item];
  for (std::size_t c = 0; c < hidden_; ++c) {
    mean += static_cast<double>(factors[c]) * latent[c];
    room[c] = factors[c];
  }
  room[hidden_] = 1;
  kernels_.solveLower(user.cholesky.get() + number * k_ * matrixStride(k_), k_, room);
  double variance = 0;
  for (std::size_t c = 0; c < k_; ++c) variance += room[c] * room[c];
  return {mean, variance};
}

void GaussianModel::chances(const std::vector<Posterior>& users, std::size_t first, std::size_t last, double atLeast, float* out) const {
  // The cut below the lowest value that is at least so much.
  const std::size_t place = std::lower_bound(values_.values.begin(), values_.values.end(), atLeast) - values_.values.begin();
  const Aligned<double> room(matrixStride(k_));
  for (std::size_t u = 0; u < users.size(); ++u)
    for (std::size_t i = first; i < last; ++i) {
      double chance = 0;
      if (place == 0) chance = static_cast<double>(samples_.size());
      for (std::size_t number = 0; place > 0 && place < values_.values.size() && number < samples_.size(); ++number) {
        const Moments m = moments(users[u], number, i, room.get());
        chance += phi((m.mean - values_.cuts[place - 1]) / std::sqrt(m.variance + values_.spread * values_.spread));
      }
      out[u * items_ + i] = static_cast<float>(chance / static_cast<double>(samples_.size()));
    }
}

void GaussianModel::scores(std::span<const GivenEntries> users, const double* atLeast, ThreadTeam& team, std::span<float> out) const {
  std::vector<std::unique_ptr<Scratch>> scratch;
  for (unsigned t = 0; t < team.threads(); ++t) scratch.push_back(std::make_unique<Scratch>(k_, stride_));
  for (std::size_t first = 0; first < users.size(); first += usersPerRound) {
    const std::size_t count = std::min(usersPerRound, users.size() - first);
    std::vector<Posterior> found;
    for (std::size_t u = 0; u < count; ++u) found.emplace_back(samples_.size(), k_, stride_);
    team.parallelFor(count, [&](std::size_t u, unsigned thread) { foldIn(users[first + u], *scratch[thread], found[u]); });
    Interruptible::poll();
    float* rows = out.data() + first * items_;
    team.parallelFor((items_ + itemsPerTile - 1) / itemsPerTile, [&](std::size_t tile, unsigned) {
      const std::size_t begin = tile * itemsPerTile, end = std::min(items_, begin + itemsPerTile);
      if (atLeast)
        chances(found, begin, end, *atLeast, rows);
      else
        meanScores(found, begin, end, rows);
    });
    Interruptible::poll();
    Progress::report(static_cast<double>(first + count), static_cast<double>(users.size()));
  }
}

void GaussianModel::similar(std::size_t item, std::span<float> out) const {
  std::fill(out.begin(), out.end(), 0.0f);
  const Aligned<float> vector(stride_), zero(stride_);
  for (const GaussianSample& sample : samples_) {
    const auto length = [&](std::size_t i) {
      double squares = 0;
      for (std::size_t c = 0; c < hidden_; ++c)
        squares += static_cast<double>(sample.factors[i * stride_ + c]) * sample.factors[i * stride_ + c];
      return std::sqrt(std::max(squares, 1e-30));
    };
    std::copy_n(sample.factors.data() + item * stride_, stride_, vector.get());
    std::vector<float> products(items_, 0.0f);
    kernels_.products(sample.factors.data(), stride_, items_, vector.get(), products.data());
    const double own = length(item) * static_cast<double>(samples_.size());
    for (std::size_t i = 0; i < items_; ++i) out[i] += static_cast<float>(products[i] / (length(i) * own));
  }
}

// The mean of the user's vector is P^-1 (Lambda (mu + D'c) + alpha sum_e a_e (v_e - b_e)), a sum over
// entries; so is its product with (w_i, 1).
void GaussianModel::contributions(const GivenEntries& user, std::size_t item, std::span<double> out) const {
  Scratch scratch(k_, stride_);
  Posterior posterior(samples_.size(), k_, stride_);
  foldIn(user, scratch, posterior);
  std::fill(out.begin(), out.end(), 0.0);
  const Aligned<double> direction(matrixStride(k_));  // P^-1 (w_i, 1)
  std::vector<double> pulled(k_);                     // Lambda P^-1 (w_i, 1)
  const double share = 1 / std::sqrt(static_cast<double>(std::max<std::size_t>(user.items.size(), 1)));
  for (std::size_t number = 0; number < samples_.size(); ++number) {
    const GaussianSample& sample = samples_[number];
    const double* u = posterior.cholesky.get() + number * k_ * matrixStride(k_);
    for (std::size_t c = 0; c < hidden_; ++c) direction[c] = sample.factors[item * stride_ + c];
    direction[hidden_] = 1;
    kernels_.solveLower(u, k_, direction.get());
    kernels_.solveUpper(u, k_, direction.get());
    for (std::size_t i = 0; i < k_; ++i) {
      pulled[i] = 0;
      for (std::size_t j = 0; j < k_; ++j) pulled[i] += sample.precision[i * k_ + j] * direction[j];
    }
    for (std::size_t e = 0; e < user.items.size(); ++e) {
      const std::size_t rated = user.items[e];
      double along = direction[hidden_], conditional = 0;
      for (std::size_t c = 0; c < hidden_; ++c) along += direction[c] * sample.factors[rated * stride_ + c];
      if (!sample.weights.empty())
        for (std::size_t c = 0; c < k_; ++c) conditional += pulled[c] * sample.weights[rated * k_ + c];
      const double value = (user.values[e] - centre_) / scale_ - sample.biases[rated];
      out[e] += scale_ * (sample.noise * along * value + share * conditional) / static_cast<double>(samples_.size());
    }
  }
}

std::vector<RatingPrediction> GaussianModel::predict(const GivenEntries& user, std::span<const std::uint32_t> items) const {
  Scratch scratch(k_, stride_);
  Posterior posterior(samples_.size(), k_, stride_);
  foldIn(user, scratch, posterior);
  const Aligned<double> room(matrixStride(k_));
  const double count = static_cast<double>(samples_.size());
  std::vector<RatingPrediction> predictions;
  for (const std::uint32_t item : items) {
    RatingPrediction p;
    p.probabilities.assign(values_.values.size(), 0.0);
    double squares = 0, within = 0;
    for (std::size_t number = 0; number < samples_.size(); ++number) {
      const Moments m = moments(posterior, number, item, room.get());
      p.mean += m.mean / count;
      squares += m.mean * m.mean / count;
      within += (m.variance + 1 / samples_[number].noise) / count;
      const double spread = std::sqrt(m.variance + values_.spread * values_.spread);
      double below = 0;
      for (std::size_t v = 0; v < p.probabilities.size(); ++v) {
        const double upTo = v + 1 < p.probabilities.size() ? phi((values_.cuts[v] - m.mean) / spread) : 1;
        p.probabilities[v] += (upTo - below) / count;
        below = upTo;
      }
    }
    p.variance = scale_ * scale_ * (within + std::max(0.0, squares - p.mean * p.mean));
    p.mean = centre_ + scale_ * p.mean;
    predictions.push_back(std::move(p));
  }
  return predictions;
}

}  // namespace boltzkit::ratings
