#include "ratings/gaussian_side.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "ratings/gaussian_buffers.hpp"
#include "ratings/gaussian_draws.hpp"
#include "ratings/gaussian_matrix.hpp"
#include "ratings/gaussian_weights.hpp"

namespace boltzkit::ratings {
namespace {

constexpr std::size_t rowsPerTile = 16;
// Entries between two looks at whether the job goes on.
constexpr std::size_t entriesBetweenPolls = 4u << 20;

// Calls body(row, thread) for all rows, in tiles of neighbours.
template <class Body>
void overRows(ThreadTeam& team, const EntryRows& entries, std::size_t rows, Body&& body) {
  const std::size_t tiles = (rows + rowsPerTile - 1) / rowsPerTile;
  for (std::size_t first = 0; first < tiles;) {
    const std::size_t from = entries.begin(first * rowsPerTile);
    std::size_t last = first;
    while (last < tiles && entries.begin(last * rowsPerTile) - from < entriesBetweenPolls) ++last;
    team.parallelFor(last - first, [&](std::size_t tile, unsigned thread) {
      const std::size_t begin = (first + tile) * rowsPerTile;
      for (std::size_t row = begin; row < std::min(rows, begin + rowsPerTile); ++row) body(row, thread);
    });
    Interruptible::poll();
    first = last;
  }
}

}  // namespace

struct GaussianSide::Scratch {
  Scratch(std::size_t k, std::size_t stride, std::size_t mostEntries)
      : block(gramBlock * stride),
        gram(stride * stride),
        sums(2 * stride),
        matrix(k * matrixStride(k)),
        x(matrixStride(k)),
        targets(mostEntries),
        normals(k),
        prior(k) {}
  Aligned<float> block;    // [gramBlock, stride]
  Aligned<double> gram;    // [stride, stride]
  Aligned<double> sums;    // [2, stride]
  Aligned<double> matrix;  // [k, matrixStride(k)]
  Aligned<double> x;       // [matrixStride(k)]
  std::vector<float> targets, normals;
  std::vector<double> prior;
  double count = 0, targetSum = 0, targetSquares = 0;
};

GaussianSide::GaussianSide(unsigned number, const EntryRows& entries, const GaussianOptions& options, std::vector<ClampedLayer> layers,
                           GaussianSideState& state, const GaussianKernels& kernels)
    : number_(number),
      entries_(entries),
      options_(options),
      layers_(std::move(layers)),
      state_(state),
      kernels_(kernels),
      rows_(entries.rows()),
      k_(componentsOf(options)),
      stride_(factorStride(options.hidden)),
      wide_((k_ + 3) / 4 * 4) {
  for (const ClampedLayer& layer : layers_) {
    std::vector<float> scale(layer.normalised ? rows_ : 0);
    for (std::size_t r = 0; r < scale.size(); ++r)
      scale[r] = layer.byRow->size(r) > 0 ? 1 / std::sqrt(static_cast<float>(layer.byRow->size(r))) : 0;
    std::vector<double> squares(layer.units(), 0.0);
    for (std::size_t j = 0; j < layer.units(); ++j) {
      const EntryRows::Row unit = layer.byUnit->row(j);
      for (std::size_t e = 0; e < unit.size(); ++e) {
        const double value = layer.normalised ? scale[unit.columns[e]] : unit.value(e);
        squares[j] += value * value;
      }
    }
    scales_.push_back(std::move(scale));
    squares_.push_back(std::move(squares));
  }
  if (state_.factors.empty() && state_.mean.empty()) start();
}

void GaussianSide::start() {
  state_.factors.assign(rows_ * stride_, 0.0f);
  state_.biases.assign(rows_, 0.0f);
  state_.mean.assign(k_, 0.0);
  state_.precision.assign(k_ * k_, 0.0);
  for (std::size_t i = 0; i < k_; ++i) state_.precision[i * k_ + i] = 10;
  const Stream stream = gaussianStream(options_.seed, Drawn::start, number_, 0);
  for (std::size_t r = 0; r < rows_; ++r) {
    const std::span<float> row(state_.factors.data() + r * stride_, options_.hidden);
    fillNormals(stream, static_cast<std::uint32_t>(r), 0, row);
    for (float& value : row) value *= 0.1f;
  }
  for (const ClampedLayer& layer : layers_) state_.layers.push_back({std::vector<float>(layer.units() * k_, 0.0f), state_.precision});
}

void GaussianSide::priorMean(std::size_t row, std::span<double> mean) const {
  std::copy(state_.mean.begin(), state_.mean.end(), mean.begin());
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const EntryRows::Row units = layers_[l].byRow->row(row);
    const float* weights = state_.layers[l].weights.data();
    for (std::size_t e = 0; e < units.size(); ++e) {
      const double value = layers_[l].normalised ? scales_[l][row] : units.value(e);
      for (std::size_t c = 0; c < k_; ++c) mean[c] += value * weights[units.columns[e] * k_ + c];
    }
  }
}

// residual = x - (what the layers add), which has the mean mu.
void GaussianSide::residuals(ThreadTeam& team) {
  residual_.resize(rows_ * wide_);
  overRows(team, entries_, rows_, [&](std::size_t row, unsigned) {
    float* residual = residual_.data() + row * wide_;
    std::vector<float> added(k_, 0.0f);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const EntryRows::Row units = layers_[l].byRow->row(row);
      for (std::size_t e = 0; e < units.size(); ++e) {
        const float value = layers_[l].normalised ? scales_[l][row] : units.value(e);
        const float* weights = state_.layers[l].weights.data() + units.columns[e] * k_;
        for (std::size_t c = 0; c < k_; ++c) added[c] += value * weights[c];
      }
    }
    for (std::size_t c = 0; c < k_; ++c) residual[c] = component(row, c) - added[c];
  });
}

void GaussianSide::drawPriors(std::uint64_t sweep, ThreadTeam& team) {
  residuals(team);
  drawHyper(sweep, team);
  for (std::size_t row = 0; row < rows_; ++row)
    for (std::size_t c = 0; c < k_; ++c) residual_[row * wide_ + c] -= static_cast<float>(state_.mean[c]);
  for (unsigned l = 0; l < layers_.size(); ++l) drawWeights(sweep, l, team);
  for (std::size_t row = 0; row < rows_; ++row)  // from x - m to m
    for (std::size_t c = 0; c < k_; ++c) residual_[row * wide_ + c] = component(row, c) - residual_[row * wide_ + c];
}

// Normal-Wishart; Salakhutdinov & Mnih 2008, equation 14. Tiles are added up in their order.
void GaussianSide::drawHyper(std::uint64_t sweep, ThreadTeam& team) {
  const std::size_t tileRows = std::max<std::size_t>(256, (rows_ + 511) / 512), tiles = (rows_ + tileRows - 1) / tileRows;
  const std::size_t length = k_ + k_ * k_;
  std::vector<double> parts(tiles * length, 0.0);
  team.parallelFor(tiles, [&](std::size_t tile, unsigned) {
    double* sum = parts.data() + tile * length;
    double* scatter = sum + k_;
    for (std::size_t row = tile * tileRows; row < std::min(rows_, (tile + 1) * tileRows); ++row) {
      const float* x = residual_.data() + row * wide_;
      for (std::size_t i = 0; i < k_; ++i) {
        sum[i] += x[i];
        for (std::size_t j = 0; j <= i; ++j) scatter[i * k_ + j] += static_cast<double>(x[i]) * x[j];
      }
    }
  });
  std::vector<double> total(length, 0.0);
  for (std::size_t tile = 0; tile < tiles; ++tile)
    for (std::size_t i = 0; i < length; ++i) total[i] += parts[tile * length + i];
  const double n = static_cast<double>(rows_), weight = options_.meanWeight;
  std::vector<double> inverseScale(k_ * k_), mean(k_);
  for (std::size_t i = 0; i < k_; ++i) {
    mean[i] = total[i] / (weight + n);
    for (std::size_t j = 0; j <= i; ++j)
      inverseScale[i * k_ + j] = inverseScale[j * k_ + i] =
          total[k_ + i * k_ + j] - total[i] * total[j] / (weight + n) + (i == j ? options_.priorScale : 0);
  }
  Draws draws(gaussianStream(options_.seed, Drawn::hyper, number_, sweep));
  state_.precision =
      wishart(draws, inverseScale, k_, n + static_cast<double>(k_) + std::min(options_.priorFreedom, options_.freedomShare * n));
  addNormal(draws, state_.precision, weight + n, mean);
  state_.mean = mean;
}

void GaussianSide::drawWeights(std::uint64_t sweep, unsigned l, ThreadTeam& team) {
  GaussianLayer& layer = state_.layers[l];
  const std::size_t units = layers_[l].units();
  {
    const WeightsProblem problem{layers_[l], scales_[l], squares_[l], rows_, k_, wide_, state_.precision, layer.precision};
    sampleWeights(problem, gaussianStream(options_.seed, Drawn::weights, number_, sweep, l), residual_, layer.weights, team);
  }
  std::vector<double> inverseScale(k_ * k_, 0.0);
  for (std::size_t j = 0; j < units; ++j)
    for (std::size_t a = 0; a < k_; ++a)
      for (std::size_t b = 0; b <= a; ++b)
        inverseScale[a * k_ + b] += static_cast<double>(layer.weights[j * k_ + a]) * layer.weights[j * k_ + b];
  for (std::size_t a = 0; a < k_; ++a) {
    inverseScale[a * k_ + a] += options_.weightsScale;
    for (std::size_t b = 0; b < a; ++b) inverseScale[b * k_ + a] = inverseScale[a * k_ + b];
  }
  Draws draws(gaussianStream(options_.seed, Drawn::weightsHyper, number_, sweep, l));
  layer.precision =
      wishart(draws, inverseScale, k_,
              static_cast<double>(units + k_) + std::min(options_.weightsFreedom, options_.freedomShare * static_cast<double>(units)));
}

// Targets of a row's entries: centred and scaled ratings less the other side's biases.
void GaussianSide::gather(std::size_t r, const GaussianSideState& other, Scratch& s) const {
  const EntryRows::Row row = entries_.row(r);
  const float centre = static_cast<float>(options_.centre), inverseScale = static_cast<float>(1 / options_.scale);
  for (std::size_t e = 0; e < row.size(); ++e) s.targets[e] = (row.value(e) - centre) * inverseScale - other.biases[row.columns[e]];
}

// The same of ordinal ratings: latent values, drawn given the vectors as they stand.
void GaussianSide::drawLatent(std::uint64_t sweep, std::size_t r, const GaussianSideState& other, const CutScale& cuts, Scratch& s) const {
  const EntryRows::Row row = entries_.row(r);
  const float* own = state_.factors.data() + r * stride_;
  const double root = std::sqrt(cuts.noise);
  Draws draws(gaussianStream(options_.seed, Drawn::latent, number_, sweep), static_cast<std::uint32_t>(r));
  for (std::size_t e = 0; e < row.size(); ++e) {
    const float* factors = other.factors.data() + row.columns[e] * stride_;
    float mean = state_.biases[r];
    for (std::size_t c = 0; c < options_.hidden; ++c) mean += own[c] * factors[c];
    const double from = mean + static_cast<double>(other.biases[row.columns[e]]);
    const std::size_t j = cuts.place(row.value(e));
    s.targets[e] =
        static_cast<float>(mean + truncatedNormal(draws.uniform(), (cuts.low(j) - from) * root, (cuts.high(j) - from) * root) / root);
  }
}

// The Gram matrix of what the row's entries are multiplied with, (factors of the other side, 1), and
// its product with the targets.
void GaussianSide::sumTargets(std::size_t r, const GaussianSideState& other, Scratch& s) const {
  const EntryRows::Row row = entries_.row(r);
  s.count = static_cast<double>(row.size());
  s.targetSum = s.targetSquares = 0;
  for (std::size_t e = 0; e < row.size(); ++e) {
    s.targetSum += s.targets[e];
    s.targetSquares += static_cast<double>(s.targets[e]) * s.targets[e];
  }
  kernels_.gram(other.factors.data(), stride_, stride_, row.columns.data(), s.targets.data(), row.size(), s.block.get(), s.gram.get(),
                s.sums.get());
}

// matrix = Lambda + alpha G, upper triangle; x = Lambda m + alpha g.
void GaussianSide::assemble(std::size_t, std::span<const double> prior, double noise, Scratch& s) const {
  const std::size_t d = options_.hidden, wide = matrixStride(k_);
  for (std::size_t i = 0; i < k_; ++i) {
    double* row = s.matrix.get() + i * wide;
    const double* precision = state_.precision.data() + i * k_;
    double sum = 0;
    for (std::size_t j = 0; j < k_; ++j) sum += precision[j] * prior[j];
    for (std::size_t j = i; j < d; ++j) row[j] = precision[j] + noise * s.gram[i * stride_ + j];
    row[d] = precision[d] + noise * (i < d ? s.sums[stride_ + i] : s.count);
    s.x[i] = sum + noise * (i < d ? s.sums[i] : s.targetSum);
  }
}

double GaussianSide::drawRow(std::uint64_t sweep, std::size_t r, const GaussianSideState& other, double noise, const CutScale* cuts,
                             Scratch& s) {
  const std::size_t d = options_.hidden;
  if (cuts)
    drawLatent(sweep, r, other, *cuts, s);
  else
    gather(r, other, s);
  sumTargets(r, other, s);
  for (std::size_t c = 0; c < k_; ++c) s.prior[c] = residual_[r * wide_ + c];
  assemble(r, s.prior, noise, s);
  if (!kernels_.cholesky(s.matrix.get(), k_))
    throw Error(ErrorCode::divergence, "a precision matrix of the sampler is not positive definite");
  kernels_.solveLower(s.matrix.get(), k_, s.x.get());
  fillNormals(gaussianStream(options_.seed, Drawn::factors, number_, sweep), static_cast<std::uint32_t>(r), 0, s.normals);
  for (std::size_t c = 0; c < k_; ++c) s.x[c] += s.normals[c];
  kernels_.solveUpper(s.matrix.get(), k_, s.x.get());
  float* factors = state_.factors.data() + r * stride_;
  for (std::size_t c = 0; c < d; ++c) s.x[c] = factors[c] = static_cast<float>(s.x[c]);
  const double bias = state_.biases[r] = static_cast<float>(s.x[d]);
  // The sum of the squared errors from the sums at hand.
  double error = s.targetSquares - 2 * bias * s.targetSum + bias * bias * s.count;
  for (std::size_t i = 0; i < d; ++i) {
    double sum = 0.5 * s.gram[i * stride_ + i] * s.x[i];
    for (std::size_t j = i + 1; j < d; ++j) sum += s.gram[i * stride_ + j] * s.x[j];
    error += 2 * s.x[i] * (sum - s.sums[i] + bias * s.sums[stride_ + i]);
  }
  return std::max(error, 0.0);
}

double GaussianSide::drawFactors(std::uint64_t sweep, const GaussianSideState& other, double noise, const CutScale* cuts,
                                 ThreadTeam& team) {
  std::size_t most = 0;
  for (std::size_t r = 0; r < rows_; ++r) most = std::max(most, entries_.size(r));
  std::vector<std::unique_ptr<Scratch>> scratch;
  for (unsigned t = 0; t < team.threads(); ++t) scratch.push_back(std::make_unique<Scratch>(k_, stride_, most));
  std::vector<double> errors((rows_ + rowsPerTile - 1) / rowsPerTile, 0.0);
  overRows(team, entries_, rows_, [&](std::size_t row, unsigned thread) {
    errors[row / rowsPerTile] += drawRow(sweep, row, other, noise, cuts, *scratch[thread]);
  });
  double total = 0;
  for (const double error : errors) total += error;
  return total;
}

RowPosterior GaussianSide::posterior(std::size_t row, const GaussianSideState& other, double noise) const {
  Scratch s(k_, stride_, entries_.size(row));
  gather(row, other, s);
  sumTargets(row, other, s);
  priorMean(row, s.prior);
  assemble(row, s.prior, noise, s);
  RowPosterior found{{}, std::vector<double>(k_ * k_)};
  for (std::size_t i = 0; i < k_; ++i)
    for (std::size_t j = i; j < k_; ++j) found.precision[i * k_ + j] = found.precision[j * k_ + i] = s.matrix[i * matrixStride(k_) + j];
  if (!kernels_.cholesky(s.matrix.get(), k_))
    throw Error(ErrorCode::divergence, "a precision matrix of the sampler is not positive definite");
  kernels_.solveLower(s.matrix.get(), k_, s.x.get());
  kernels_.solveUpper(s.matrix.get(), k_, s.x.get());
  found.mean.assign(s.x.get(), s.x.get() + k_);
  return found;
}

}  // namespace boltzkit::ratings
