#include "ratings/hidden_machine.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/interrupt.hpp"
#include "core/progress.hpp"
#include "core/random.hpp"

namespace boltzkit::ratings {
namespace {

// Columns that one thread takes at a time: a block of V or of the logits stays in its cache.
constexpr std::size_t columnBlock = 256, unitBlock = 16;
constexpr float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
// The strength of the couplings moves faster than single weights do.
constexpr float strengthRate = 10, biasRate = 0.2f;
constexpr float inputSpread = 1.0f;

std::vector<std::uint32_t> numbers(std::size_t n) {
  std::vector<std::uint32_t> all(n);
  std::iota(all.begin(), all.end(), 0u);
  return all;
}

float hiddenScale(std::size_t entries) { return 1 / std::sqrt(static_cast<float>(std::max<std::size_t>(entries, 1))); }

}  // namespace

void addHidden(const HiddenView& p, std::size_t items, const UserRows& rows, const MatrixKernels& kernels, ThreadTeam& team,
               std::span<float> scores) {
  const std::size_t units = p.inBias.size();
  const std::vector<std::uint32_t> all = numbers(units);
  team.parallelFor(rows.users(), [&](std::size_t u, unsigned) {
    const std::size_t first = rows.offsets[u], count = rows.offsets[u + 1] - first;
    const float scale = hiddenScale(count);
    std::vector<float> hidden(p.inBias.begin(), p.inBias.end()), values(count);
    for (std::size_t k = 0; k < count; ++k) values[k] = rows.values[first + k] * scale;
    kernels.addRows(p.in.data(), units, rows.items.data() + first, values.data(), count, hidden.data(), units);
    for (float& h : hidden) h = std::tanh(h);
    float* row = scores.data() + u * items;
    for (std::size_t j = 0; j < items; ++j) row[j] = p.strength * std::log(std::max(row[j], 0.0f) + p.floor) + p.outBias[j];
    kernels.addRows(p.out.data(), items, all.data(), hidden.data(), units, row, items);
  });
}

HiddenTrainer::HiddenTrainer(const RatedEntries& entries, std::vector<std::span<const float>> couplings, std::span<const std::uint8_t> fold,
                             const HiddenOptions& options, const MatrixKernels& kernels)
    : users_(entries.byUser()),
      couplings_(std::move(couplings)),
      fold_(fold.begin(), fold.end()),
      options_(options),
      kernels_(kernels),
      items_(entries.items()),
      units_(options.units),
      allItems_(numbers(items_)),
      allUnits_(numbers(units_)),
      allRows_(numbers(options.batch)) {
  for (std::uint32_t u = 0; u < users_.rows(); ++u)
    if (fold_[u] < couplings_.size() && users_.size(u) >= 2) order_.push_back(u);
  now_.floor = options.floor;
  now_.in.resize(items_ * units_);
  now_.inBias.assign(units_, 0);
  now_.out.assign(units_ * items_, 0);
  now_.outBias.assign(items_, 0);
  // W is uniform with the variance of Glorot and Bengio 2010; V is zero, so training starts at the
  // couplings alone.
  const float width = inputSpread * std::sqrt(6.0f / static_cast<float>(items_ + units_));
  const Stream stream{options.seed, Purpose::initialise, 0, 0};
  for (std::size_t e = 0; e < now_.in.size(); ++e) {
    const Words4 words = streamWords(stream, static_cast<std::uint32_t>(e / units_), static_cast<std::uint32_t>(e % units_ / 4));
    now_.in[e] = width * (2 * uniform<float>(words.w[e % units_ % 4]) - 1);
  }
  for (Moments* m : {&inMoments_, &outMoments_}) {
    m->first.assign(items_ * units_, 0);
    m->second.assign(items_ * units_, 0);
  }
  inBiasMoments_ = {std::vector<float>(units_), std::vector<float>(units_)};
  outBiasMoments_ = {std::vector<float>(items_), std::vector<float>(items_)};
  strengthMoments_ = {std::vector<float>(1), std::vector<float>(1)};
  cases_.resize(options.batch);
  logits_.resize(options.batch * items_);
  logScores_.resize(options.batch * items_);
  hidden_.resize(options.batch * units_);
  hiddenSlopes_.resize(options.batch * units_);
  outTurned_.assign(items_ * units_, 0);
  gradient_.resize(items_ * units_);
}

// Fisher and Yates.
void HiddenTrainer::order() {
  const Stream stream{options_.seed, Purpose::shuffle, 0, epochs_};
  for (std::size_t i = order_.size(); i-- > 1;) {
    const std::uint32_t word = streamWords(stream, static_cast<std::uint32_t>(i), 0).w[0];
    const std::size_t j = static_cast<std::size_t>((static_cast<std::uint64_t>(word) * (i + 1)) >> 32);
    std::swap(order_[i], order_[j]);
  }
}

// Parts a user's entries into input and targets, at least one each; hidden units see part of the input.
void HiddenTrainer::draw(Case& one) {
  const EntryRows::Row row = users_.row(one.user);
  const Stream stream{options_.seed, Purpose::positive, 0, epochs_};
  const float share = options_.leastKept + (options_.mostKept - options_.leastKept) * uniform<float>(streamWords(stream, one.user, 0).w[0]);
  one.input.clear();
  one.seen.clear();
  one.targets.clear();
  for (std::size_t k = 0; k < row.size(); ++k) {
    const Words4 words = streamWords(stream, one.user, static_cast<std::uint32_t>(k + 1));
    const bool last = k + 1 == row.size();
    const bool kept = last && one.input.empty() ? true : last && one.targets.empty() ? false : uniform<float>(words.w[0]) < share;
    if (!kept) {
      one.targets.push_back(row.columns[k]);
      continue;
    }
    one.input.push_back(row.columns[k]);
    if (uniform<float>(words.w[1]) >= options_.dropout) one.seen.push_back(row.columns[k]);
  }
  one.scale = hiddenScale(one.input.size()) / (1 - options_.dropout);
  one.weight = std::pow(static_cast<double>(one.targets.size()), static_cast<double>(options_.weight));
  one.ones.assign(one.input.size(), 1);
}

void HiddenTrainer::prepare(Case& one, std::size_t row, std::uint32_t user) {
  one.user = user;
  draw(one);
  float *logits = logits_.data() + row * items_, *logs = logScores_.data() + row * items_, *hidden = hidden_.data() + row * units_;
  std::fill_n(logs, items_, 0.0f);
  kernels_.addRows(couplings_[fold_[user]].data(), items_, one.input.data(), one.ones.data(), one.input.size(), logs, items_);
  for (std::size_t j = 0; j < items_; ++j) {
    logs[j] = std::log(std::max(logs[j], 0.0f) + options_.floor);
    logits[j] = now_.strength * logs[j] + now_.outBias[j];
  }
  std::copy(now_.inBias.begin(), now_.inBias.end(), hidden);
  const std::vector<float> values(one.seen.size(), one.scale);
  kernels_.addRows(now_.in.data(), units_, one.seen.data(), values.data(), one.seen.size(), hidden, units_);
  for (std::size_t f = 0; f < units_; ++f) hidden[f] = std::tanh(hidden[f]);
}

// Logits become their gradient: weight (p - y / |y|) / total, 0 for input.
void HiddenTrainer::softmax(Case& one, std::size_t row, double total) {
  float *logits = logits_.data() + row * items_, *logs = logScores_.data() + row * items_;
  for (const std::uint32_t item : one.input) logits[item] = -1e30f;
  float largest = -1e30f;
  for (std::size_t j = 0; j < items_; ++j) largest = std::max(largest, logits[j]);
  double targets = 0;
  for (const std::uint32_t item : one.targets) targets += static_cast<double>(logits[item]) - static_cast<double>(largest);
  double sum = 0;
  for (std::size_t j = 0; j < items_; ++j) {
    logits[j] = logits[j] < -1e29f ? 0 : std::exp(logits[j] - largest);
    sum += static_cast<double>(logits[j]);
  }
  const double count = static_cast<double>(one.targets.size());
  one.loss = std::log(sum) - targets / count;
  const float factor = static_cast<float>(one.weight / total / sum), share = static_cast<float>(one.weight / total / count);
  for (std::size_t j = 0; j < items_; ++j) logits[j] *= factor;
  for (const std::uint32_t item : one.targets) logits[item] -= share;
  double strength = 0;
  for (std::size_t j = 0; j < items_; ++j) strength += static_cast<double>(logits[j] * logs[j]);
  one.strength = strength;
}

void HiddenTrainer::hiddenGradients(std::size_t row) {
  float* slopes = hiddenSlopes_.data() + row * units_;
  const float* hidden = hidden_.data() + row * units_;
  std::fill_n(slopes, units_, 0.0f);
  kernels_.addRows(outTurned_.data(), units_, allItems_.data(), logits_.data() + row * items_, items_, slopes, units_);
  for (std::size_t f = 0; f < units_; ++f) slopes[f] *= 1 - hidden[f] * hidden[f];
}

// Kingma and Ba 2015, algorithm 1.
void HiddenTrainer::adam(float* values, const float* gradient, Moments& moments, std::size_t first, std::size_t count, float rate,
                         float l2) const {
  float *m = moments.first.data() + first, *v = moments.second.data() + first;
  const float step = options_.learningRate * rate / correction_;
  for (std::size_t k = 0; k < count; ++k) {
    const float g = gradient[k] + l2 * values[k];
    m[k] += (1 - beta1) * (g - m[k]);
    v[k] += (1 - beta2) * (g * g - v[k]);
    values[k] -= step * m[k] / (std::sqrt(v[k]) / rootCorrection_ + epsilon);
  }
}

// Steps a block of columns of V, and of b.
void HiddenTrainer::stepOutput(std::size_t firstColumn, std::size_t rows) {
  const std::size_t count = std::min(columnBlock, items_ - firstColumn);
  float gradient[columnBlock];
  std::vector<float> values(rows);
  for (std::size_t f = 0; f < units_; ++f) {
    for (std::size_t r = 0; r < rows; ++r) values[r] = hidden_[r * units_ + f];
    std::fill_n(gradient, count, 0.0f);
    kernels_.addRows(logits_.data() + firstColumn, items_, allRows_.data(), values.data(), rows, gradient, count);
    const std::size_t first = f * items_ + firstColumn;
    adam(now_.out.data() + first, gradient, outMoments_, first, count, 1, options_.l2);
    for (std::size_t j = 0; j < count; ++j) outTurned_[(firstColumn + j) * units_ + f] = now_.out[first + j];
  }
  if (!options_.biases) return;
  values.assign(rows, 1);
  std::fill_n(gradient, count, 0.0f);
  kernels_.addRows(logits_.data() + firstColumn, items_, allRows_.data(), values.data(), rows, gradient, count);
  adam(now_.outBias.data() + firstColumn, gradient, outBiasMoments_, firstColumn, count, biasRate, options_.l2);
}

// Steps a block of columns of W.
void HiddenTrainer::stepInput(std::size_t firstUnit, std::size_t rows) {
  const std::size_t count = std::min(unitBlock, units_ - firstUnit);
  for (std::size_t i = 0; i < items_; ++i) std::fill_n(gradient_.data() + i * units_ + firstUnit, count, 0.0f);
  for (std::size_t r = 0; r < rows; ++r) {
    const float* slopes = hiddenSlopes_.data() + r * units_ + firstUnit;
    for (const std::uint32_t item : cases_[r].seen) {
      float* to = gradient_.data() + item * units_ + firstUnit;
      for (std::size_t f = 0; f < count; ++f) to[f] += cases_[r].scale * slopes[f];
    }
  }
  for (std::size_t i = 0; i < items_; ++i) {
    const std::size_t first = i * units_ + firstUnit;
    adam(now_.in.data() + first, gradient_.data() + first, inMoments_, first, count, 1, options_.l2);
  }
}

void HiddenTrainer::stepRest(std::size_t rows) {
  std::vector<float> gradient(units_, 0.0f);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t f = 0; f < units_; ++f) gradient[f] += hiddenSlopes_[r * units_ + f];
  adam(now_.inBias.data(), gradient.data(), inBiasMoments_, 0, units_, 1, 0);
  double strength = 0;
  for (std::size_t r = 0; r < rows; ++r) strength += cases_[r].strength;
  const float single = static_cast<float>(strength);
  adam(&now_.strength, &single, strengthMoments_, 0, 1, strengthRate, 0);
}

double HiddenTrainer::epoch(ThreadTeam& team) {
  order();
  double loss = 0, weights = 0;
  for (std::size_t first = 0; first < order_.size(); first += options_.batch) {
    Interruptible::poll();
    const std::size_t rows = std::min(options_.batch, order_.size() - first);
    ++steps_;
    correction_ = static_cast<float>(1 - std::pow(static_cast<double>(beta1), static_cast<double>(steps_)));
    rootCorrection_ = static_cast<float>(std::sqrt(1 - std::pow(static_cast<double>(beta2), static_cast<double>(steps_))));
    team.parallelFor(rows, [&](std::size_t r, unsigned) { prepare(cases_[r], r, order_[first + r]); });
    team.parallelFor(blocksOf(items_, columnBlock), [&](std::size_t block, unsigned) {
      const std::size_t column = block * columnBlock, count = std::min(columnBlock, items_ - column);
      for (std::size_t r = 0; r < rows; ++r)
        kernels_.addRows(now_.out.data() + column, items_, allUnits_.data(), hidden_.data() + r * units_, units_,
                         logits_.data() + r * items_ + column, count);
    });
    double total = 0;
    for (std::size_t r = 0; r < rows; ++r) total += cases_[r].weight;
    team.parallelFor(rows, [&](std::size_t r, unsigned) {
      softmax(cases_[r], r, total);
      hiddenGradients(r);
    });
    team.parallelFor(blocksOf(items_, columnBlock), [&](std::size_t block, unsigned) { stepOutput(block * columnBlock, rows); });
    team.parallelFor(blocksOf(units_, unitBlock), [&](std::size_t block, unsigned) { stepInput(block * unitBlock, rows); });
    stepRest(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      loss += cases_[r].weight * cases_[r].loss;
      weights += cases_[r].weight;
    }
    Progress::report(static_cast<double>(first + rows), static_cast<double>(order_.size()));
  }
  ++epochs_;
  return weights > 0 ? loss / weights : 0;
}

}  // namespace boltzkit::ratings
