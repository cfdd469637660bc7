#include "ratings/gaussian_model.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/progress.hpp"
#include "ratings/gaussian_latent.hpp"

namespace boltzkit::ratings {
namespace {

// An item is some kilobytes: a tile stays in the first or second level cache.
constexpr std::size_t itemsPerTile = 16;
// Users whose scores are computed together: each tile of items is read once for all of them.
constexpr std::size_t usersPerRound = 64;

// Rounds of an ordinal fold-in. Each leaves about a sixth of the error: the share of what a rating
// says that its latent value would have said in addition.
constexpr int ordinalRounds = 6;

}  // namespace

struct GaussianModel::Scratch {
  Scratch(std::size_t k, std::size_t stride)
      : block(gramBlock * stride), rowSums(stride), gram(stride * stride), sums(2 * stride), x(matrixStride(k)), prior(k), pulled(k) {}
  Aligned<float> block, rowSums;
  Aligned<double> gram, sums, x;
  std::vector<double> prior, pulled;  // m and Lambda m
  std::vector<float> centred, targets;
};

GaussianModel::Posterior::Posterior(std::size_t capacity, std::size_t k, std::size_t stride, bool covariances)
    : latent(capacity * stride),
      cholesky((covariances ? capacity : 1) * k * matrixStride(k)),
      bias(capacity),
      covariances(covariances),
      matrix(k * matrixStride(k)) {}

struct GaussianModel::Room {
  Room(std::size_t capacity, std::size_t k, std::size_t stride)
      : scratch(k, stride), posterior(capacity, k, stride, true), vector(matrixStride(k)) {}
  Scratch scratch;
  Posterior posterior;
  Aligned<double> vector;
};

struct GaussianModel::Rooms {
  std::mutex mutex;
  std::vector<std::unique_ptr<Room>> free;
};

std::shared_ptr<GaussianModel::Room> GaussianModel::room() const {
  std::unique_ptr<Room> own;
  {
    const std::lock_guard lock(rooms_->mutex);
    if (!rooms_->free.empty()) {
      own = std::move(rooms_->free.back());
      rooms_->free.pop_back();
    }
  }
  if (!own) own = std::make_unique<Room>(capacity_, k_, stride_);
  return {own.release(), [rooms = rooms_](Room* room) {
            std::unique_ptr<Room> back(room);
            const std::lock_guard lock(rooms->mutex);
            rooms->free.push_back(std::move(back));
          }};
}

GaussianModel::GaussianModel(std::size_t items, std::size_t hidden, std::size_t capacity, bool conditional, double centre, double scale,
                             const GaussianKernels& kernels)
    : items_(items),
      hidden_(hidden),
      k_(hidden + 1),
      stride_(factorStride(hidden)),
      capacity_(capacity),
      conditional_(conditional),
      centre_(centre),
      scale_(scale),
      kernels_(kernels),
      rooms_(std::make_shared<Rooms>()),
      factors_(items * capacity * stride_),
      weights_(conditional ? items * capacity * stride_ : 0),
      biases_(items * capacity, 0.0f),
      weightBiases_(conditional ? items * capacity : 0, 0.0f),
      biasSums_(items, 0.0f) {}

void GaussianModel::add(const GaussianSample& sample) {
  const auto check = [](const char* name, std::size_t got, std::size_t expected) {
    if (got != expected)
      throw shapeError("`" + std::string(name) + "` of a sample must have " + std::to_string(expected) + " numbers, got " +
                       std::to_string(got));
  };
  check("factors", sample.factors.size(), items_ * stride_);
  check("biases", sample.biases.size(), items_);
  check("mean", sample.mean.size(), k_);
  check("precision", sample.precision.size(), k_ * k_);
  check("weights", sample.weights.size(), conditional_ ? items_ * k_ : 0);
  const std::size_t number = hyper_.size();
  if (number == capacity_) throw shapeError("the model has room for " + std::to_string(capacity_) + " samples");
  for (std::size_t i = 0; i < items_; ++i) {
    const std::size_t place = i * capacity_ + number;
    std::copy_n(sample.factors.data() + i * stride_, stride_, factors_.get() + place * stride_);
    biases_[place] = sample.biases[i];
    biasSums_[i] += sample.biases[i];
    if (!conditional_) continue;
    std::copy_n(sample.weights.data() + i * k_, hidden_, weights_.get() + place * stride_);
    weightBiases_[place] = sample.weights[i * k_ + hidden_];
  }
  hyper_.push_back({sample.mean, sample.precision, sample.noise});
}

GaussianSample GaussianModel::sample(std::size_t number) const {
  const Hyper& hyper = hyper_[number];
  GaussianSample copy{std::vector<float>(items_ * stride_),
                      std::vector<float>(items_),
                      hyper.mean,
                      hyper.precision,
                      std::vector<float>(conditional_ ? items_ * k_ : 0),
                      hyper.noise};
  for (std::size_t i = 0; i < items_; ++i) {
    const std::size_t place = i * capacity_ + number;
    std::copy_n(factors(i, number), stride_, copy.factors.data() + i * stride_);
    copy.biases[i] = biases_[place];
    if (!conditional_) continue;
    std::copy_n(weights_.get() + place * stride_, hidden_, copy.weights.data() + i * k_);
    copy.weights[i * k_ + hidden_] = weightBiases_[place];
  }
  return copy;
}

void GaussianModel::prior(std::size_t number, const GivenEntries& user, Scratch& s) const {
  std::copy(hyper_[number].mean.begin(), hyper_[number].mean.end(), s.prior.begin());
  const std::size_t n = user.items.size();
  if (!conditional_ || n == 0) return;
  kernels_.rowSums(weights_.get() + number * stride_, capacity_ * stride_, stride_, user.items.data(), n, s.rowSums.get());
  float bias = 0;
  for (const std::uint32_t item : user.items) bias += weightBiases_[item * capacity_ + number];
  const double share = 1 / std::sqrt(static_cast<double>(n));
  for (std::size_t c = 0; c < hidden_; ++c) s.prior[c] += share * s.rowSums[c];
  s.prior[hidden_] += share * bias;
}

void GaussianModel::foldIn(const GivenEntries& user, Posterior& posterior) const { foldIn(user, room()->scratch, posterior); }

void GaussianModel::foldIn(const GivenEntries& user, Scratch& s, Posterior& posterior) const {
  const std::size_t n = user.items.size(), wide = matrixStride(k_), d = hidden_;
  s.centred.resize(n);
  s.targets.resize(n);
  for (std::size_t e = 0; e < n; ++e) s.centred[e] = static_cast<float>((user.values[e] - centre_) / scale_);
  for (std::size_t number = 0; number < samples(); ++number) {
    const Hyper& sample = hyper_[number];
    double targetSum = 0;
    for (std::size_t e = 0; e < n; ++e) {
      s.targets[e] = s.centred[e] - bias(user.items[e], number);
      targetSum += s.targets[e];
    }
    kernels_.gram(factors_.get() + number * stride_, capacity_ * stride_, stride_, user.items.data(), s.targets.data(), n, s.block.get(),
                  s.gram.get(), s.sums.get());
    prior(number, user, s);
    double* matrix = posterior.choleskyOf(number);
    for (std::size_t i = 0; i < k_; ++i) {
      const double* precision = sample.precision.data() + i * k_;
      double sum = 0;
      for (std::size_t j = 0; j < k_; ++j) sum += precision[j] * s.prior[j];
      double* row = matrix + i * wide;
      for (std::size_t j = i; j < d; ++j) row[j] = precision[j] + sample.noise * s.gram[i * stride_ + j];
      row[d] = precision[d] + sample.noise * (i < d ? s.sums[stride_ + i] : static_cast<double>(n));
      s.pulled[i] = sum;
      s.x[i] = sum + sample.noise * (i < d ? s.sums[i] : targetSum);
    }
    if (!kernels_.cholesky(matrix, k_)) throw Error(ErrorCode::divergence, "a user's precision matrix is not positive definite");
    kernels_.solveLower(matrix, k_, s.x.get());
    kernels_.solveUpper(matrix, k_, s.x.get());
    if (ordinal_) foldInOrdinal(user, number, s, matrix);
    for (std::size_t c = 0; c < d; ++c) posterior.latent[number * stride_ + c] = static_cast<float>(s.x[c]);
    posterior.bias[number] = s.x[d];
  }
}

// The mode of the user's vector by expectation and maximisation: E[latent value | x, rating], then x
// given these.
void GaussianModel::foldInOrdinal(const GivenEntries& user, std::size_t number, Scratch& s, double* cholesky) const {
  const CutScale cuts{values_.values, values_.cuts, hyper_[number].noise};
  const double noise = cuts.noise, root = std::sqrt(noise);
  for (int round = 0; round < ordinalRounds && !user.items.empty(); ++round) {
    std::vector<double> next(s.pulled);
    for (std::size_t e = 0; e < user.items.size(); ++e) {
      const float* row = factors(user.items[e], number);
      double own = s.x[hidden_];
      for (std::size_t c = 0; c < hidden_; ++c) own += s.x[c] * row[c];
      const double from = own + bias(user.items[e], number);
      const std::size_t j = cuts.place(user.values[e]);
      const double target = own + truncatedMean((cuts.low(j) - from) * root, (cuts.high(j) - from) * root) / root;
      for (std::size_t c = 0; c < hidden_; ++c) next[c] += noise * target * row[c];
      next[hidden_] += noise * target;
    }
    std::copy(next.begin(), next.end(), s.x.get());
    kernels_.solveLower(cholesky, k_, s.x.get());
    kernels_.solveUpper(cholesky, k_, s.x.get());
  }
}

void GaussianModel::meanScores(std::span<const Posterior> users, std::size_t first, std::size_t last, float* out) const {
  std::vector<const float*> states;
  std::vector<float*> rows;
  for (std::size_t u = 0; u < users.size(); ++u) {
    states.push_back(users[u].latent.get());
    rows.push_back(out + u * items_ + first);
  }
  kernels_.products(factors(first, 0), capacity_ * stride_, last - first, states.data(), users.size(), rows.data());
  const double share = scale_ / static_cast<double>(samples());
  for (std::size_t u = 0; u < users.size(); ++u) {
    double bias = 0;
    for (const double each : users[u].bias) bias += each;
    const float offset = static_cast<float>(centre_ + share * bias), factor = static_cast<float>(share);
    for (std::size_t i = first; i < last; ++i) rows[u][i - first] = offset + factor * (biasSums_[i] + rows[u][i - first]);
  }
}

GaussianModel::Moments GaussianModel::moments(const Posterior& user, std::size_t number, std::size_t item, double* room) const {
  const float* row = factors(item, number);
  const float* latent = user.latent.get() + number * stride_;
  double mean = user.bias[number] + bias(item, number);
  for (std::size_t c = 0; c < hidden_; ++c) {
    mean += static_cast<double>(row[c]) * latent[c];
    room[c] = row[c];
  }
  room[hidden_] = 1;
  kernels_.solveLower(user.choleskyOf(number), k_, room);
  double variance = 0;
  for (std::size_t c = 0; c < k_; ++c) variance += room[c] * room[c];
  return {mean, variance};
}

void GaussianModel::chances(std::span<const Posterior> users, std::size_t first, std::size_t last, const double* atLeast,
                            float* out) const {
  // What each cut adds where the latent value lies above it; `base` has what no cut decides.
  const std::size_t v = values_.values.size();
  std::vector<double> steps(v - 1, 0.0);
  double base = values_.values.front();
  for (std::size_t j = 0; j + 1 < v; ++j) steps[j] = values_.values[j + 1] - values_.values[j];
  if (atLeast) {
    const std::size_t place = std::lower_bound(values_.values.begin(), values_.values.end(), *atLeast) - values_.values.begin();
    base = place == 0 ? 1 : 0;
    for (std::size_t j = 0; j + 1 < v; ++j) steps[j] = j + 1 == place ? 1 : 0;
  }
  const Aligned<double> room(matrixStride(k_));
  for (std::size_t u = 0; u < users.size(); ++u)
    for (std::size_t i = first; i < last; ++i) {
      double score = 0;
      for (std::size_t number = 0; number < samples(); ++number) {
        const Moments m = moments(users[u], number, i, room.get());
        const double spread = std::sqrt(m.variance + values_.spread * values_.spread);
        for (std::size_t j = 0; j + 1 < v; ++j)
          if (steps[j] != 0) score += steps[j] * normalBelow((m.mean - values_.cuts[j]) / spread);
      }
      out[u * items_ + i] = static_cast<float>(base + score / static_cast<double>(samples()));
    }
}

void GaussianModel::scores(std::span<const GivenEntries> users, const double* atLeast, ThreadTeam& team, std::span<float> out) const {
  std::vector<std::unique_ptr<Scratch>> scratch;
  for (unsigned t = 0; t < team.threads(); ++t) scratch.push_back(std::make_unique<Scratch>(k_, stride_));
  std::vector<Posterior> found;
  for (std::size_t u = 0; u < std::min(usersPerRound, users.size()); ++u) found.emplace_back(capacity_, k_, stride_, atLeast || ordinal_);
  for (std::size_t first = 0; first < users.size(); first += usersPerRound) {
    const std::size_t count = std::min(usersPerRound, users.size() - first);
    team.parallelFor(count, [&](std::size_t u, unsigned thread) { foldIn(users[first + u], *scratch[thread], found[u]); });
    Interruptible::poll();
    float* rows = out.data() + first * items_;
    team.parallelFor((items_ + itemsPerTile - 1) / itemsPerTile, [&](std::size_t tile, unsigned) {
      const std::size_t begin = tile * itemsPerTile, end = std::min(items_, begin + itemsPerTile);
      if (atLeast || ordinal_)
        chances({found.data(), count}, begin, end, atLeast, rows);
      else
        meanScores({found.data(), count}, begin, end, rows);
    });
    Interruptible::poll();
    Progress::report(static_cast<double>(first + count), static_cast<double>(users.size()));
  }
}

void GaussianModel::similar(std::size_t item, std::span<float> out) const {
  for (std::size_t i = 0; i < items_; ++i) {
    double cosine = 0;
    for (std::size_t number = 0; number < samples(); ++number) {
      const float *a = factors(item, number), *b = factors(i, number);
      double product = 0, own = 0, other = 0;
      for (std::size_t c = 0; c < hidden_; ++c) {
        product += static_cast<double>(a[c]) * b[c];
        own += static_cast<double>(a[c]) * a[c];
        other += static_cast<double>(b[c]) * b[c];
      }
      cosine += product / std::sqrt(std::max(own * other, 1e-60));
    }
    out[i] = static_cast<float>(cosine / static_cast<double>(samples()));
  }
}

// The mean of the user's vector is P^-1 (Lambda (mu + D'c) + alpha sum_e a_e (v_e - b_e)), a sum over
// entries; so is its product with (w_i, 1).
void GaussianModel::contributions(const GivenEntries& user, std::size_t item, std::span<double> out) const {
  const std::shared_ptr<Room> own = room();
  const Posterior& posterior = own->posterior;
  foldIn(user, own->scratch, own->posterior);
  std::fill(out.begin(), out.end(), 0.0);
  const Aligned<double>& direction = own->vector;  // P^-1 (w_i, 1)
  std::vector<double> pulled(k_);                  // Lambda P^-1 (w_i, 1)
  const double share = 1 / std::sqrt(static_cast<double>(std::max<std::size_t>(user.items.size(), 1)));
  for (std::size_t number = 0; number < samples(); ++number) {
    const Hyper& sample = hyper_[number];
    const double* u = posterior.choleskyOf(number);
    for (std::size_t c = 0; c < hidden_; ++c) direction[c] = factors(item, number)[c];
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
      for (std::size_t c = 0; c < hidden_; ++c) along += direction[c] * factors(rated, number)[c];
      if (conditional_) {
        const std::size_t place = rated * capacity_ + number;
        conditional = pulled[hidden_] * weightBiases_[place];
        for (std::size_t c = 0; c < hidden_; ++c) conditional += pulled[c] * weights_[place * stride_ + c];
      }
      const double value = (user.values[e] - centre_) / scale_ - bias(rated, number);
      out[e] += scale_ * (sample.noise * along * value + share * conditional) / static_cast<double>(samples());
    }
  }
}

std::vector<RatingPrediction> GaussianModel::predict(const GivenEntries& user, std::span<const std::uint32_t> items) const {
  const std::shared_ptr<Room> own = room();
  const Posterior& posterior = own->posterior;
  foldIn(user, own->scratch, own->posterior);
  const double count = static_cast<double>(samples());
  std::vector<RatingPrediction> predictions;
  for (const std::uint32_t item : items) {
    RatingPrediction p;
    p.probabilities.assign(values_.values.size(), 0.0);
    double squares = 0, within = 0;
    for (std::size_t number = 0; number < samples(); ++number) {
      const Moments m = moments(posterior, number, item, own->vector.get());
      p.mean += m.mean / count;
      squares += m.mean * m.mean / count;
      within += (m.variance + 1 / hyper_[number].noise) / count;
      const double spread = std::sqrt(m.variance + values_.spread * values_.spread);
      double below = 0;
      for (std::size_t v = 0; v < p.probabilities.size(); ++v) {
        const double upTo = v + 1 < p.probabilities.size() ? normalBelow((values_.cuts[v] - m.mean) / spread) : 1;
        p.probabilities[v] += (upTo - below) / count;
        below = upTo;
      }
    }
    if (ordinal_) {
      p.mean = 0;
      for (std::size_t v = 0; v < p.probabilities.size(); ++v) p.mean += p.probabilities[v] * values_.values[v];
      for (std::size_t v = 0; v < p.probabilities.size(); ++v)
        p.variance += p.probabilities[v] * (values_.values[v] - p.mean) * (values_.values[v] - p.mean);
      predictions.push_back(std::move(p));
      continue;
    }
    p.variance = scale_ * scale_ * (within + std::max(0.0, squares - p.mean * p.mean));
    p.mean = centre_ + scale_ * p.mean;
    predictions.push_back(std::move(p));
  }
  return predictions;
}

}  // namespace boltzkit::ratings
